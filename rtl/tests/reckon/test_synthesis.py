"""The memories become block RAM. Synthesis of a whole chip takes minutes, but that of a memory alone takes seconds."""

import json
from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon.layout import N_WEIGHTS, NEURONS, W_BITS, WOUT
from draupnir.rtl.emit import write_verilog
from draupnir.rtl.fpga import tools
from draupnir.rtl.lib.sram import LaneSram
from draupnir.rtl.reckon.hidden_neurons import LANES

MEMORIES = {
    "neurons": (NEURONS.depth, [width for _, width in LANES]),
    "weights": (WOUT.depth, [W_BITS] * N_WEIGHTS),
}
BLOCK_RAM = {"ecp5": "DP16KD", "ice40": "SB_RAM40_4K"}


@pytest.mark.parametrize("name", MEMORIES)
@pytest.mark.parametrize("family", [pytest.param("ecp5", marks=pytest.mark.smoke), "ice40"])
def test_a_memory_written_by_lanes_is_block_ram(family: str, name: str, tmp_path: Path) -> None:
    try:
        tools.find("yosys")
    except InputError as error:
        pytest.skip(str(error))
    depth, lanes = MEMORIES[name]
    write_verilog(LaneSram(depth, lanes), name, tmp_path)
    script = f"read_verilog {name}.v; synth_{family} -top {name} -run :map_ffs; tee -q -o cells.json stat -json"
    tools.must("yosys", ["-q", "-p", script], tmp_path)
    cells = json.loads((tmp_path / "cells.json").read_text())["modules"][rf"\{name}"]["num_cells_by_type"]
    assert cells[BLOCK_RAM[family]] >= sum(lanes) * depth / (1 << (14 if family == "ecp5" else 12))
    n_flip_flops = sum(n for cell, n in cells.items() if "dff" in cell.lower())
    # Some flip-flops are beside it, for a word that is read while it is written, but none for the words themselves.
    assert n_flip_flops < 3 * sum(lanes) < sum(lanes) * depth
