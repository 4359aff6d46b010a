"""What a run of tinyODIN did, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.tinyodin.layout import State

COUNTS = np.dtype(
    (
        np.record,
        [
            ("cycles", np.int64, (len(State),)),
            ("stalls", np.int64),
            ("synaptic_operations", np.int64),
            ("fifo_high_water", np.int64),
            ("n_sweeps", np.int64),
        ],
    )
)


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


def statistics(counts: np.record) -> Statistics:
    """The counters of a run, by name."""
    return Statistics(
        {s.name: int(counts.cycles[s]) for s in State},
        int(counts.stalls),
        int(counts.synaptic_operations),
        int(counts.fifo_high_water),
        int(counts.n_sweeps),
    )
