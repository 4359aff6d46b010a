"""A chip with two clocks, one of which is used on both edges, two resets of opposite polarity, and a pin of 100 bits.

Q is turned by one and takes D as CLK rises, and keeps words of D in a memory. RISES and FALLS add up parts of Q, D and
RISES as STROBE rises and falls, each reading what the others were before edges that come together. RST_N clears all
but the memory at once; SOFT sets Q to 1 as CLK rises.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.declare import Block, Chip, Memory, Pin, Reg, Word
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.trace import from_row, pack, to_row, unpack

STORE = Memory("store", 16, 8, (Word("word", 8, ()),))
CHIP = Chip(
    name="duo",
    title="duo: two clocks, two resets, a wide pin",
    pins=(
        Pin("CLK", "in", 1, "clock", ""),
        Pin("STROBE", "in", 1, "clock", "", edges="both"),
        Pin("RST_N", "in", 1, "reset", "", active="low", asynchronous=True),
        Pin("SOFT", "in", 1, "reset", ""),
        Pin("D", "in", 100, "control", ""),
        Pin("Q", "out", 100, "status", ""),
        Pin("RISES", "out", 8, "status", ""),
        Pin("FALLS", "out", 8, "status", ""),
    ),
    memories=(STORE,),
    registers=(),
    blocks=(Block("duo", (Reg("q_low", 50), Reg("q_high", 50), Reg("rises", 8), Reg("falls", 8)), "duo_chip.py"),),
    events=(),
    source="this file",
)
CLK_RISES, STROBE_RISES, STROBE_FALLS = 0b0001, 0b0100, 0b1000
IN, OUT = CHIP.input_word, CHIP.output_word

VERILOG = """\
module duo (
    input CLK, STROBE, RST_N, SOFT,
    input [99:0] D,
    output reg [99:0] Q,
    output reg [7:0] RISES, FALLS
);
    reg [7:0] store [0:15];
    always @(posedge CLK or negedge RST_N)
        if (!RST_N) Q <= 0;
        else if (SOFT) Q <= 1;
        else Q <= {Q[98:0], Q[99]} ^ D;
    always @(posedge CLK) if (RST_N & ~SOFT) store[D[3:0]] <= D[11:4];
    always @(posedge STROBE or negedge RST_N)
        if (!RST_N) RISES <= 0;
        else RISES <= RISES + Q[7:0];
    always @(negedge STROBE or negedge RST_N)
        if (!RST_N) FALLS <= 0;
        else FALLS <= FALLS ^ RISES ^ D[99:92];
endmodule
"""
SYSTEM_VERILOG = """\
module duo (
    input logic CLK, STROBE, RST_N, SOFT,
    input logic [99:0] D,
    output logic [99:0] Q,
    output logic [7:0] RISES, FALLS
);
    logic [7:0] store [16];
    always_ff @(posedge CLK or negedge RST_N) begin
        if (!RST_N) Q <= '0;
        else if (SOFT) Q <= 100'd1;
        else Q <= {Q[98:0], Q[99]} ^ D;
    end
    always_ff @(posedge CLK) if (RST_N && !SOFT) store[D[3:0]] <= D[11:4];
    always_ff @(posedge STROBE or negedge RST_N) if (!RST_N) RISES <= '0; else RISES <= RISES + Q[7:0];
    always_ff @(negedge STROBE or negedge RST_N) if (!RST_N) FALLS <= '0; else FALLS <= FALLS ^ RISES ^ D[99:92];
endmodule
"""
# Each has one fault, which only a certain edge, reset or bit shows.
MUTANTS = {
    "the fall of STROBE is its rise": ("negedge STROBE", "posedge STROBE"),
    "STROBE counts with CLK": ("posedge STROBE", "posedge CLK"),
    "the reset is synchronous": ("posedge CLK or negedge RST_N", "posedge CLK"),
    "the soft reset is active low": ("(SOFT)", "(!SOFT)"),
    "the highest bit is lost": ("{Q[98:0], Q[99]}", "{Q[98:0], 1'b0}"),
    "the fall sees what has risen": ("FALLS ^ RISES", "FALLS ^ (RISES + 8'd1)"),
}


class Model(ClockLevel):
    """The model of the chip, row by row, with Python's own integers."""

    chip = CHIP

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        r, store = self.registers[0], self.memories["store"]
        for i in range(len(inputs)):
            r.inputs[:] = inputs[i]
            pins = unpack(IN, from_row(IN, inputs[i]))
            if not pins["RST_N"]:
                self._set(0, 0, 0)
            if not clk[i]:
                continue
            out[i] = to_row(OUT, self.outputs)
            r.cycle += 1
            if not pins["RST_N"]:
                continue
            q, rises, falls = self._q, int(r.rises), int(r.falls)
            q_next = 1 if pins["SOFT"] else ((q << 1 | q >> 99) ^ pins["D"]) % (1 << 100)
            if clk[i] & CLK_RISES and not pins["SOFT"]:
                store[pins["D"] % 16] = pins["D"] >> 4 & 255
            self._set(
                q_next if clk[i] & CLK_RISES else q,
                (rises + q) % 256 if clk[i] & STROBE_RISES else rises,
                falls ^ rises ^ pins["D"] >> 92 if clk[i] & STROBE_FALLS else falls,
            )

    @property
    def _q(self) -> int:
        r = self.registers[0]
        return int(r.q_low) | int(r.q_high) << 50

    def _set(self, q: int, rises: int, falls: int) -> None:
        r = self.registers[0]
        r.q_low, r.q_high, r.rises, r.falls = q % (1 << 50), q >> 50, rises, falls

    @property
    def outputs(self) -> int:
        r = self.registers[0]
        return pack(OUT, {"Q": self._q, "RISES": int(r.rises), "FALLS": int(r.falls)})


def mutant(name: str) -> str:
    """Return the Verilog with a fault."""
    right, wrong = MUTANTS[name]
    assert right in VERILOG
    return VERILOG.replace(right, wrong)
