"""One event of ODIN at once, with all that its 512 clocks do: to neurons, synapses, scheduler and output bus.

A spike on the output bus stops the controller's counters for as long as the receiver takes; with constant delays that
is one number, ``stall``. With the bursts on, the turn moves on during an event, and the event processed may become
another one in its middle, since what a burst FIFO shows goes before the main FIFO: then a spike event is taken in
parts, and the groups of 8 neurons in which that happens are run clock by clock.

Source: controller.v, scheduler.v, aer_out.v, as in controller.py, scheduler.py, aer_out.py.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emulator.handshake import Delays, Receiver, receive
from emulator.kernel.bits import bit, field, placed
from emulator.kernel.fifo import n_main
from emulator.kernel.jit import kernel, outlined
from emulator.odin import controller, planes, scheduler, sweep, sweep_izh, sweep_lif
from emulator.odin.clock import IN, OUT, clock, outputs
from emulator.odin.controller import BIST, POP_NEUR, SYNAPSE, TREF, WAIT, WAIT_REQDN, SchedPort
from emulator.odin.layout import N_PRIO, N_SYN, M, N
from emulator.odin.scheduler import EVENT_OUT, SCHED
from emulator.odin.spi import SYN_SIGN_BITS
from emulator.odin.stretch import is_bus_idle, is_settled

EVENT_CLOCKS = 2 * N  # of an event that visits all neurons
GROUP_CLOCKS = 2 * N_SYN  # of 8 neurons
ROW_CLOCKS = 2 * N // N_SYN  # of a row of synapses in a bistability event
LAST_GROUP = N // N_SYN - 1
NOBODY = -1
ACK = placed(1, IN.AEROUT_ACK)
SHOWN = np.dtype((np.record, [("n", np.int64), ("cycles", np.int64, (N,)), ("addrs", np.int64, (N,))]))


class Workspace(NamedTuple):
    """What the engine needs beside the model's state: ``new_workspace``.

    word : (4,) int64, a neuron's memory word; fired : (256,) int64, neurons that spike in an event, in order
    shown : spikes seen on the output bus during an event, with their cycles
    """

    planes: np.record
    word: np.ndarray
    fired: np.ndarray
    shown: np.record


def new_workspace() -> Workspace:
    shown = np.zeros(1, dtype=SHOWN).view(np.recarray)
    return Workspace(planes.new_planes()[0], np.zeros(planes.N_LIMBS, np.int64), np.zeros(N, np.int64), shown[0])


class Taken(NamedTuple):
    """What is to be known after an event: the clocks it took, the receiver, and AEROUT_REQ as it was seen last."""

    clocks: int
    receiver: Receiver
    req: int


# --- When -------------------------------------------------------------------------------------------------------


@kernel
def can_take(r: np.record, receiver: Receiver, delays: Delays) -> bool:
    """Whether the event that begins with this clock can be taken at once."""
    state = r.state
    if r.ctrl_cnt != 0 or r.neur_cnt != 0 or (state != POP_NEUR and state != BIST and state != TREF):
        return False
    single = controller.is_single(field(r.inputs, IN.AERIN_ADDR))
    return not (state == TREF and single) and is_free(r, receiver, delays)


@kernel
def is_free(r: np.record, receiver: Receiver, delays: Delays) -> bool:
    """Nothing is under way but what the controller does and the turn's moving on."""
    if receiver.ack == 1 or receiver.wait != delays.ack_delay or not is_bus_idle(r) or not is_settled(r):
        return False
    return not scheduler.rst_priority(r) or r.burst_clean == 1


@kernel
def clocks_at_most(r: np.record, stall: int) -> int:
    """Of the event that begins with this clock."""
    return ROW_CLOCKS * N if r.state == BIST else EVENT_CLOCKS + N * stall


# --- What a neuron's spike does ---------------------------------------------------------------------------------


@kernel
def _show(ws: Workspace, cycle: int, addr: int) -> None:
    ws.shown.cycles[ws.shown.n] = cycle
    ws.shown.addrs[ws.shown.n] = addr
    ws.shown.n += 1


