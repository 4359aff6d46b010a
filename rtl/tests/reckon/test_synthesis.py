"""The memories become block RAM. Synthesis of a whole chip takes minutes, but that of a memory alone takes seconds."""

import json
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Fragment

from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon.layout import CHIP, N_WEIGHTS, NEURONS, W_BITS
from draupnir.rtl import emit
from draupnir.rtl.emit import write_verilog
from draupnir.rtl.fpga import content, tools
from draupnir.rtl.fpga.memories import BlockMemories, fingerprint, numbered
from draupnir.rtl.lib.sram import LaneSram
from draupnir.rtl.reckon.hidden_neurons import LANES

LANE_WIDTHS = {"neurons": [width for _, width in LANES], "weights": [W_BITS] * N_WEIGHTS}
DEPTH = NEURONS.depth


def synthesised(name: str, family: str, folder: Path, platform: BlockMemories | None) -> dict[str, Any]:
    """Return the cells of a memory, with a part of the logic beside it."""
    try:
        tools.find("yosys")
    except InputError as error:
        pytest.skip(str(error))
    write_verilog(LaneSram(DEPTH, LANE_WIDTHS[name]), name, folder, platform)
    steps = f"read_verilog {name}.v; synth_{family} -top {name} -run begin:map_gates"
    tools.must("yosys", ["-q", "-p", f"{steps}; select {name}; write_json -selected cells.json"], folder)
    module: dict[str, Any] = json.loads((folder / "cells.json").read_text())["modules"][name]
    return module


@pytest.mark.parametrize(("name", "n_blocks"), [pytest.param("neurons", 11, marks=pytest.mark.smoke), ("weights", 8)])
def test_a_memory_written_by_lanes_is_block_ram_and_each_bit_has_its_place(
    name: str, n_blocks: int, tmp_path: Path
) -> None:
    module = synthesised(name, "ecp5", tmp_path, BlockMemories())
    kinds = [cell["type"] for cell in module["cells"].values()]
    assert kinds.count("DP16KD") == n_blocks
    # There is no flip-flop for a word that is read while it is written.
    assert not [kind for kind in kinds if "ff" in kind.lower()]
    cells, width = content.read_netlist(module), sum(LANE_WIDTHS[name])
    words = content.locate(cells, DEPTH, width).read(cells)
    assert [int.from_bytes(word.tobytes(), "little") for word in words] == fingerprint(DEPTH, width)


def test_an_ice40_has_block_ram_for_them_too(tmp_path: Path) -> None:
    kinds = [cell["type"] for cell in synthesised("weights", "ice40", tmp_path, None)["cells"].values()]
    assert kinds.count("SB_RAM40_4K") == 8
    # Some flip-flops are beside it, for a word that is read while it is written, but none for the words themselves.
    assert len([kind for kind in kinds if "ff" in kind.lower()]) < 2 * N_WEIGHTS


@pytest.mark.parametrize("sizes", [{"n_neurons": 64}, {"n_neurons": 128, "n_inputs": 64}], ids=str)
def test_each_memory_of_a_chip_of_any_size_can_be_told_from_the_others(sizes: dict[str, int]) -> None:
    platform = BlockMemories()
    Fragment.get(emit.make("reckon", **sizes), platform)
    shapes = numbered((m.name, len(emit.kept_words("reckon", m.name, **sizes)), m.width) for m in CHIP.memories)
    assert platform.placed == set(shapes.values()) and len(platform.placed) == len(CHIP.memories)


def test_a_smaller_chip_keeps_the_words_of_its_neurons() -> None:
    addrs = emit.kept_words("reckon", "winp", n_neurons=128, n_inputs=64)
    assert addrs[:10].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 16, 17] and len(addrs) == 64 * 8
    assert emit.kept_words("reckon", "wrec", n_neurons=64)[-1] == 63 * 16 + 3
    assert [len(emit.kept_words("reckon", name, n_neurons=64)) for name in ("neurons", "wout")] == [32, 128]
