"""A grid of cores with a memory each, in SystemVerilog with parameters: declaration, model, and Verilog beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from draupnir.emulator.declare import Block, Chip, Field, Memory, Parameter, Pin, Reg, Word, sized
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.trace import pack, unpack

FOLDER = Path(__file__).parent
BITS = 12
WORD = Word("word", BITS, (Field("low", 0, 8, "What was added last, in the main."), Field("high", 8, 4, "Carries.")))


@sized(
    Parameter("NX", 2, 1, 16, "cores in a row"),
    Parameter("NY", 2, 1, 4, "rows of cores"),
    Parameter("DEPTH", 8, 2, 256, "words of a core's memory"),
)
def declare(NX: int, NY: int, DEPTH: int) -> Chip:
    """Declare a grid of ``NX`` by ``NY`` cores, each with ``DEPTH`` words."""
    n = NX * NY
    return Chip(
        name="grid",
        title="Grid: cores that add up",
        pins=(
            Pin("CLK", "in", 1, "clock", ""),
            Pin("RST", "in", 1, "reset", ""),
            Pin("CORE", "in", (n - 1).bit_length(), "control", "Which core is meant."),
            Pin("ADDR", "in", (DEPTH - 1).bit_length(), "control", "Which of its words."),
            Pin("REQUEST", "in", 9, "control", "Bit 8 to write; bits 7..0 what is added."),
            Pin("WORD", "out", BITS, "status", "The word that was read at the last clock."),
            Pin("ODD", "out", n, "status", "Of each core, whether it was given an odd sum."),
        ),
        memories=(Memory("sums", DEPTH, BITS, (WORD,), copies=n),),
        registers=(),
        blocks=(Block("core", (Reg("word", BITS, None), Reg("odd", 1)), copies=n),),
        events=(),
        source="core.sv",
    )


class Model(ClockLevel):
    """The model of the grid, clock by clock."""

    chip = declare()

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        for i, row in enumerate(inputs.tolist()):
            self.registers[0].inputs = row
            if clk[i]:
                out[i] = self.outputs
                self._clock(**unpack(self.chip.input_word, row))

    def _clock(self, RST: int, CORE: int, ADDR: int, REQUEST: int) -> None:
        r, sums = self.registers[0], self.memories["sums"]
        r.word[:] = sums[:, ADDR, 0]
        if REQUEST >> 8 and len(sums) > CORE:
            sums[CORE, ADDR, 0] = (int(sums[CORE, ADDR, 0]) + (REQUEST & 255)) % (1 << BITS)
            r.odd[CORE] ^= REQUEST & 1
        if RST:
            r.odd[:] = 0
        r.cycle += 1

    @property
    def outputs(self) -> int:
        r = self.registers[0]
        core = unpack(self.chip.input_word, int(r.inputs))["CORE"]
        odd = sum(int(bit) << i for i, bit in enumerate(r.odd))
        return pack(self.chip.output_word, {"WORD": int(r.word[core]) if core < len(r.word) else 0, "ODD": odd})


def model_of(chip: Chip) -> type[Model]:
    """The class of the model of a grid of another size."""
    return type("Model", (Model,), {"chip": chip})


def rows(chip: Chip, n: int, seed: int) -> np.ndarray:
    """Return random packed inputs, (n,) int64, which begin with a reset."""
    rng = np.random.default_rng(seed)
    widths = {pin.name: pin.width for pin in chip.inputs}
    levels = {name: rng.integers(0, 1 << width, n) for name, width in widths.items()}
    levels["CORE"] %= len(chip.memory("sums").parts)
    levels["RST"] = (np.arange(n) == 0) | (rng.random(n) < 0.02)
    return np.array(
        [pack(chip.input_word, {name: int(levels[name][i]) for name in widths}) for i in range(n)], np.int64
    )
