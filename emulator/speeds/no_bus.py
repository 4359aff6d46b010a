"""The closed loop of a chip without a bus: nothing answers, so an event is the input pins for some clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.trace import differ


@dataclass(frozen=True)
class PinRun:
    """The outcome of a run.

    cycles : (n,) int64, each clock of the run before whose edge an output pin or a probe differs from the clock before,
        counted from the model's first clock
    n_cycles : the clocks of the run
    done : True if all events had their clocks, False if ``max_cycles`` ended the run
    rows : (n_cycles,) int64, the packed input pins in each clock
    """

    cycles: np.ndarray
    n_cycles: int
    done: bool
    rows: np.ndarray


def run(
    model: Any, events: np.ndarray, environment: Any = None, max_cycles: int | None = None, record_rows: bool = False
) -> PinRun:
    """Run a chip with one clock, whose input pins are one integer.

    events : (n, 2) int64, the packed input pins, and the number of clocks for which they stay
    environment : nothing, since no partner has delays
    max_cycles : clocks, at most; None: no limit
    record_rows : nothing, since the rows are there anyway
    """
    first_cycle = int(model.registers[0].cycle)
    levels, clocks = np.asarray(events, np.int64).reshape(-1, 2).T
    n_clocks = int(clocks.sum())
    rows = np.repeat(levels, clocks)[:max_cycles]
    outputs = model.drive(rows, np.ones(len(rows), np.uint8))
    changes = np.flatnonzero(differ(outputs[1:], outputs[:-1])) + 1
    return PinRun(changes + first_cycle, len(rows), len(rows) == n_clocks, rows)
