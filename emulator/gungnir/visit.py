"""A spike event of Gungnir visits neurons: as in ODIN, and its own neuron's trace rises."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.gungnir import neuron_core
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import scheduler
from draupnir.emulator.odin import visit as odin
from draupnir.emulator.odin.visit import can_visit, is_undisturbed, last_neuron

__all__ = ["can_visit", "is_undisturbed", "last_neuron"]


@kernel
def visit(r: np.record, neurons: np.ndarray, synapses: np.ndarray, first: int, last: int) -> int:
    """Visit neurons from ``first`` up to one that spikes, or to ``last``; returns which."""
    n = odin.visit(r, neurons, synapses, first, last)
    pre = field(scheduler.outputs(r).data_out, scheduler.SCHED.addr)
    if r.spi_eprop_en and first <= pre < n:
        neuron_core.hit(r, neurons, pre)
    return n
