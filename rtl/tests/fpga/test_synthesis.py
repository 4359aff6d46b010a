"""ABC gets our limit in every synthesis, and its result is the same function."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.rtl import emit
from draupnir.rtl.fpga import boards, clocks, flow, synthesis, tools
from draupnir.rtl.fpga.flow import Request

ADDER = "module top(input [7:0] a, b, output [7:0] s); assign s = a + b ^ {8{a > b}}; endmodule\n"


def log_of(folder: Path, settings: str) -> str:
    """Synthesise the adder with these settings, and prove the result equal to the source. Return the log of Yosys."""
    (folder / "top.v").write_text(ADDER)
    synthesise = f"read_verilog top.v; {settings}; prep; techmap; abc -lut 4; rename top luts"
    prove = "miter -equiv -flatten -make_assert top luts both; sat -verify -prove-asserts both"
    tools.must("yosys", ["-l", "yosys.log", "-p", f"{synthesise}; read_verilog top.v; {prove}"], folder)
    return (folder / "yosys.log").read_text()


def test_a_synthesis_with_the_limit_keeps_the_function(tmp_path: Path) -> None:
    assert "&fraig,-x,-C,1000;" in synthesis.SETTINGS
    assert "no model found: SUCCESS!" in log_of(tmp_path, synthesis.SETTINGS)


def test_abc_runs_the_script_of_the_setting(tmp_path: Path) -> None:
    """With a command that ABC does not have, the synthesis fails; so it does not run a script of its own."""
    wrong = synthesis.SETTINGS.replace("&fraig,", "&no_such_command,")
    with pytest.raises(InputError):
        log_of(tmp_path, wrong)


def test_a_bitstream_s_script_sets_the_limit_before_synthesis(tmp_path: Path) -> None:
    board = boards.board("icebreaker")
    request = Request("tinyodin", board, 12e6, {"fifo_depth": 64})
    plan = clocks.plan(board.family, board.oscillator_hz, request.freq * request.clocks_a_cycle)
    flow._prepare(request, plan, tmp_path)
    lines = [line.strip() for line in (tmp_path / "top.ys").read_text().splitlines()]
    begin = lines.index(synthesis.SETTINGS)
    assert any(line.startswith("synth_ice40") for line in lines[begin:])


def test_a_bitstream_s_script_has_the_chip_s_own_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = replace(emit.our_chip("tinyodin"), synthesis_options={"ice40": "-nocarry"})
    monkeypatch.setattr(emit, "our_chip", lambda name: ours)
    board = boards.board("icebreaker")
    request = Request("tinyodin", board, 12e6, {"fifo_depth": 64})
    plan = clocks.plan(board.family, board.oscillator_hz, request.freq * request.clocks_a_cycle)
    flow._prepare(request, plan, tmp_path)
    assert re.search(r"^ *synth_ice40 +-nocarry +-top top", (tmp_path / "top.ys").read_text(), re.MULTILINE)


def test_reckon_is_mapped_by_abc_without_wide_multiplexers(tmp_path: Path) -> None:
    """Its cells fit in any case, but its wires only so."""
    commands = synthesis.commands(emit.our_chip("reckon"), "ecp5", "top")
    assert ";if,-a;mfs2; synth_ecp5 -nowidelut -run begin:map_luts -top top; abc -dress -lut 4; clean;" in commands
    (tmp_path / "top.v").write_text(ADDER)
    tools.must("yosys", ["-q", "-l", "yosys.log", "-p", f"read_verilog top.v; {commands}"], tmp_path)
    log = (tmp_path / "yosys.log").read_text()
    assert "Executing ABC pass" in log and "Executing ABC9 pass" not in log
    (module,) = (
        one for name, one in json.loads((tmp_path / "chip.json").read_text())["modules"].items() if name == "top"
    )
    assert {cell["type"] for cell in module["cells"].values()} == {"LUT4", "CCU2C"}


def test_a_bitstream_of_such_a_chip_is_routed_by_the_second_router(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = replace(emit.our_chip("tinyodin"), small_families=("ecp5",))
    monkeypatch.setattr(emit, "our_chip", lambda name: ours)
    board = boards.board("ulx3s-85f")
    request = Request("tinyodin", board, 25e6, {})
    plan = clocks.plan(board.family, board.oscillator_hz, request.freq * request.clocks_a_cycle)
    _, nextpnr = flow._prepare(request, plan, tmp_path)
    assert nextpnr[nextpnr.index("--router") + 1] == "router2"
    script = (tmp_path / "top.ys").read_text()
    assert script.index("-run begin:map_luts") < script.index("abc -dress -lut 4") < script.index("-run map_cells:")


def test_a_chip_without_options_is_mapped_as_yosys_does() -> None:
    commands = synthesis.commands(emit.our_chip("odin"), "ecp5", "ODIN")
    assert commands == f"{synthesis.SETTINGS}; synth_ecp5  -top ODIN; write_json chip.json"
