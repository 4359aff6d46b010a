"""A chip with a few pins, its model, and random recordings of it, for the tests of this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import state
from draupnir.emulator.declare import Block, Chip, Field, Memory, Pin, Reg, Word
from draupnir.emulator.trace import Trace, pack, unpack
from draupnir.golden.wave_out import schedule

RAM = Memory(
    "ram",
    8,
    40,
    (
        Word("plain", 40, (Field("is_signed", 0, 1, ""), Field("sum", 4, 4, ""), Field("top", 36, 4, ""))),
        Word("signed", 40, (Field("is_signed", 0, 1, ""), Field("sum", 4, 4, "", signed=True))),
    ),
    view={0: "plain", 1: "signed"},
    view_field="is_signed",
)
CHIP = Chip(
    name="toy",
    title="An adder that remembers its last sums",
    pins=(
        Pin("CLK", "in", 1, "clock", ""),
        Pin("RST", "in", 1, "reset", ""),
        Pin("SUM", "out", 4, "status", ""),
        Pin("ADD", "in", 4, "control", ""),
        Pin("SCK", "in", 1, "control", ""),
        Pin("ODD", "out", 1, "status", ""),
    ),
    memories=(RAM,),
    registers=(),
    blocks=(Block("adder", (Reg("acc", 4), Reg("edges", 1), Reg("sck", 1))),),
    events=(),
    source="this file",
)


INPUTS, OUTPUTS = CHIP.input_word, CHIP.output_word


def pins(**levels: int) -> int:
    return pack(INPUTS, levels)


class Model:
    """Each clock adds ADD to SUM, which is 0 during RST; word ``sum % 8`` of ram becomes SUM; ODD counts SCK edges.

    fault_cycle : SUM is wrong by one in this cycle, in the model's own count of clocks
    """

    def __init__(self, seed: int | None = None, fault_cycle: int = -1) -> None:
        self.chip = CHIP
        self.registers = state.new_registers(CHIP, extra=(Reg("cycle", 32),), seed=seed)
        self.memories = {"ram": state.new_memory(RAM)}
        self.fault_cycle = fault_cycle
        self.stretch = True

    @property
    def outputs(self) -> int:
        r = self.registers[0]
        return pack(OUTPUTS, {"SUM": int(r.acc) ^ (r.cycle == self.fault_cycle), "ODD": int(r.edges)})

    def drive(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        return np.array([self._row(int(i), bool(c)) for i, c in zip(inputs, clk, strict=True)], np.int64)

    def _row(self, inputs: int, clk: bool) -> int:
        r = self.registers[0]
        level = unpack(INPUTS, inputs)
        r.edges ^= level["SCK"] & ~r.sck & 1
        r.sck = level["SCK"]
        if not clk:
            return 0
        outputs = self.outputs
        r.acc = 0 if level["RST"] else (r.acc + level["ADD"]) % 16
        self.memories["ram"][r.acc % 8, 0] = r.acc << 4
        r.cycle += 1
        return outputs

    def snapshot(self) -> Any:
        return state.take(self.registers, self.memories)

    def restore(self, snapshot: Any) -> None:
        state.put_back(snapshot, self.registers, self.memories)

    def context(self) -> list[str]:
        return [f"sum {self.registers[0].acc}"]

    def activity(self) -> str | None:
        return f"cycle {self.registers[0].cycle}: sum is 0" if self.registers[0].acc == 0 else None

    def warnings(self) -> list[str]:
        return []


def recording(n_cycles: int, seed: int) -> Trace:
    """Return the model's trace for random inputs; SCK changes up to four times between two clocks."""
    rng = np.random.default_rng(seed)
    inputs, clk = [], []
    sck = now = 0
    for _ in range(n_cycles):
        now = pins(RST=int(rng.random() < 0.02), ADD=int(rng.integers(16)) if rng.random() < 0.5 else 0, SCK=sck)
        for _ in range(int(rng.integers(5)) if rng.random() < 0.1 else 0):
            inputs.append(now)
            clk.append(0)
            sck ^= 1
            now ^= pins(SCK=1)
        inputs.append(now)
        clk.append(1)
    return played(np.array(inputs, np.int64), np.array(clk, np.uint8))


def played(inputs: np.ndarray, clk: np.ndarray) -> Trace:
    """Return the model's trace for these inputs, without rows that change nothing in a waveform."""
    marks = (np.diff(inputs, prepend=0) != 0) | (clk == 1)
    inputs, clk = inputs[marks], clk[marks]
    known_bits = np.where(clk == 1, (1 << OUTPUTS.width) - 1, 0)
    return Trace(CHIP, inputs, clk, Model().drive(inputs, clk), known_bits, schedule(clk))


VERILOG = """
module toy(input CLK, input RST, output reg [3:0] SUM, input [3:0] ADD, input SCK, output ODD);
  reg odd = 0;
  assign ODD = odd;
  always @(posedge SCK) odd <= ~odd;
  always @(posedge CLK) if (RST) SUM <= 0; else SUM <= SUM + ADD;
endmodule
"""


def vcd(path: Path, body: str, header: str | None = None) -> Path:
    """Write a VCD file of the toy's pins: C CLK, R RST, S SUM, A ADD, K SCK, O ODD."""
    path.write_text((HEADER if header is None else header) + body)
    return path


def as_a_testbench(path: Path) -> Path:
    """Write a VCD of the model whose inputs change at the time of the clock's edges, which see the new levels."""
    rng = np.random.default_rng(3)
    model, body = Model(), "#0\n0R\n0K\nb0 A\nb0 S\n0O\n0C\n"
    for cycle in range(40):
        add, sck = int(rng.integers(16)), int(rng.integers(2))
        model.drive(np.array([pins(ADD=add, SCK=sck)]), np.ones(1, np.uint8))
        sum_, odd = model.outputs & 15, model.outputs >> 4
        body += f"#{10 * cycle + 5}\n1C\nb{add:b} A\n{sck}K\nb{sum_:b} S\n{odd}O\n#{10 * cycle + 10}\n0C\n"
    return vcd(path, body)


HEADER = """$timescale 10 ns $end
$scope module tb $end
$scope module dut $end
$var wire 1 C CLK $end
$var wire 1 R RST $end
$var wire 4 S SUM [3:0] $end
$var wire 4 A ADD [3:0] $end
$var wire 1 K SCK $end
$var wire 1 O ODD $end
$upscope $end
$upscope $end
$enddefinitions $end
"""
