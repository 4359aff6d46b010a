"""The waveform of a run: the clocks of its window run a second time, clock by clock, on a model of their own.

The run itself keeps its speed, and what it finds. For the window, a model that stands where the run stood goes through
its clocks again: at event level up to the window, then between sender and receiver at clock level, where the pins of
each clock are noted. These pins drive the model of the waveform.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import Trace, in_step, new_rows
from draupnir.golden.waves.recorder import WaveRecorder, recording
from draupnir.golden.waves.watch import ClockWindow, WaveView
from draupnir.tools.run import levels
from draupnir.tools.run.bus_piece import BusPiece

MOST_CLOCKS = 1 << 27  # whose pins are kept in memory


class RunTap:
    """A tap at a run, through which its clocks go into a waveform.

    first_cycle : the number that the model gives the first clock of the run
    """

    def __init__(self, recorder: WaveRecorder, chip: Chip, window: ClockWindow, first_cycle: int) -> None:
        self._recorder, self._chip, self._window, self._first = recorder, chip, window, first_cycle

    def snapshot(self, model: Any) -> Any:
        """Return the state before a part of the run; None if no later clock is in the window."""
        return None if self._recorder.is_complete else model.snapshot()

    def ran(self, snapshot: Any, piece: BusPiece, n_cycles: int) -> float:
        """Draw a part of a run that took ``n_cycles`` from a snapshot on. Return the seconds that this has taken."""
        begin = time.perf_counter()
        if snapshot is not None:
            self._ran(snapshot, piece, n_cycles)
        return time.perf_counter() - begin

    def _ran(self, snapshot: Any, piece: BusPiece, n_cycles: int) -> None:
        start = int(snapshot.record[0].cycle) - self._first
        first = max(start, self._window.first)
        end = start + n_cycles if self._window.end is None else min(start + n_cycles, self._window.end)
        if first >= end:
            self._recorder.go_to(snapshot, start + n_cycles)
            return
        model, name = self._model(snapshot), self._chip.name
        if first > start:
            early = piece.run(levels.bus_engine(name), model, first - start)
            piece = piece.rest(early.n_sent, early.buses)
        self._recorder.check_size(end)
        _check_length(end - first)
        self._recorder.go_to(model.snapshot(), first)
        self._recorder.feed(
            driven(self._chip, piece.run(levels.closed_loop(name), model, end - first, record_rows=True).rows)
        )

    def hosted(self, snapshot: Any, ops: np.ndarray, host: Any, n_cycles: int) -> None:
        """Draw a whole run that a host leads."""
        end = n_cycles if self._window.end is None else min(n_cycles, self._window.end)
        _check_length(end)
        model = self._model(snapshot)
        self._recorder.go_to(snapshot, 0)
        self._recorder.feed(
            driven(self._chip, levels.closed_loop(self._chip.name).run(model, ops, host, end, record_rows=True).rows)
        )

    def _model(self, snapshot: Any) -> Any:
        model = chips.model(self._chip.name, self._chip.sizes)()
        model.restore(snapshot)
        return model


def _check_length(n_clocks: int) -> None:
    if n_clocks > MOST_CLOCKS:
        raise InputError(f"--waves: {n_clocks:,} clocks at once; right is a --window that ends within {MOST_CLOCKS:,}")


def driven(chip: Chip, rows: np.ndarray) -> Trace:
    """Return clocks as a trace that knows no outputs; rows : the input pins of each, with all clocks in step"""
    none = new_rows(chip.output_word, len(rows))
    return Trace(chip, rows, in_step(chip, len(rows)), none, none, np.zeros(len(rows), np.int64))


@contextmanager
def tapped(model: Any, path: Path, view: WaveView) -> Iterator[RunTap]:
    """Open the waveform of a run of a model that is at rest, and yield the tap."""
    beside = chips.model(model.chip.name, model.chip.sizes)()
    beside.restore(model.snapshot())
    with recording(beside, path, view) as recorder:
        yield RunTap(recorder, model.chip, view.window, int(model.registers[0].cycle))