@kernel
def _event_out(p: np.record, n: int) -> int:
    """NEUR_EVENT of a neuron that spikes."""
    spk_ref, isi_ref = planes.number_of(p.spk_ref, n), planes.number_of(p.isi_ref, n)
    return placed(1, EVENT_OUT.spike) | placed(spk_ref, EVENT_OUT.spk_ref) | placed(isi_ref, EVENT_OUT.isi_ref)


@kernel
def _scheduler_clock(r: np.record, event_out: int, n: int, pops: bool) -> None:
    """The scheduler's edge as a neuron is written."""
    scheduler.clock(r, scheduler.outputs(r), SchedPort(0, 0, 0, int(pops)), event_out, n)


@outlined
def _fire(r: np.record, ws: Workspace, counts: np.record, n_spikes: int, first: int, n: int, stall: int) -> int:
    """Scheduler and output bus during the visit of ``n`` neurons from ``first`` on; returns the visit's clocks.

    ws.fired : those of them that spike. In a spike event, the last neuron's visit also pops the event.
    """
    stalls, gone = 0, 0
    for k in range(n_spikes):
        neur = ws.fired[k]
        at = 2 * (neur - first) + 1 + stalls
        scheduler.run_on(r, at - gone)
        _scheduler_clock(r, _event_out(ws.planes, neur), neur, r.state == POP_NEUR and neur == N - 1)
        gone = at + 1
        counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
        r.aerout_addr = neur
        if neur == N - 1:
            r.aerout_req = 1
            r.aerout_ctrl_busy = 1
        else:
            _show(ws, r.cycle + gone, neur)
            stalls += stall
    counts.stalls += stalls
    clocks = 2 * n + stalls
    if first + n == N and r.state == POP_NEUR and gone < clocks:
        scheduler.run_on(r, clocks - 1 - gone)
        _scheduler_clock(r, 0, N - 1, True)
    else:
        scheduler.run_on(r, clocks - gone)
    return clocks


# --- Whole events -----------------------------------------------------------------------------------------------


@kernel
def _keep_last_neuron(r: np.record, ws: Workspace, neurons: np.ndarray) -> None:
    """The neuron memory's output register will show the last neuron as it was read."""
    planes.flush_neuron(ws.planes, neurons, N - 1)
    planes.word_of(neurons, N - 1, r.neur_state)


@kernel
def _row(r: np.record, ws: Workspace, synapses: np.ndarray, pre: int) -> None:
    """Have the row in its planes; the synapse memory's output register will show its last word as it was read."""
    if ws.planes.row_here[pre] == 0:
        planes.load_row(ws.planes, synapses, pre)
    addr = pre << (M - planes.GROUP_BITS) | LAST_GROUP
    planes.flush_synapses(ws.planes, synapses, addr)
    r.synarray_rdata = planes.wide(synapses[addr, 0])


