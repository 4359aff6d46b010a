"""A chip small enough for tests of the benches themselves: an adder, its model in plain Python, and its Verilog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from draupnir.cocotb_tests.lib.bench import ChipBench
from draupnir.emulator.declare import Block, Chip, Memory, Pin, Reg, Word
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.trace import pack, unpack
from draupnir.rtl.design import Design

RAM = Memory("ram", 4, 8, (Word("word", 8, ()),))
CHIP = Chip(
    name="toy",
    title="an adder that counts in a memory which sums it had",
    pins=(
        Pin("CLK", "in", 1, "clock", ""),
        Pin("RST", "in", 1, "reset", ""),
        Pin("ADD", "in", 1, "control", ""),
        Pin("SUM_NOW", "out", 4, "status", ""),
        Pin("ODD", "out", 1, "status", ""),
    ),
    memories=(RAM,),
    registers=(),
    blocks=(Block("toy", (Reg("acc", 4), Reg("odd", 1))),),
    events=(),
    source="this file",
)
# Its ports have the names that Amaranth would give them; the array is two levels down.
VERILOG = """\
module toy (input CLK, RST, ADD, output reg [3:0] sum__now, output reg ODD);
    bank bank_0 (CLK, ADD & ~RST, sum__now[1:0]);
    always @(posedge CLK)
        if (RST) begin
            sum__now <= 0;
            ODD <= 0;
        end else begin
            sum__now <= sum__now + ADD;
            ODD <= ODD ^ ADD;
        end
endmodule
module bank (input CLK, WE, input [1:0] A);
    reg [7:0] other [0:7];
    reg [7:0] mem [0:3];
    always @(posedge CLK) if (WE) mem[A] <= mem[A] + 8'd1;
endmodule
"""
# This is a user's own test file.
TEST = """\
import cocotb
from draupnir.cocotb_tests.tests.toy import Bench

@cocotb.test(timeout_time=1, timeout_unit="ms")
async def test_three(dut):
    async with Bench(dut) as bench:
        await bench.add(3)
        assert bench.word("ram", 1) == 1
"""


class Model(ClockLevel):
    """Each clock adds ADD to SUM_NOW, 0 after a reset; ODD is its lowest bit; word ``SUM_NOW % 4`` counts up."""

    chip = CHIP

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        r, ram = self.registers[0], self.memories["ram"]
        for i, row in enumerate(inputs):
            pins = unpack(CHIP.input_word, int(row))
            if clk[i]:
                out[i] = self.outputs
                r.cycle += 1
                if pins["ADD"] and not pins["RST"]:
                    ram[r.acc % 4] = (ram[r.acc % 4] + 1) % 256
                r.acc = 0 if pins["RST"] else (r.acc + pins["ADD"]) % 16
                r.odd = r.acc % 2

    @property
    def outputs(self) -> int:
        r = self.registers[0]
        return pack(CHIP.output_word, {"SUM_NOW": int(r.acc), "ODD": int(r.odd)})


class Bench(ChipBench):
    """The toy after a reset."""

    def __init__(self, dut: Any, **options: Any) -> None:
        super().__init__(dut, Model(), **options)
        self.hold(())

    async def add(self, n: int) -> None:
        """Set ADD for n clocks."""
        self.pins["ADD"].value = 1
        await self.clock.cycles(n)
        self.pins["ADD"].value = 0
        await self.clock.cycles(1)


def design(folder: Path, verilog: str = VERILOG) -> Design:
    """Write the toy's Verilog, or another one, into a folder, and return the design."""
    (folder / "toy.v").write_text(verilog)
    return Design("toy", (folder / "toy.v",), {"ram": "bank_0.mem"}, {"SUM_NOW": "sum__now"})
