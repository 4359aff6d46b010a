"""A spike event of ODIN in parts, with the bursts on: the turn moves on during it.

Then the event processed may become another one in its middle, since what a burst FIFO shows goes before the main FIFO:
the groups of 8 neurons in which that happens are run clock by clock.

Source: controller.v, scheduler.v, as in controller.py, scheduler.py.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

from draupnir.emulator.crossbar.events import Workspace
from draupnir.emulator.crossbar.fire import NeuronVisit
from draupnir.emulator.kernel.bits import field, placed
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin import scheduler
from draupnir.emulator.odin.clock import IN, OUT, outputs
from draupnir.emulator.odin.controller import POP_NEUR
from draupnir.emulator.odin.events.visits import EVENT_CLOCKS, fire, is_free, row, stimulate
from draupnir.emulator.odin.layout import N_PRIO, N_SYN, N
from draupnir.emulator.odin.planes import record, sweep
from draupnir.emulator.odin.scheduler import SCHED
from draupnir.emulator.parts.fifo import n_main
from draupnir.emulator.parts.handshake import Delays, Receiver, receive
from draupnir.emulator.speeds.loop import show

GROUP_CLOCKS = 2 * N_SYN  # of 8 neurons
NOBODY = -1
Memories = tuple[np.ndarray, ...]
ACK = placed(1, IN.AEROUT_ACK)


@kernel
def _fits(r: np.record, n_spikes: int, distance: int, stall: int) -> int:
    """Groups from this clock on during which the scheduler shows the same event, though so many neurons spike in them.

    distance : see ``scheduler.unchanged_for``
    """
    if n_spikes and r.main_empty and r.burst_empty[r.priority]:
        return 0  # an old word is shown, and the first spike overwrites it
    clocks = EVENT_CLOCKS - r.ctrl_cnt + n_spikes * stall
    return (scheduler.unchanged_for(r, clocks, distance) - n_spikes * stall) // GROUP_CLOCKS


@kernel
def _until_another(r: np.record, ws: Workspace, stop: int, stall: int) -> tuple[int, int]:
    """The last group of 8 neurons that is done before another event is shown, with the neurons that spike until then.

    stop : where that would be without spikes. Returns where it is, and how many neurons before it have ``fired``.
    """
    first, n_fired, distance = r.neur_cnt, 0, N_PRIO
    group, n_fired_before = NOBODY, 0
    for k in range(sweep.list_ones(ws.cells.spike, ws.fired)):
        n = ws.fired[k]
        if n < first:
            continue
        if n >= stop:
            break
        if n // N_SYN != group:
            group, n_fired_before = n // N_SYN, n_fired
        ws.fired[n_fired] = n
        n_fired += 1
        if record.number_of(ws.cells.spk_ref, n) != 0:
            distance = min(distance, record.number_of(ws.cells.isi_ref, n) + 1)
        stop = min(stop, first + N_SYN * _fits(r, n_fired, distance, stall))
        if stop < (group + 1) * N_SYN:
            return group * N_SYN, n_fired_before
    return stop, n_fired


def parts_of(workspace: ModuleType) -> Callable[..., tuple[Receiver, int]]:
    """Make ``spike_event_in_parts``; workspace : the chip's module with ``memory_clock`` and ``visited``."""

    @outlined
    def take_groups(r: np.record, ws: Workspace, memories: Memories, counts: np.record, stall: int) -> int:
        """Take as many of the event's next groups of 8 neurons at once as can be; returns how many, perhaps none."""
        neurons, synapses = memories[0], memories[1]
        first = r.neur_cnt
        n_groups = min((N - first) // N_SYN, _fits(r, 0, N_PRIO, stall))
        if n_groups == 0:
            return 0
        sched = scheduler.outputs(r)
        pre = field(sched.data_out, SCHED.addr)
        row(ws, synapses, pre)
        record.keep(ws.cells, pre)
        record.set_bit(ws.cells.burst_end, pre, int(sched.burst_end == 1))
        stimulate(r, ws, neurons, synapses, pre)
        record.set_bit(ws.cells.burst_end, pre, 0)
        stop, n_fired = _until_another(r, ws, first + n_groups * N_SYN, stall)
        if first > 0 or stop < N:
            record.put_back(ws.cells, pre, first, stop)
        if stop > first:
            counts.weight_steps += sweep.n_moved(ws.cells)
            counts.synaptic_operations += stop - first
            r.cycle += fire(r, ws, counts, n_fired, NeuronVisit(first, stop - first, N - 1, stall, True))
            workspace.visited(r, ws, neurons, n_fired, pre, first, stop)
            r.ctrl_cnt = 2 * stop
            r.neur_cnt = stop
        return (stop - first) // N_SYN

    @outlined
    def run_group(
        r: np.record, ws: Workspace, memories: Memories, counts: np.record, delays: Delays, receiver: Receiver
    ) -> tuple[Receiver, int]:
        """The next neurons of a spike event clock by clock, to its end or a group's beginning with an idle output."""
        req_before = 0
        while True:
            pins = outputs(r)
            req = field(pins, OUT.AEROUT_REQ)
            if req == 1 and req_before == 0:
                show(ws.bus_spikes, r.cycle, field(pins, OUT.AEROUT_ADDR))
            req_before = req
            receiver = receive(receiver, delays, req)
            r.inputs = r.inputs & ~ACK | placed(receiver.ack, IN.AEROUT_ACK)
            counts.stalls += r.aerout_ctrl_busy
            workspace.memory_clock(r, memories, ws, counts)
            counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
            ended = r.state != POP_NEUR
            if ended or (r.ctrl_cnt % GROUP_CLOCKS == 0 and is_free(r, receiver, delays)):
                return receiver, req_before

    @kernel
    def spike_event_in_parts(
        r: np.record,
        ws: Workspace,
        memories: Memories,
        counts: np.record,
        delays: Delays,
        stall: int,
        receiver: Receiver,
    ) -> tuple[Receiver, int]:
        """Run until the controller has left POP_NEUR, or is about to; returns the receiver, and the last seen REQ."""
        req_before = 0
        while r.state == POP_NEUR and r.ctrl_cnt < EVENT_CLOCKS:
            if take_groups(r, ws, memories, counts, stall) == 0:
                receiver, req_before = run_group(r, ws, memories, counts, delays, receiver)
        return receiver, req_before

    return spike_event_in_parts
