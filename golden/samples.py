"""Rows of a recording without a clock, whose samples were taken by the chip's own clock, as in a vendor's analyser.

Each sample is a clock: its inputs and outputs are those at its time, immediately before the edge. Samples lie on a grid
that begins at the recording's first time. If the file has no entry for a sample's time, nothing has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.trace import Trace
from draupnir.golden.rows import Assembler, PinParts, SignalChanges

PIECE = 1 << 16  # rows of a piece


@dataclass
class Grid:
    """The grid of the times of a recording, which are the times of its samples; ``add`` takes all times, in order.

    first, last : the first and the last time, -1 if there is none yet
    step : the greatest common divisor of all differences, 0 if there is only one time
    """

    first: int = -1
    last: int = -1
    step: int = 0

    def add(self, times: np.ndarray) -> None:
        if len(times):
            if self.first < 0:
                self.first = int(times[0])
            self.step = int(np.gcd.reduce(np.append(times - self.first, self.step)))
            self.last = int(times[-1])


class SampleAssembler(Assembler):
    """An assembler that makes one row of each sample.

    grid : the grid of the whole recording; its step is at least 1
    """

    def __init__(self, chip: Chip, parts_of_pin: PinParts, grid: Grid, from_power_up: bool = False) -> None:
        super().__init__(chip, parts_of_pin, from_power_up)
        self._first = self._next = grid.first
        self._last = grid.last
        self._step = grid.step

    def feed(self, changes: SignalChanges) -> Iterator[Trace]:
        """Yield the samples before the last moment of these changes; later samples wait for the next changes."""
        if len(changes.times):
            moments, level, known_bits = self._moments(changes)
            yield from self._samples(np.append(moments, moments[-1]), level, known_bits)

    def finish(self) -> Iterator[Trace]:
        """Yield the samples that still wait, up to the recording's last time."""
        yield from self._samples(np.array([self._last + 1]), self._level[:, None], self._known_bits[:, None])

    def _samples(self, ends: np.ndarray, level: np.ndarray, known_bits: np.ndarray) -> Iterator[Trace]:
        """Yield samples from the next one on; those before ``ends[i]`` have the levels of column i."""
        n_before = np.maximum(-(-(ends - self._first) // self._step), 0)
        first = (self._next - self._first) // self._step
        end = max(first, int(n_before[-1]))
        inputs, outputs, outputs_known = (
            self._pack(level, "in"),
            self._pack(level, "out"),
            self._pack(known_bits, "out"),
        )
        for begin in range(first, end, PIECE):
            samples = np.arange(begin, min(end, begin + PIECE))
            column = np.searchsorted(n_before, samples, side="right")
            clk = np.ones(len(samples), np.uint8)
            self._count(inputs[column], clk, known_bits[:, column])
            yield Trace(
                self.chip,
                inputs[column],
                clk,
                outputs[column],
                outputs_known[column],
                self._first + samples * self._step,
            )
        self._next = self._first + end * self._step
