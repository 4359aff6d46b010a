"""The closed loop of a chip without a bus: nothing answers, so an event is the input pins for some clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.trace import differ


@dataclass(frozen=True)
class PinRun:
    """The outcome of a run.

    cycles : (n,) int64, each clock of the run in which an output pin or a probe differs, before an edge, from the edge
        before; counted from the model's first clock
    n_cycles : the clocks of the run
    done : True if all events had their clocks, False if ``max_cycles`` ended the run
    rows : (n_cycles * len(Chip.period),) int64, the packed input pins at each edge of a clock
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
    record_rows : nothing, since the rows are there anyway
    """
    period = model.chip.period
    first_cycle = int(model.registers[0].cycle) // len(period)
    levels, clocks = np.asarray(events, np.int64).reshape(-1, 2).T
    by_clock = np.repeat(levels, clocks)[:max_cycles]
    rows = np.repeat(by_clock, len(period))
    outputs = model.drive(rows, np.resize(np.array(period, np.uint8), len(rows)))
    changes = np.flatnonzero(differ(outputs[1:], outputs[:-1])) + 1
    cycles = np.unique(changes // len(period)) + first_cycle
    return PinRun(cycles, len(by_clock), len(by_clock) == int(clocks.sum()), rows)