@kernel
def _stimulate(r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray, pre: int) -> None:
    """A spike event's row of synapses, and all neurons."""
    p = ws.planes
    syn_sign = bit(r.spi_syn_sign[pre // SYN_SIGN_BITS], pre % SYN_SIGN_BITS)
    _keep_last_neuron(r, ws, neurons)
    sweep.plastic_row(p, pre, r.spi_propagate_unmapped_syn, r.spi_update_unmapped_syn)
    if p.any_lif:
        sweep_lif.stimulate_lif(p, syn_sign)
    if p.any_izh:
        sweep_izh.update_izh(p, syn_sign, 0)


@kernel
def _whole_spike_event(
    r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray, counts: np.record, stall: int
) -> int:
    pre = field(scheduler.outputs(r).data_out, SCHED.addr)
    _row(r, ws, synapses, pre)
    _stimulate(r, ws, neurons, synapses, pre)
    counts.weight_steps += sweep.n_moved(ws.planes)
    counts.synaptic_operations += N
    return _fire(r, ws, counts, sweep.found(ws.planes.spike, ws.fired), 0, N, stall)


@kernel
def _tref_event(r: np.record, ws: Workspace, neurons: np.ndarray, counts: np.record, stall: int) -> int:
    _keep_last_neuron(r, ws, neurons)
    if ws.planes.any_lif:
        sweep_lif.leak_lif(ws.planes)
    if ws.planes.any_izh:
        sweep_izh.update_izh(ws.planes, 0, 1)
    return _fire(r, ws, counts, sweep.found(ws.planes.spike, ws.fired), 0, N, stall)


@kernel
def _bist_event(r: np.record, ws: Workspace, synapses: np.ndarray, counts: np.record) -> int:
    """One row, or all."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    single = controller.is_single(aerin_addr)
    first = controller.neur_of(aerin_addr) if single else 0
    last = first if single else N - 1
    for pre in range(first, last + 1):
        _row(r, ws, synapses, pre)
        sweep.bistable_row(ws.planes, pre, r.spi_update_unmapped_syn)
        counts.weight_steps += sweep.n_moved(ws.planes)
    clocks = ROW_CLOCKS * (last + 1 - first)
    scheduler.run_on(r, clocks)
    return clocks


# --- Part of an event -------------------------------------------------------------------------------------------


@kernel
def _fits(r: np.record, n_spikes: int, distance: int, stall: int) -> int:
    """Groups from this clock on during which the scheduler shows the same event, though so many neurons spike in them.

    distance : see ``scheduler.unchanged_for``
    """
    if n_spikes and r.main_empty and r.burst_empty[r.priority]:
        return 0  # an old word is shown, and the first spike overwrites it
    return (scheduler.unchanged_for(r, distance) - n_spikes * stall) // GROUP_CLOCKS


@kernel
def _until_another(r: np.record, ws: Workspace, stop: int, stall: int) -> tuple[int, int]:
    """The last group of 8 neurons that is done before another event is shown, with the neurons that spike until then.

    stop : where that would be without spikes. Returns where it is, and how many neurons before it have ``fired``.
    """
    first, n_fired, distance = r.neur_cnt, 0, N_PRIO
    group, n_fired_before = NOBODY, 0
    for k in range(sweep.found(ws.planes.spike, ws.fired)):
        n = ws.fired[k]
        if n < first:
            continue
        if n >= stop:
            break
        if n // N_SYN != group:
            group, n_fired_before = n // N_SYN, n_fired
        ws.fired[n_fired] = n
        n_fired += 1
        if planes.number_of(ws.planes.spk_ref, n) != 0:
            distance = min(distance, planes.number_of(ws.planes.isi_ref, n) + 1)
        stop = min(stop, first + N_SYN * _fits(r, n_fired, distance, stall))
        if stop < (group + 1) * N_SYN:
            return group * N_SYN, n_fired_before
    return stop, n_fired


@outlined
def _take_groups(
    r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray, counts: np.record, stall: int
) -> int:
    """As many of a spike event's next groups of 8 neurons as can be taken at once; returns how many, perhaps none."""
    first = r.neur_cnt
    n_groups = min((N - first) // N_SYN, _fits(r, 0, N_PRIO, stall))
    if n_groups == 0:
        return 0
    sched = scheduler.outputs(r)
    pre = field(sched.data_out, SCHED.addr)
    _row(r, ws, synapses, pre)
    planes.keep(ws.planes, pre)
    planes.set_bit(ws.planes.burst_end, pre, int(sched.burst_end == 1))
    _stimulate(r, ws, neurons, synapses, pre)
    planes.set_bit(ws.planes.burst_end, pre, 0)
    stop, n_fired = _until_another(r, ws, first + n_groups * N_SYN, stall)
    planes.put_back(ws.planes, pre, first, stop)
    if stop > first:
        counts.weight_steps += sweep.n_moved(ws.planes)
        counts.synaptic_operations += stop - first
        r.cycle += _fire(r, ws, counts, n_fired, first, stop - first, stall)
        r.ctrl_cnt = 2 * stop
        r.neur_cnt = stop
    return (stop - first) // N_SYN


@outlined
def _run_group(
    r: np.record,
    ws: Workspace,
    neurons: np.ndarray,
    synapses: np.ndarray,
    counts: np.record,
    delays: Delays,
    receiver: Receiver,
) -> tuple[Receiver, int]:
    """The next neurons of a spike event clock by clock, to its end or a group's beginning with the output bus idle."""
    req_before = 0
    while True:
        shown = outputs(r)
        req = field(shown, OUT.AEROUT_REQ)
        if req == 1 and req_before == 0:
            _show(ws, r.cycle, field(shown, OUT.AEROUT_ADDR))
        req_before = req
        receiver = receive(receiver, delays, req)
        r.inputs = r.inputs & ~ACK | placed(receiver.ack, IN.AEROUT_ACK)
        counts.stalls += r.aerout_ctrl_busy
        memory_clock(r, neurons, synapses, ws, counts)
        counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
        ended = r.state != POP_NEUR
        if ended or (r.ctrl_cnt % GROUP_CLOCKS == 0 and is_free(r, receiver, delays)):
            return receiver, req_before


@kernel
def _spike_event_in_parts(
    r: np.record,
    ws: Workspace,
    neurons: np.ndarray,
    synapses: np.ndarray,
    counts: np.record,
    delays: Delays,
    stall: int,
    receiver: Receiver,
) -> tuple[Receiver, int]:
    """Run until the controller has left POP_NEUR, or is about to; returns the receiver, and REQ as it was seen last."""
    req_before = 0
    while r.state == POP_NEUR and r.ctrl_cnt < EVENT_CLOCKS:
        if _take_groups(r, ws, neurons, synapses, counts, stall) == 0:
            receiver, req_before = _run_group(r, ws, neurons, synapses, counts, delays, receiver)
    return receiver, req_before


# --- Any of them ------------------------------------------------------------------------------------------------


@kernel
def take(
    r: np.record,
    ws: Workspace,
    neurons: np.ndarray,
    synapses: np.ndarray,
    counts: np.record,
    delays: Delays,
    stall: int,
    receiver: Receiver,
) -> Taken:
    """The event that begins with this clock, where ``can_take``; the input bus's share is left to the caller."""
    before, begin = r.state, r.cycle
    counts.n_sweeps += 1
    counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
    ws.shown.n = 0
    req_before = 0
    if before == BIST:
        r.cycle += _bist_event(r, ws, synapses, counts)
    elif before == TREF:
        r.cycle += _tref_event(r, ws, neurons, counts, stall)
    elif scheduler.rst_priority(r):
        r.cycle += _whole_spike_event(r, ws, neurons, synapses, counts, stall)
    else:
        receiver, req_before = _spike_event_in_parts(r, ws, neurons, synapses, counts, delays, stall, receiver)
    clocks = r.cycle - begin
    counts.cycles[before] += clocks
    r.state = WAIT if before == POP_NEUR else WAIT_REQDN
    r.ctrl_cnt = clocks if before == BIST else EVENT_CLOCKS
    r.neur_cnt = 0
    return Taken(clocks, receiver, req_before)


# --- One clock --------------------------------------------------------------------------------------------------


@kernel
def _n_weights_changed(before: int, after: int) -> int:
    changed = before ^ after
    n = 0
    while changed:
        n += int(changed & 0xF != 0)
        changed >>= 4
    return n


@outlined
def memory_clock(
    r: np.record, neurons: np.ndarray, synapses: np.ndarray, ws: Workspace, counts: np.record, in_planes: bool = True
) -> None:
    """A clock in a state that may touch the memories: what it touches leaves the planes and comes back."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    sched = scheduler.outputs(r)
    neur = controller.neur_mem(r, aerin_addr, sched)
    syn = controller.syn_mem(r, aerin_addr, sched)
    if in_planes:
        planes.flush_neuron(ws.planes, neurons, neur.addr)
        planes.flush_flags(ws.planes, r, neur.addr // N_SYN)
        planes.flush_flags(ws.planes, r, syn.addr & LAST_GROUP)
        planes.flush_synapses(ws.planes, synapses, syn.addr)
        planes.word_of(neurons, neur.addr, ws.word)
    before = planes.wide(synapses[syn.addr, 0])
    stimulates = neur.we == 1 and neur.event == 1 and (r.state == POP_NEUR or r.state == SYNAPSE)
    learns = r.spi_gate_activity_sync == 0
    clock(r, neurons, synapses)
    counts.synaptic_operations += int(stimulates)
    if learns:
        counts.weight_steps += _n_weights_changed(before, planes.wide(synapses[syn.addr, 0]))
    if neur.we and in_planes:
        planes.load_neuron(ws.planes, neurons, neur.addr, ws.word)
        planes.load_flags(ws.planes, r, neur.addr // N_SYN)
    if syn.we and in_planes:
        planes.load_synapses(ws.planes, synapses, syn.addr)
