"""One event of tinyODIN at once: the neurons of a spike or of a time reference to all, but for the last one.

The clocks of the last neuron also end the event. The only irregularity among the others is a spike on the output bus.

Source: controller.v, as in controller.py.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar.controller import SYN
from draupnir.emulator.crossbar.events import Machine
from draupnir.emulator.crossbar.fire import firer
from draupnir.emulator.crossbar.layout import GROUP_BITS
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.parts.handshake import Delays, Receiver
from draupnir.emulator.tinyodin import scheduler
from draupnir.emulator.tinyodin.controller import POP_NEUR
from draupnir.emulator.tinyodin.events import sweep
from draupnir.emulator.tinyodin.layout import N
from draupnir.emulator.tinyodin.scheduler import SCHED
from draupnir.emulator.tinyodin.visit import is_undisturbed, visits_all

_fire = firer(scheduler, sweep)


@kernel
def is_free(r: np.record, receiver: Receiver, delays: Delays) -> bool:
    """Nothing is under way but what the controller does."""
    return receiver.ack == 0 and receiver.wait == delays.ack_delay and is_undisturbed(r)


@kernel
def can_take(r: np.record, receiver: Receiver, delays: Delays) -> bool:
    """Tell whether the event that begins with this clock can be taken at once."""
    begins = r.ctrl_cnt == 0 and r.neur_cnt == 0 and r.spi_max_neur > 0
    stale = r.state == POP_NEUR and r.main_empty  # the first spike overwrites what is shown
    return begins and not stale and visits_all(r) and is_free(r, receiver, delays)


@kernel
def clocks_at_most(r: np.record, stall: int) -> int:
    """The clocks, at most, of the event that begins with this clock."""
    return N * (2 + stall)


@kernel
def take(m: Machine, receiver: Receiver, delays: Delays) -> tuple[Receiver, int, int]:
    """The event that begins with this clock, where ``can_take``; see ``crossbar/steps.py``."""
    r, ws = m.r, m.ws
    neurons, synapses = m.memories
    n_neurons = r.spi_max_neur
    last = n_neurons - 1
    sweep.flush_neuron(ws.cells, neurons, last)
    r.neur_state = wide(neurons[last, 0])
    if r.state == POP_NEUR:
        pre = field(scheduler.outputs(r).data_out, SCHED.addr)
        r.synarray_rdata = wide(synapses[pre << SYN.pre.shift | last >> GROUP_BITS, 0])
        sweep.stimulate(ws.cells, pre, n_neurons)
        m.counts.synaptic_operations += n_neurons
    else:
        sweep.leak(ws.cells, n_neurons)
    n_spikes = sweep.list_spikes(ws.cells, n_neurons, ws.fired)
    r.cycle += _fire(r, ws, m.counts, n_spikes, 0, n_neurons, last, m.stall, False)
    r.neur_cnt = n_neurons
    r.ctrl_cnt = 2 * n_neurons
    return receiver, 0, 0
