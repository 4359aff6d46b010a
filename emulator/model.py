"""The common part of all golden models: registers, memories, rows of pins in and out, snapshots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from draupnir.emulator import state
from draupnir.emulator.declare import Chip, Reg
from draupnir.emulator.speeds import pieces
from draupnir.emulator.trace import from_row, new_rows, pack, to_rows, unpack

RESET_CLOCKS = 4  # more than any chip's reset takes to pass its two flip-flops


class ClockLevel(ABC):
    """A chip, clock by clock.

    Before the first clock all registers and memories are 0.

    seed : give the registers that no reset touches random contents.
    stretch : False runs every clock by itself, so that the model is the plain clock, the reference of all speeds; True
    also runs stretches of clocks in which only one thing moves, and events, at once, with the same results.

    Attributes: ``stretch``, which may be set at any time; ``registers``, an array of one record; ``memories``, by name,
    (depth, limbs) uint32, limb 0 least significant. These two may be read and written between clocks: whatever is in
    them when rows are run, or a run begins, is what the chip holds.

    A chip's class says which chip it is, and which registers it has beside the chip's own: ``inputs``, the input pins
    as they are, a row of a trace, and ``cycle``, the rows with a clock edge so far, are in every model.
    """

    chip: Chip
    counters: tuple[Reg, ...] = ()
    gates: ClassVar[Mapping[str, Sequence[str]]] = {}  # configuration bits that stop the chip, and who holds them

    def __init__(self, seed: int | None = None, stretch: bool = True) -> None:
        self.stretch = stretch
        row = self.chip.input_word.row
        shape = () if len(row) == 1 else (len(row),)
        pins = Reg("inputs", max(1, *(part.width for part in row)), shape=shape, meaning="Input pins as they are.")
        cycle = Reg("cycle", 63, meaning="Moments with a clock edge so far.")
        self.registers = state.new_registers(self.chip, (pins, cycle, *self.counters), seed)
        self.memories = {memory.name: state.new_memory(memory) for memory in self.chip.memories}

    @abstractmethod
    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        """Run rows; fill ``out``, which is all 0, with the output pins before the edge of each row that has one."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """The output pins as they are now, packed."""

    def drive(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        """Run rows of packed input pins (see ``draupnir.emulator.trace``).

        inputs : (n,) or (n, n_words) int64; clk : (n,) uint8, clock edges. Returns the output pins before each row's
        edges, as rows; 0 where the row has none. Raises Stopped in the middle if the work is to stop
        (``draupnir.emulator.speeds.pieces``).
        """
        out = new_rows(self.chip.output_word, len(inputs))
        rows, edges = np.ascontiguousarray(inputs, dtype=np.int64), np.ascontiguousarray(clk, dtype=np.uint8)
        for i in range(0, len(rows), pieces.ROWS):
            if i:
                pieces.between()
            part = slice(i, i + pieces.ROWS)
            try:
                self._run(rows[part], edges[part], out[part])
            except SystemError as error:
                raise pieces.raised_by_signal(error) from None
        return out

    def step(self, inputs: int, edges: int = 1) -> int:
        """A row with these input pins, packed, and these clock edges; returns the outputs before the edges, packed."""
        rows = to_rows(self.chip.input_word, [inputs])
        return from_row(self.chip.output_word, self.drive(rows, np.array([edges], np.uint8))[0])

    @property
    def inputs(self) -> int:
        """The input pins as they are now, packed."""
        return from_row(self.chip.input_word, self.registers[0].inputs)

    def reset(self) -> None:
        """Hold the reset pins for four clocks, then wait for four. The other pins are at rest, the clocks in step.

        Registers that no reset touches, and memories, stay as far as the chip leaves them.
        """
        self._hold(self.chip.reset_levels(True), RESET_CLOCKS)
        self.rest(RESET_CLOCKS)

    def rest(self, clocks: int) -> None:
        """Run some clocks in which all pins are at rest: 0, and resets at their inactive level; the clocks in step."""
        self._hold(self.chip.reset_levels(False), clocks)

    def _hold(self, levels: Mapping[str, int], clocks: int) -> None:
        word, period = self.chip.input_word, self.chip.period
        rows = to_rows(word, [pack(word, levels)] * (clocks * len(period)))
        self.drive(rows, np.array(period * clocks, np.uint8))

    def registers_written(self) -> None:  # noqa: B027
        """Do what else the SPI's write would do; call it after configuration registers were written directly."""

    def snapshot(self) -> state.Snapshot:
        """All state as it is now; ``restore`` gives it back, and with it the same future."""
        return state.take(self.registers, self.memories)

    def restore(self, snapshot: state.Snapshot) -> None:
        """Be as when the snapshot was taken."""
        state.put_back(snapshot, self.registers, self.memories)

    def context(self) -> list[str]:
        """Return what the chip is doing, decoded, a line each; begins with ``holding_still``."""
        return [*self.holding_still(), f"cycle {self.registers[0].cycle}"]

    def holding_still(self) -> list[str]:
        """A line that names the reset pins and the ``gates`` that are on; none if none is."""
        r, pins = self.registers[0], unpack(self.chip.input_word, self.inputs)
        on = [pin.name for pin in self.chip.resets if pins[pin.name] == pin.active_level]
        on += [name for name, registers in self.gates.items() if any(r[register] for register in registers)]
        return [", ".join(f"{name} is on" for name in on)] if on else []

    def activity(self) -> str | None:
        """Return what the last call of ``drive``, of one clock, began to process, or None."""
        return None

    def warnings(self) -> list[str]:
        """Return what happened that the original's Verilog leaves undefined, counted and decoded."""
        return []
