"""The scheduler: one FIFO of 128 events, for what comes in and for the network's own spikes.

Source: tinyODIN doc v1.0, 1.2; scheduler.v, fifo.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import scheduler as family
from draupnir.emulator.crossbar.controller import SchedPort
from draupnir.emulator.crossbar.scheduler import MainFifo
from draupnir.emulator.crossbar.scheduler import run_on as run_on
from draupnir.emulator.crossbar.scheduler import unchanged_for as unchanged_for
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.resets import resetter
from draupnir.emulator.tinyodin.layout import CHIP, PTR_BITS, SCHED_EVENT

SCHED = positions(SCHED_EVENT)
FILL_FULL = (1 << PTR_BITS) - 1
outputs = family.fifo_outputs(PTR_BITS)
_fifo_clock = family.fifo_clock(SCHED_EVENT, PTR_BITS)


@kernel
def clock(r: np.record, sched: MainFifo, port: SchedPort, spike: int, neurmem_addr: int) -> None:
    """Rising edge. Pushes the controller's event, or the spike of the neuron being written; pops if asked to.

    sched : the scheduler's outputs in this clock; neurmem_addr : the neuron written
    """
    from_ctrl, from_neuron = family.pushes(r, port, spike == 1)
    _fifo_clock(r, sched, port, from_ctrl, from_neuron, neurmem_addr, port.pop == 1 and sched.empty == 0)
    family.synchronise_open_loop(r)


reset = resetter(CHIP.block("scheduler"))  # synchroniser and FIFO; the FIFO's words stay
