"""What a run of ODIN did, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.emulator.odin.layout import State
from draupnir.emulator.speeds.runs import counted, counters


@dataclass(frozen=True)
class Statistics:
    """What a run did.

    cycles : clocks by the controller's state
    stalls : clocks for which the output bus was busy
    synaptic_operations : neuron updates by spike and single-synapse events
    weight_steps : weights changed by SDSP and bistability
    fifo_high_water : most events that the main FIFO held at once, 0..32
    n_sweeps : events taken at once
    """

    cycles: dict[str, int]
    stalls: int
    synaptic_operations: int
    weight_steps: int
    fifo_high_water: int
    n_sweeps: int


COUNTS = counters(Statistics, State)


def statistics(counts: np.record) -> Statistics:
    """The counters of a run, by name."""
    return counted(Statistics, State, counts)
