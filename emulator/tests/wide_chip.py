"""A chip whose pins are many bits together: each clock it keeps its inputs, and shows those that it has kept.

Its output pins stand in the opposite order of the input pins that they show, so that each is taken from one place of a
row and put into another.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.declare import Block, Chip, Pin, Reg
from draupnir.emulator.kernel.bits import field, placed
from draupnir.emulator.kernel.jit import entry
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.trace import pack, unpack

Widths = tuple[int, ...]  # of the input pins beside RST


@cache
def wide(widths: Widths) -> Chip:
    """The chip's declaration."""
    names = [f"I{i}" for i in range(len(widths))]
    return Chip(
        name="wide",
        title="",
        pins=(
            Pin("CLK", "in", 1, "clock", ""),
            *(Pin(name, "in", width, "control", "") for name, width in zip(names, widths, strict=True)),
            Pin("RST", "in", 1, "reset", ""),
            *(Pin(f"O{i}", "out", width, "status", "") for i, width in reversed(list(enumerate(widths)))),
        ),
        memories=(),
        registers=(),
        blocks=(Block("kept", tuple(Reg(f"kept{i}", width) for i, width in enumerate(widths))),),
        events=(),
        source="",
    )


@cache
def model(widths: Widths) -> type[ClockLevel]:
    """The model of the chip with three input pins, by the page on adding a chip: no row without an edge is written."""
    declared = wide(widths)
    inputs, outputs_at = positions(declared.input_word), positions(declared.output_word)
    in0, in1, in2, reset = inputs.I0, inputs.I1, inputs.I2, inputs.RST
    out0, out1, out2 = outputs_at.O0, outputs_at.O1, outputs_at.O2

    @entry
    def show(r: np.record) -> int:
        return placed(r.kept0, out0) | placed(r.kept1, out1) | placed(r.kept2, out2)

    @entry
    def drive(r: np.record, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        for i in range(len(inputs)):
            pins: Any = inputs[i]
            if clk[i]:
                out[i] = show(r)
                lives = 1 - field(pins, reset)
                r.kept0 = lives * field(pins, in0)
                r.kept1 = lives * field(pins, in1)
                r.kept2 = lives * field(pins, in2)

    class Model(ClockLevel):
        chip = declared

        def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
            drive(self.registers[0], inputs, clk, out)

        @property
        def outputs(self) -> int:
            return int(show(self.registers[0]))

    return Model


def verilog(widths: Widths) -> str:
    """The same chip in Verilog."""
    ports = ["input CLK", *(f"input [{width - 1}:0] I{i}" for i, width in enumerate(widths)), "input RST"]
    ports += [f"output reg [{width - 1}:0] O{i}" for i, width in reversed(list(enumerate(widths)))]
    edge = " ".join(f"O{i} <= RST ? 0 : I{i};" for i in range(len(widths)))
    return f"module wide ({', '.join(ports)});\n    always @(posedge CLK) begin {edge} end\nendmodule\n"


def rows(widths: Widths, n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random rows that begin with a reset, and the outputs that they must give, worked out in Python's own integers."""
    word, out_word = wide(widths).input_word, wide(widths).output_word
    rng = np.random.default_rng(seed)
    inputs, clk, expected = [], [], []
    kept: dict[str, int] = {}
    for i in range(n):
        levels: dict[str, Any] = {f"I{k}": int.from_bytes(rng.bytes(8)) % (1 << w) for k, w in enumerate(widths)}
        levels["RST"] = int(i == 0 or rng.random() < 0.1)
        edge = int(i == 0 or rng.random() < 0.7)
        inputs.append(pack(word, levels))
        clk.append(edge)
        expected.append(pack(out_word, kept) if edge else 0)
        if edge:
            kept = {f"O{k}": 0 if levels["RST"] else levels[f"I{k}"] for k in range(len(widths))}
        assert unpack(word, inputs[-1]) == levels
    return np.array(inputs, np.int64), np.array(clk, np.uint8), np.array(expected, np.int64)


def check(widths: Widths) -> None:
    """Hold the model to ``rows``, several times: memory that is not cleared shows what was there before."""
    inputs, clk, expected = rows(widths, 300, sum(widths))
    for _ in range(20):
        full_of_ones = np.full(len(inputs), -1)
        del full_of_ones
        assert model(widths)().drive(inputs, clk).tolist() == expected.tolist()
