"""The figures of a run of ODIN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.emulator.crossbar.events import CrossbarStatistics
from draupnir.emulator.odin.layout import State
from draupnir.emulator.speeds.runs import counters, read_counters


@dataclass(frozen=True)
class Statistics(CrossbarStatistics):
    """Counts of what a run did; weight_steps : weights changed by SDSP and bistability."""

    weight_steps: int


COUNTS = counters(Statistics, State)


def statistics(counts: np.record) -> Statistics:
    """The counters of a run, by name."""
    return read_counters(Statistics, State, counts)
