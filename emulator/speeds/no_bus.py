"""The closed loop of a chip without a bus: nothing answers, so an event is the input pins for some clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.changes import Changes
from draupnir.emulator.trace import to_rows


@dataclass(frozen=True)
class PinRun:
    """The outcome of a run.

    cycles : (n,) int64, each clock of the run in which an output pin differs, before an edge, from the edge before;
        counted from the model's first clock
    n_cycles : the clocks of the run
    done : True if all events had their clocks, False if ``max_cycles`` ended the run
    rows : (n_cycles * len(Chip.period),) int64, the packed input pins at each edge, if they were asked for
    """

    cycles: np.ndarray
    n_cycles: int
    done: bool
    rows: np.ndarray


def run(
    model: Any, events: np.ndarray, environment: Any = None, max_cycles: int | None = None, record_rows: bool = False
) -> PinRun:
    """Run a chip whose clocks run in step, and whose input pins are one integer.

    events : (n, 2) int64, the packed input pins, and the number of clocks for which they stay
    environment : nothing, since no partner has delays
    max_cycles : clocks, at most; None: no limit
    record_rows : True to return the input pins at each edge
    """
    chip, (levels, clocks) = model.chip, np.asarray(events, np.int64).reshape(-1, 2).T
    n_edges, ends = len(chip.period), np.cumsum(clocks)
    first_cycle, n_clocks = int(model.registers[0].cycle) // n_edges, int(clocks.sum())
    n = n_clocks if max_cycles is None else min(n_clocks, max_cycles)
    lasts = (clocks > 0) & (ends - clocks < n)
    inputs = Changes((ends - clocks)[lasts] * n_edges, to_rows(chip.input_word, levels[lasts].tolist()), n * n_edges)
    cycles = model.drive_changes(inputs).rows[1:] // n_edges
    rows = inputs.part(0, inputs.n_rows) if record_rows else inputs.levels[:0]
    return PinRun(cycles[np.diff(cycles, prepend=-1) > 0] + first_cycle, n, n == n_clocks, rows)
