"""The scheduler: one FIFO of 128 events, for what comes in and for the network's own spikes.

Source: tinyODIN doc v1.0, 1.2; scheduler.v, fifo.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.parts import fifo
from draupnir.emulator.resets import resetter
from draupnir.emulator.tinyodin.controller import Sched, SchedPort
from draupnir.emulator.tinyodin.layout import CHIP, PTR_BITS, SCHED_EVENT

SCHED = positions(SCHED_EVENT)
FILL_FULL = (1 << PTR_BITS) - 1


@kernel
def outputs(r: np.record) -> Sched:
    """The next event, and how full the FIFO is."""
    return Sched(r.main_empty, int(r.main_fill_cnt == FILL_FULL), r.main_mem[r.main_read_ptr])


@kernel
def clock(r: np.record, sched: Sched, port: SchedPort, spike: int, neurmem_addr: int) -> None:
    """Rising edge. Pushes the controller's event, or the spike of the neuron being written; pops if asked to.

    sched : the scheduler's outputs in this clock; neurmem_addr : the neuron written. The two pushes never come
    together, since no neuron is written in state PUSH. A full FIFO drops what is pushed.
    """
    asked = port.event_in == 1 or (spike == 1 and r.spi_open_loop_sync == 0)
    push = asked and sched.full == 0
    pop = port.pop == 1 and sched.empty == 0
    if push or pop:
        from_ctrl = port.virts << SCHED.virts.shift | port.addr << SCHED.addr.shift
        fifo.clock_main(r, push, pop, from_ctrl if port.event_in else neurmem_addr << SCHED.addr.shift, PTR_BITS)
    r.spi_open_loop_sync = r.spi_open_loop_sync_int
    r.spi_open_loop_sync_int = r.spi_open_loop


reset = resetter(CHIP.block("scheduler"))  # synchroniser and FIFO; the FIFO's words stay
