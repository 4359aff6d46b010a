"""A chip whose pins have many bits together: in each clock it stores its inputs, and shows those of the last clock.

Its output pins are in the opposite order of the input pins that they show, so that each goes from one place of a row to
another one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.declare import Block, Chip, Pin, Reg
from draupnir.emulator.kernel.bits import Place, field, placed, row_field, set_row_field
from draupnir.emulator.kernel.jit import entry
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.trace import from_row, new_rows, pack, to_rows, unpack, words

Widths = tuple[int, ...]  # the widths of the input pins without RST


@cache
def wide(widths: Widths) -> Chip:
    """Return the chip's declaration."""
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
        blocks=(Block("kept", (Reg("kept", 63, shape=(sum(-(-width // 32) for width in widths),)),)),),
        events=(),
        source="",
    )


@cache
def model(widths: Widths) -> type[ClockLevel]:
    """Return the model's class, made as on the page on adding a chip: rows without an edge are not written."""
    return _of_one_word(widths) if len(wide(widths).input_word.row) == 1 else _of_several_words(widths)


def _of_one_word(widths: Widths) -> type[ClockLevel]:
    """Return the model's class for three input pins, whose rows are (n,)."""
    declaration = wide(widths)
    inputs, outputs_at = positions(declaration.input_word), positions(declaration.output_word)
    in0, in1, in2, reset = inputs.I0, inputs.I1, inputs.I2, inputs.RST
    out0, out1, out2 = outputs_at.O0, outputs_at.O1, outputs_at.O2

    @entry
    def show(r: np.record) -> int:
        return placed(r.kept[0], out0) | placed(r.kept[1], out1) | placed(r.kept[2], out2)

    @entry
    def drive(r: np.record, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        for i in range(len(inputs)):
            pins: Any = inputs[i]
            if clk[i]:
                out[i] = show(r)
                lives = 1 - field(pins, reset)
                r.kept[0] = lives * field(pins, in0)
                r.kept[1] = lives * field(pins, in1)
                r.kept[2] = lives * field(pins, in2)

    class Model(ClockLevel):
        chip = declaration

        def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
            drive(self.registers[0], inputs, clk, out)

        @property
        def outputs(self) -> int:
            return int(show(self.registers[0]))

    return Model


def _of_several_words(widths: Widths) -> type[ClockLevel]:
    """Return the model's class for any input pins, whose rows are (n, n_words); it stores them limb by limb."""
    declaration = wide(widths)
    inputs = positions(declaration.input_word)
    reset = inputs.RST
    in_places = tuple(place for i in range(len(widths)) for place in _places(getattr(inputs, f"I{i}")))
    out_places = tuple(
        Place(piece.word, piece.shift, (1 << piece.width) - 1)
        for i in range(len(widths))
        for piece in declaration.output_word.pieces_of(f"O{i}")
    )

    @entry
    def show(r: np.record, row: np.ndarray) -> None:
        for k in range(len(out_places)):
            set_row_field(row, out_places[k], r.kept[k])

    @entry
    def drive(r: np.record, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        for i in range(len(inputs)):
            for word in range(inputs.shape[1]):
                r.inputs[word] = inputs[i, word]
            if clk[i]:
                show(r, out[i])
                for k in range(len(in_places)):
                    r.kept[k] = 0 if row_field(r.inputs, reset) else row_field(r.inputs, in_places[k])

    class Model(ClockLevel):
        chip = declaration

        def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
            drive(self.registers[0], inputs, clk, words(out))  # There are 63 bits of outputs and 64 of inputs.

        @property
        def outputs(self) -> int:
            row = new_rows(self.chip.output_word, 1)
            show(self.registers[0], words(row)[0])
            return from_row(self.chip.output_word, row[0])

    return Model


def _places(places: Place | tuple[Place, ...]) -> tuple[Place, ...]:
    return (places,) if isinstance(places, Place) else places


def verilog(widths: Widths) -> str:
    """Return the same chip in Verilog."""
    ports = ["input CLK", *(f"input [{width - 1}:0] I{i}" for i, width in enumerate(widths)), "input RST"]
    ports += [f"output reg [{width - 1}:0] O{i}" for i, width in reversed(list(enumerate(widths)))]
    edge = " ".join(f"O{i} <= RST ? 0 : I{i};" for i in range(len(widths)))
    return f"module wide ({', '.join(ports)});\n    always @(posedge CLK) begin {edge} end\nendmodule\n"


def rows(widths: Widths, n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return random rows that begin with a reset, and the expected outputs, computed with Python's own integers."""
    word, out_word = wide(widths).input_word, wide(widths).output_word
    rng = np.random.default_rng(seed)
    inputs, clk, expected = [], [], []
    levels_kept: dict[str, int] = {}
    for i in range(n):
        levels: dict[str, Any] = {f"I{k}": int.from_bytes(rng.bytes(32)) % (1 << w) for k, w in enumerate(widths)}
        levels["RST"] = int(i == 0 or rng.random() < 0.1)
        edge = int(i == 0 or rng.random() < 0.7)
        inputs.append(pack(word, levels))
        clk.append(edge)
        expected.append(pack(out_word, levels_kept) if edge else 0)
        if edge:
            levels_kept = {f"O{k}": 0 if levels["RST"] else levels[f"I{k}"] for k in range(len(widths))}
        assert unpack(word, inputs[-1]) == levels
    return to_rows(word, inputs), np.array(clk, np.uint8), to_rows(out_word, expected)


def check(widths: Widths) -> None:
    """Compare the model with ``rows`` several times: memory that is not cleared would show its old content."""
    inputs, clk, expected = rows(widths, 300, sum(widths))
    for _ in range(20):
        full_of_ones = np.full(len(inputs), -1)
        del full_of_ones
        assert model(widths)().drive(inputs, clk).tolist() == expected.tolist()
