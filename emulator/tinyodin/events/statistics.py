"""What a run of tinyODIN did, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.emulator.speeds.runs import counted, counters
from draupnir.emulator.tinyodin.layout import State


@dataclass(frozen=True)
class Statistics:
    """What a run did.

    cycles : clocks by the controller's state
    stalls : clocks for which the output bus was busy
    synaptic_operations : neuron updates by spike events
    fifo_high_water : most events that the scheduler held at once, 0..128
    n_sweeps : events whose neurons, but for the last, were taken at once
    """

    cycles: dict[str, int]
    stalls: int
    synaptic_operations: int
    fifo_high_water: int
    n_sweeps: int


COUNTS = counters(Statistics, State)


def statistics(counts: np.record) -> Statistics:
    """The counters of a run, by name."""
    return counted(Statistics, State, counts)
