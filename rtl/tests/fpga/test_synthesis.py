"""ABC gets our limit in every synthesis, and its result is the same function."""

from __future__ import annotations

from pathlib import Path

from draupnir.rtl.fpga import boards, clocks, flow, synthesis, tools
from draupnir.rtl.fpga.flow import Request

ADDER = "module top(input [7:0] a, b, output [7:0] s); assign s = a + b ^ {8{a > b}}; endmodule\n"


def test_abc_runs_with_the_limit_and_keeps_the_function(tmp_path: Path) -> None:
    (tmp_path / "top.v").write_text(ADDER)
    synthesise = f"read_verilog top.v; {synthesis.SETTINGS}; prep; techmap; abc -lut 4; rename top luts"
    prove = "miter -equiv -flatten -make_assert top luts both; sat -verify -prove-asserts both"
    script = f"{synthesise}; read_verilog top.v; {prove}"
    log = tools.must("yosys", ["-p", script], tmp_path)
    assert "&fraig -x -C 1000" in log
    assert "no model found: SUCCESS!" in log


def test_a_bitstream_s_script_sets_the_limit_before_synthesis(tmp_path: Path) -> None:
    board = boards.board("icebreaker")
    request = Request("tinyodin", board, 12e6, {"fifo_depth": 64})
    plan = clocks.plan(board.family, board.oscillator_hz, request.freq * request.clocks_a_cycle)
    flow._prepare(request, plan, tmp_path)
    lines = [line.strip() for line in (tmp_path / "top.ys").read_text().splitlines()]
    begin = lines.index(synthesis.SETTINGS)
    assert any(line.startswith("synth_ice40") for line in lines[begin:])
