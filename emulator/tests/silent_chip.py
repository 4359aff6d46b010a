"""A chip that never spikes. Only its probes, a sum of 70 bits and its parity, show whether a model is right."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.declare import Block, Chip, Pin, Probe, Reg
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.trace import from_row, pack, to_row, unpack

WIDTH = 70
CHIP = Chip(
    name="silent",
    title="",
    pins=(
        Pin("CLK", "in", 1, "clock", ""),
        Pin("RST", "in", 1, "reset", ""),
        Pin("D", "in", WIDTH, "control", ""),
        Pin("SPIKE", "out", 1, "status", ""),
    ),
    memories=(),
    registers=(),
    blocks=(Block("core", (Reg("low", 35), Reg("high", 35))),),
    events=(),
    source="this file",
    probes=(
        Probe("SUM", WIDTH, "core_0.total", "Sum of D."),
        Probe("ODD", 1, "core_0.odd", "Parity of the sum."),
    ),
)
IN, OUT = CHIP.input_word, CHIP.output_word
VERILOG = """\
module silent (input CLK, RST, input [69:0] D, output SPIKE);
    core core_0 (.CLK(CLK), .RST(RST), .D(D));
    assign SPIKE = 1'b0;
endmodule
module core (input CLK, RST, input [69:0] D);
    reg [69:0] total;
    wire odd = ^total;
    always @(posedge CLK) if (RST) total <= 0; else total <= total + D;
endmodule
"""
OTHERWISE = VERILOG.replace("total", "other")  # the sum has another name, so it is no probe


class Model(ClockLevel):
    """Return the declaration of the chip."""

    chip = CHIP

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        r = self.registers[0]
        for i in range(len(inputs)):
            r.inputs[:] = inputs[i]
            if clk[i]:
                out[i] = to_row(OUT, self.outputs)
                r.cycle += 1
                pins = unpack(IN, self.inputs)
                total = 0 if pins["RST"] else (self._total + pins["D"]) % (1 << WIDTH)
                r.low, r.high = total % (1 << 35), total >> 35

    @property
    def _total(self) -> int:
        r = self.registers[0]
        return int(r.low) | int(r.high) << 35

    @property
    def outputs(self) -> int:
        return pack(OUT, {"SUM": self._total, "ODD": self._total.bit_count() % 2})


class Zeros(Model):
    """A model that is right at its only pin, and wrong inside."""

    @property
    def outputs(self) -> int:
        return 0


def level(row: np.ndarray) -> dict[str, int]:
    """Return name -> level for a row of outputs."""
    return unpack(OUT, from_row(OUT, row))
