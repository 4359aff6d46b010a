"""Synthesis makes block RAM of the memories of a small grid, and each bit of each core has its place there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.ranc.sizes import grid
from draupnir.rtl import emit
from draupnir.rtl.fpga import content, tools
from draupnir.rtl.fpga.memories import BlockMemories, fingerprint

SIZES = grid(3, 1, (2, 0), 4, 4)


@pytest.mark.slow
def test_each_bit_of_each_core_has_its_place_in_block_ram(tmp_path: Path) -> None:
    platform = BlockMemories()
    emit.write_verilog(emit.make("ranc", **SIZES), "ranc", tmp_path, platform)
    # The steps up to the block RAMs; the cells of the logic do not matter here.
    script = (
        "read_verilog ranc.v; synth_ecp5 -top ranc -run begin:map_gates; select ranc; write_json -selected chip.json"
    )
    tools.must("yosys", ["-q", "-p", script], tmp_path)
    cells = content.read_netlist(json.loads((tmp_path / "chip.json").read_text())["modules"]["ranc"])
    assert len(platform.placed) == 4
    lanes = []
    for memory in (chips.declaration("ranc", SIZES).memory(name) for name in ("csram", "neuron_instructions")):
        for copy in range(2):
            assert (memory.depth, memory.width, copy) in platform.placed
            place = content.locate(cells, memory.depth, memory.width, copy)
            words = [sum(int(limb) << 32 * i for i, limb in enumerate(word)) for word in place.read(cells)]
            assert words == fingerprint(memory.depth, memory.width, copy)[: memory.depth]
            lanes += [(lane.cell, tuple(lane.positions.tolist())) for lane in place.lanes]
    assert len(set(lanes)) == len(lanes) == 2 * (chips.declaration("ranc", SIZES).memory("csram").width + 2)
    assert np.unique([cell for cell, _ in lanes]).size == len(cells)
