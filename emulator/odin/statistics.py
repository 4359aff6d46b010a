"""What a run of ODIN did, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.kernel.jit import kernel
from emulator.odin.layout import State

COUNTS = np.dtype(
    (
        np.record,
        [
            ("cycles", np.int64, (len(State),)),
            ("stalls", np.int64),
            ("synaptic_operations", np.int64),
            ("weight_steps", np.int64),
            ("fifo_high_water", np.int64),
            ("n_sweeps", np.int64),
        ],
    )
)


@kernel
def n_main(r: np.record) -> int:
    """Events in the main FIFO, 0..32."""
    return 0 if r.main_empty else r.main_fill_cnt + 1


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


def statistics(counts: np.record) -> Statistics:
    """The counters of a run, by name."""
    return Statistics(
        {s.name: int(counts.cycles[s]) for s in State},
        int(counts.stalls),
        int(counts.synaptic_operations),
        int(counts.weight_steps),
        int(counts.fifo_high_water),
        int(counts.n_sweeps),
    )
