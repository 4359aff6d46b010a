"""From changes of pins to rows of a trace: the rules by which a recording is read.

The changes of one moment belong together. At each moment, in this order:

1. CLK rises if it is 1 now and was not 1 before (so from X or Z too, but never at the recording's first moment). The
   edge ends a row: its inputs and its outputs are those *before* this moment.
2. The inputs take what they are after the moment. If that differs from before, a new row begins.

With ``inputs_first`` the two come in the other order, and a CLK that is 1 at the recording's first moment rises there:
so a simulator takes a testbench that sets CLK and inputs with delays and blocking assignments. The outputs are still
those before the moment: where inputs change in it, they end a row of their own, without an edge, and the row of the
edge knows none.

A pin that changes several times within a moment has only its last level: a pulse without duration is no pulse.
A pin is X until its first change. X and Z on an input are taken as 0, on an output they are masked out of ``known``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emulator.declare import Chip
from emulator.trace import Trace

_COLUMNS = ("inputs", "clk", "outputs", "known", "times")


@dataclass(frozen=True)
class Changes:
    """Changes in time order; all changes of one moment are in the same piece.

    times : (n,) int64, never decreasing
    signals : (n,) int64, which signal changed
    levels : (n,) int64, its new level, 0 in each bit that is X or Z
    known : (n,) int64, 1 in each bit that is neither X nor Z (further bits are ignored)
    """

    times: np.ndarray
    signals: np.ndarray
    levels: np.ndarray
    known: np.ndarray


class RowAssembler:
    """Takes changes piece by piece and gives rows; the last row waits until it is known whether an edge ends it.

    signal_of_pin : for each of the chip's pins, in their declared order, the number of the signal that it is
    inputs_first : inputs that change in the moment of an edge do so before it, not after
    """

    def __init__(self, chip: Chip, signal_of_pin: Sequence[int], inputs_first: bool = False) -> None:
        self.chip = chip
        self.n_edges = 0
        self.n_input_x = 0  # input pins that were X or Z at a rising edge
        self.n_output_x = 0  # output pins likewise
        self.n_together = 0  # rising edges in whose moment an input changed
        self._signal_of_pin = signal_of_pin
        self._inputs_first = inputs_first
        self._level = np.zeros(len(chip.pins), dtype=np.int64)
        self._known = np.zeros(len(chip.pins), dtype=np.int64)
        self._begun = False
        self._pending_time: int | None = None  # of the row that waits

    def feed(self, changes: Changes) -> Trace:
        """The rows that are complete after these changes."""
        if len(changes.times) == 0:
            return _empty(self.chip)
        is_new = np.diff(changes.times, prepend=changes.times[0] - 1) != 0
        moments = changes.times[is_new]
        level, known = self._held(changes, np.cumsum(is_new) - 1, len(moments))
        inputs = self._pack(level, "in")
        clk = level[self.chip.pins.index(self.chip.clock)]
        rising = (clk[1:] == 1) & (clk[:-1] == 0)
        rising[0] &= self._begun or self._inputs_first
        self._begun = True
        self._level, self._known = level[:, -1].copy(), known[:, -1].copy()
        self._count(rising, known, inputs)
        return self._rows(moments, rising, inputs, self._pack(level, "out"), self._pack(known, "out"))

    def finish(self) -> Trace:
        """The row that still waits, if any: inputs that changed after the last edge."""
        if self._pending_time is None:
            return _empty(self.chip)
        inputs = self._pack(self._level[:, None], "in")
        times = np.array([self._pending_time], dtype=np.int64)
        self._pending_time = None
        zero = np.zeros(1, dtype=np.int64)
        return Trace(self.chip, inputs, zero.astype(np.uint8), zero, zero, times)

    def _held(self, changes: Changes, moment: np.ndarray, n_moments: int) -> tuple[np.ndarray, np.ndarray]:
        """Level and known bits of each pin after each moment; column 0 is what it was before the first."""
        level = np.empty((len(self.chip.pins), n_moments + 1), dtype=np.int64)
        known = np.empty_like(level)
        levels = np.concatenate(([0], changes.levels))
        knowns = np.concatenate(([0], changes.known))
        for p, pin in enumerate(self.chip.pins):
            here = np.flatnonzero(changes.signals == self._signal_of_pin[p])
            latest = np.zeros(n_moments + 1, dtype=np.int64)  # 1 + index of the change that holds; 0: none yet
            latest[moment[here] + 1] = here + 1  # of several in one moment the last one stays
            latest = np.maximum.accumulate(latest)
            levels[0], knowns[0] = self._level[p], self._known[p]
            mask = (1 << pin.width) - 1
            level[p] = levels[latest] & mask
            known[p] = knowns[latest] & mask
        return level, known

    def _pack(self, held: np.ndarray, direction: str) -> np.ndarray:
        word = self.chip.input_word if direction == "in" else self.chip.output_word
        packed = np.zeros(held.shape[1], dtype=np.int64)
        for p, pin in enumerate(self.chip.pins):
            if pin.name in word:
                packed |= held[p] << word[pin.name].lsb
        return packed

    def _count(self, rising: np.ndarray, known: np.ndarray, inputs: np.ndarray) -> None:
        self.n_edges += int(np.count_nonzero(rising))
        self.n_together += int(np.count_nonzero(rising & (inputs[1:] != inputs[:-1])))
        for p, pin in enumerate(self.chip.pins):
            is_input = pin.name in self.chip.input_word
            at_edge = known[p, 1:] if is_input and self._inputs_first else known[p, :-1]
            n_x = int(np.count_nonzero(rising & (at_edge != (1 << pin.width) - 1)))
            if is_input:
                self.n_input_x += n_x
            elif pin.name in self.chip.output_word:
                self.n_output_x += n_x

    def _rows(
        self, moments: np.ndarray, rising: np.ndarray, inputs: np.ndarray, outputs: np.ndarray, known: np.ndarray
    ) -> Trace:
        """In order: 3 m the outputs are taken at moment m, 3 m + 1 is its edge, 3 m + 2 the change of its inputs.

        Only an edge that comes after a change has its outputs taken apart. -1 is the row that waited.
        """
        changed = inputs[1:] != inputs[:-1]
        apart = rising & changed & self._inputs_first
        waited = [] if self._pending_time is None else [-1]
        happened = np.concatenate(
            (
                np.array(waited, dtype=np.int64),
                3 * np.flatnonzero(apart),
                3 * np.flatnonzero(rising) + 1,
                3 * np.flatnonzero(changed & ~apart) + 2,
            )
        )
        happened.sort()
        moment, kind = np.divmod(happened, 3)
        ends = kind != 2  # a row
        times = np.concatenate(([self._pending_time or 0], moments))[moment + 1]
        waits = len(happened) > 0 and not ends[-1]
        self._pending_time = int(times[-1]) if waits else None
        # a change that ends no row is part of the row that follows; the last change waits
        is_row = ends | ~np.append(ends[1:], waits)
        moment, kind, times = moment[is_row], kind[is_row], times[is_row]
        apart = np.append(apart, False)[moment]
        taken = (kind == 0) | (kind == 1) & ~apart
        return Trace(
            self.chip,
            inputs[moment + ((kind == 2) | (kind == 1) & apart)],
            (kind == 1).astype(np.uint8),
            np.where(taken, outputs[moment], 0),
            np.where(taken, known[moment], 0),
            times,
        )


def join(traces: Sequence[Trace]) -> Trace:
    """Traces of one chip, one after the other (at least one)."""
    columns = (np.concatenate([getattr(trace, name) for trace in traces]) for name in _COLUMNS)
    return Trace(traces[0].chip, *columns)


def cut(trace: Trace, first: int, end: int) -> Trace:
    """The rows from ``first`` up to, and without, ``end``."""
    columns = (getattr(trace, name)[first:end] for name in _COLUMNS)
    return Trace(trace.chip, *columns)


def _empty(chip: Chip) -> Trace:
    none = np.zeros(0, dtype=np.int64)
    return Trace(chip, none, none.astype(np.uint8), none, none, none)
