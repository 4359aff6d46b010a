"""One event of tinyODIN at once: the neurons of a spike or of a time reference to all.

The only irregularity in it is a spike on the output bus.

Source: controller.v, as in controller.py.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar.controller import SYN
from draupnir.emulator.crossbar.events import Machine
from draupnir.emulator.crossbar.fire import NeuronVisit, firer
from draupnir.emulator.crossbar.layout import GROUP_BITS
from draupnir.emulator.kernel.arith import wide, wrap
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.parts.handshake import Delays, Receiver
from draupnir.emulator.tinyodin import scheduler
from draupnir.emulator.tinyodin.controller import AER_POP, POP_NEUR, WAIT_REQDN
from draupnir.emulator.tinyodin.events import sweep
from draupnir.emulator.tinyodin.layout import M, N
from draupnir.emulator.tinyodin.scheduler import SCHED
from draupnir.emulator.tinyodin.visit import is_undisturbed, visits_all

_fire = firer(scheduler, sweep)


@kernel
def is_free(r: np.record, receiver: Receiver, delays: Delays) -> bool:
    """Nothing is under way but what the controller does."""
    return receiver.ack == 0 and receiver.wait == delays.ack_delay and is_undisturbed(r)


@kernel
def can_take(r: np.record) -> bool:
    """Tell whether the event that begins with this clock can be taken at once if the chip ``is_free``."""
    begins = r.ctrl_cnt == 0 and r.neur_cnt == 0
    stale = r.state == POP_NEUR and r.main_empty  # the first spike overwrites what is shown
    return begins and not stale and visits_all(r)


@kernel
def clocks_at_most(r: np.record, stall: int) -> int:
    """The clocks, at most, of the event that begins with this clock."""
    return N * (2 + stall)


@kernel
def take(m: Machine, receiver: Receiver, delays: Delays) -> tuple[Receiver, int, int]:
    """The event that begins with this clock, where ``can_take``; see ``crossbar/steps.py``."""
    r, ws = m.r, m.ws
    neurons, synapses = m.memories
    first_state = r.state
    last = r.spi_max_neur
    n_neurons = last + 1
    sweep.flush_neuron(ws.cells, neurons, last)
    r.neur_state = wide(neurons[last, 0])
    if first_state == POP_NEUR:
        pre = field(scheduler.outputs(r).data_out, SCHED.addr)
        r.synarray_rdata = wide(synapses[pre << SYN.pre.shift | last >> GROUP_BITS, 0])
        n_spikes = sweep.stimulate(ws.cells, pre, n_neurons)
        m.counts.synaptic_operations += n_neurons
    else:
        n_spikes = sweep.leak(ws.cells, n_neurons)
    if n_spikes > 0:
        sweep.list_spikes(ws.cells, ws.fired)
    r.cycle += _fire(r, ws, m.counts, n_spikes, NeuronVisit(0, n_neurons, last, m.stall, False))
    r.state = AER_POP if first_state == POP_NEUR else WAIT_REQDN
    r.neur_cnt = wrap(n_neurons, M)
    r.ctrl_cnt = 2 * n_neurons
    return receiver, 0, 0
