"""Our RTL after synthesis does what it does before: pins at every clock, and the memories."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from emulator.odin.layout import CHIP
from emulator.trace import Trace
from golden import hexfile, wave
from golden.rows import cut
from rtl.fpga import netlist
from rtl.fpga.boards import Family
from rtl.fpga.netlist import Netlist
from tools import regress
from tools.cli import cli

GOLDEN = Path(__file__).parents[2] / "golden" / "odin"
LIF_ONLY: dict[str, Any] = {"izh": False, "bursts": False}
CASE = "lif_sdsp"
N_CYCLES = 1_500


@pytest.fixture(scope="module", params=["ecp5", "ice40"])
def synthesised(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Netlist:
    family: Family = request.param
    return netlist.synthesise("odin", family, tmp_path_factory.mktemp(family), **LIF_ONLY)


@pytest.fixture(scope="module")
def trace() -> Trace:
    """The beginning of a golden case: its registers are written, and its first events processed."""
    recorded = wave.read(GOLDEN / CASE / "wave.fst", CHIP)
    return cut(recorded, 0, int(np.flatnonzero(recorded.clk)[N_CYCLES]))


def _before() -> dict[str, np.ndarray]:
    images = {name: GOLDEN / CASE / f"{name}.before.hex" for name in ("neurons", "synapses")}
    return {name: hexfile.read(path, CHIP.memory(name)) for name, path in images.items()}


def _differences(synthesised: Netlist, trace: Trace) -> tuple[int, int]:
    """Clocks at which pins differ from the recording, and words that differ from the golden model's at the end."""
    device = regress.of_netlist(synthesised, regress.in_icarus(synthesised.design, synthesised.cells_chip))
    did, model = device.run(trace, _before()), regress.model(CHIP).run(trace, _before())
    pins = np.count_nonzero((did.outputs ^ trace.outputs) & trace.known & did.known)
    words = sum(np.count_nonzero((did.memories[m] != model.memories[m]).any(axis=1)) for m in model.memories)
    return int(pins), int(words)


@pytest.mark.slow
@pytest.mark.icarus
def test_a_netlist_does_what_the_chip_does_and_an_altered_lut_shows(synthesised: Netlist, trace: Trace) -> None:
    assert _differences(synthesised, trace) == (0, 0)
    assert _differences(_with_altered_lut(synthesised), trace) > (0, 0)


@pytest.mark.slow
def test_block_rams_show_the_word_before_it_is_overwritten(synthesised: Netlist) -> None:
    """An ECP5's do so by themselves; what the iCE40's would show is undefined, so Yosys goes round them."""
    text = synthesised.design.files[0].read_text()
    if synthesised.family == "ecp5":
        assert text.count('.WRITEMODE_A("READBEFOREWRITE")') == text.count("DP16KD #(") == 24
    else:
        assert text.count("SB_SPRAM256KA ") == 2 and text.count("SB_RAM40_4K #(") == 8


def _with_altered_lut(synthesised: Netlist) -> Netlist:
    """The netlist with the content of the LUT that drives AERIN_ACK inverted."""
    verilog, *models = synthesised.design.files
    cell, content, output = ("LUT4", "INIT", "Z") if synthesised.family == "ecp5" else ("SB_LUT4", "LUT_INIT", "O")
    pattern = rf"({cell} #\(\s*\.{content}\(16'h)(\w{{4}})(\)\s*\) \S+ \([^;]*?\.{output}\(AERIN_ACK\))"
    altered, n = re.subn(pattern, lambda m: f"{m[1]}{int(m[2], 16) ^ 0xFFFF:04x}{m[3]}", verilog.read_text())
    assert n == 1
    path = verilog.with_name("altered.v")
    path.write_text(altered)
    return replace(synthesised, design=replace(synthesised.design, files=(path, *models)))


def test_a_netlist_is_of_our_rtl_only(tmp_path: Path) -> None:
    refused = CliRunner().invoke(cli, ["regress", "odin", "--netlist", "ecp5", "--rtl", str(tmp_path)])
    assert (refused.exit_code, refused.stderr) == (
        2,
        "error: --netlist: of our RTL only, in verilator or icarus\n",
    )


def test_a_reduced_chip_is_compared_only_as_a_netlist() -> None:
    refused = CliRunner().invoke(cli, ["regress", "odin", "--set", "izh=no"])
    assert (refused.exit_code, refused.stderr) == (
        2,
        "error: --set izh=no: only with --netlist; a reduced chip does not do what was recorded\n",
    )
