"""Run a golden model row by row, and take its registers and some words of its memories after each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from draupnir.emulator.codec import from_limbs
from draupnir.emulator.model import ClockLevel, RowLoop
from draupnir.emulator.speeds import sampled
from draupnir.emulator.speeds.sampled import SampleColumns, SampledLimbs
from draupnir.emulator.trace import Trace, any_bit, differ, only, to_row
from draupnir.golden.compare.model import drive
from draupnir.golden.waves.signals import WatchedWord


class StateSampler:
    """A model whose state is taken after each row.

    words : the words that are taken; takes_state : False to take neither registers nor words, which is much faster

    columns : for each of these words, the columns of its limbs in the table of the state. The columns of the registers
        come first, in the order of the model's record
    """

    def __init__(self, model: Any, words: Sequence[WatchedWord], takes_state: bool) -> None:
        self.model, self.words, self.takes_state = model, words, takes_state
        self._n_registers = len(self._registers())
        self._indices: dict[str, list[int]] = {}
        by_limb: dict[tuple[str, int], int] = {}
        memories = {memory.name: memory for memory in model.chip.memories}
        for word in words:
            memory = memories[word.memory]
            first = (word.copy * memory.depth + word.addr) * memory.n_limbs
            by_limb |= {(word.memory, first + i): 0 for i in range(memory.n_limbs)}
        for number, (name, index) in enumerate(sorted(by_limb)):
            by_limb[name, index] = self._n_registers + number
            self._indices.setdefault(name, []).append(index)
        self.columns = [self._columns(word, by_limb) for word in words]
        self.width = self._n_registers + len(by_limb)

    def _columns(self, word: WatchedWord, by_limb: dict[tuple[str, int], int]) -> list[int]:
        memory = self.model.chip.memory(word.memory)
        first = (word.copy * memory.depth + word.addr) * memory.n_limbs
        return [by_limb[word.memory, first + i] for i in range(memory.n_limbs)]

    def contents(self) -> list[int]:
        """Return the present content of each of the words."""
        now = self.state()
        return [from_limbs(now[columns].astype(np.uint32)) for columns in self.columns]

    def state(self) -> np.ndarray:
        """Return the present state: (width,) int64."""
        row = np.zeros(self.width, np.int64)
        self._take(row, self._registers(), self._memories())
        return row

    def run(self, rows: Trace) -> tuple[np.ndarray, np.ndarray]:
        """Run rows, as ``compare.model.drive`` does. Return the outputs, and the state after each row.

        The state is (n, width) int64, or without columns if no state is taken.
        """
        if not self.takes_state:
            return drive(self.model, rows), np.zeros((len(rows), 0), np.int64)
        states = np.zeros((len(rows), self.width), np.int64)
        outputs = np.zeros_like(rows.outputs)
        is_read = np.flatnonzero((rows.clk == 0) & any_bit(rows.known_bits))
        begin = 0
        for i in is_read.tolist():
            self._sample(rows, slice(begin, i + 1), outputs, states)
            outputs[i] = to_row(self.model.chip.output_word, self.model.outputs)
            begin = i + 1
        self._sample(rows, slice(begin, len(rows)), outputs, states)
        return outputs, states

    def _sample(self, rows: Trace, part: slice, outputs: np.ndarray, states: np.ndarray) -> None:
        """Run some of the rows: in compiled code, or one call a row for a model that has no compiled loop."""
        inputs, clk = (np.ascontiguousarray(column[part]) for column in (rows.inputs, rows.clk))
        row_loop = self._row_loop()
        if row_loop is not None:
            columns = SampleColumns(outputs[part], states[part])
            sampled.run(self.model, row_loop, inputs, clk, columns, self._memories())
            return
        registers, memories = self._registers(), self._memories()
        for i in range(len(inputs)):
            outputs[part][i] = self.model.drive(inputs[i : i + 1], clk[i : i + 1])[0]
            self._take(states[part][i], registers, memories)

    def _row_loop(self) -> RowLoop | None:
        return self.model.row_loop() if isinstance(self.model, ClockLevel) else None

    def _registers(self) -> np.ndarray:
        """Return a view of the model's record as (n,) int64."""
        return np.asarray(self.model.registers).view(np.int64)

    def _memories(self) -> list[SampledLimbs]:
        """Return the limbs of each memory, and the places of those that are taken."""
        return [
            SampledLimbs(self.model.memories[name].reshape(-1), np.array(self._indices.get(name, ()), np.int64))
            for name in sorted(self.model.memories)
        ]

    def _take(self, row: np.ndarray, registers: np.ndarray, memories: list[SampledLimbs]) -> None:
        n = self._n_registers
        row[:n] = registers
        for limbs, places in memories:
            row[n : n + len(places)] = limbs[places]
            n += len(places)


def with_fast_pins_apart(rows: Trace, inputs_before: np.ndarray) -> Trace:
    """Return rows in which a pin that acts at its own edges moves in a row without a clock edge.

    So the state after that row shows its effect alone. Such pins are the clock of an SPI, and an asynchronous reset.

    inputs_before : the inputs before the first row
    """
    word = rows.chip.input_word
    fast = to_row(word, word.mask([pin.name for pin in rows.chip.inputs if rows.chip.acts_at_edges(pin)]))
    earlier = np.concatenate((inputs_before[None], rows.inputs[:-1])) if len(rows) else rows.inputs
    moves = differ(rows.inputs & fast, earlier & fast) & (rows.clk != 0)
    n_parts = moves.astype(np.int64) + 1
    index = np.repeat(np.arange(len(rows)), n_parts)
    is_extra = np.zeros(len(index), np.bool_)
    is_extra[(np.cumsum(n_parts) - n_parts)[moves]] = True
    return replace(
        rows,
        inputs=rows.inputs[index],
        clk=np.where(is_extra, 0, rows.clk[index]).astype(np.uint8),
        outputs=only(rows.outputs[index], ~is_extra),
        known_bits=only(rows.known_bits[index], ~is_extra),
        times=rows.times[index],
    )
