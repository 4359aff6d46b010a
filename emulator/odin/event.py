"""One event of ODIN at once, with all that its 512 clocks do: to neurons, synapses, scheduler and output bus.

A spike on the output bus stops the controller's counters for as long as the receiver takes; with constant delays that
is one number, ``stall``. With the bursts on, the turn moves on during an event, and the event processed may become
another one in its middle, since what a burst FIFO shows goes before the main FIFO: then a spike event is taken in
groups of 8 neurons, and those groups in which that happens are run clock by clock.

Source: controller.v, scheduler.v, aer_out.v, as in controller.py, scheduler.py, aer_out.py.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emulator.handshake import Delays, Receiver, receive
from emulator.kernel.bits import bit, field, placed
from emulator.kernel.jit import kernel, outlined
from emulator.odin import controller, scheduler, sweep
from emulator.odin import lanes as lane
from emulator.odin.clock import IN, OUT, clock, outputs
from emulator.odin.controller import BIST, POP_NEUR, SYNAPSE, TREF, WAIT, WAIT_REQDN, SchedPort
from emulator.odin.layout import N_PRIO, N_SYN, M, N
from emulator.odin.scheduler import EVENT_OUT, SCHED
from emulator.odin.spi import SYN_SIGN_BITS
from emulator.odin.statistics import n_main
from emulator.odin.stretch import is_bus_idle, is_settled

EVENT_CLOCKS = 2 * N  # of an event that visits all neurons
GROUP_CLOCKS = 2 * N_SYN  # of 8 neurons
ROW_CLOCKS = 2 * N // N_SYN  # of a row of synapses in a bistability event
LAST_GROUP = N // N_SYN - 1
ACK = placed(1, IN.AEROUT_ACK)
SHOWN = np.dtype((np.record, [("n", np.int64), ("cycles", np.int64, (N,)), ("addrs", np.int64, (N,))]))


class Workspace(NamedTuple):
    """What the engine needs beside the model's state: ``new_workspace``.

    shown : spikes seen on the output bus during an event, with their cycles
    """

    lanes: np.record
    rows: np.ndarray
    kept: np.record
    shown: np.record
    scratch: sweep.Scratch


def new_workspace() -> Workspace:
    shown = np.zeros(1, dtype=SHOWN).view(np.recarray)
    return Workspace(lane.new_lanes()[0], np.zeros((N, N), np.uint8), lane.new_kept()[0], shown[0], sweep.new_scratch())


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
def _event_out(lanes: np.record, n: int) -> int:
    """NEUR_EVENT of a neuron that spikes."""
    if lanes.lif[n]:
        return placed(1, EVENT_OUT.spike)
    refs = placed(lane.wide(lanes.spk_ref[n]), EVENT_OUT.spk_ref) | placed(
        lane.wide(lanes.isi_ref[n]), EVENT_OUT.isi_ref
    )
    return placed(1, EVENT_OUT.spike) | refs


@kernel
def _scheduler_clock(r: np.record, event_out: int, n: int, pops: bool) -> None:
    """The scheduler's edge as a neuron is written."""
    scheduler.clock(r, scheduler.outputs(r), SchedPort(0, 0, 0, int(pops)), event_out, n)


@outlined
def _fire(r: np.record, ws: Workspace, counts: np.record, n_spikes: int, first: int, n: int, stall: int) -> int:
    """Scheduler and output bus during the visit of ``n`` neurons from ``first`` on; returns the visit's clocks.

    ws.scratch.neurs : those of them that spike. In a spike event, the last neuron's visit also pops the event.
    """
    stalls, gone = 0, 0
    for k in range(n_spikes):
        neur = ws.scratch.neurs[k]
        at = 2 * (neur - first) + 1 + stalls
        scheduler.run_on(r, at - gone)
        _scheduler_clock(r, _event_out(ws.lanes, neur), neur, r.state == POP_NEUR and neur == N - 1)
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
    lane.flush_neuron(ws.lanes, neurons, N - 1)
    lane.word_of(neurons, N - 1, r.neur_state)


@kernel
def _keep_last_word(r: np.record, ws: Workspace, synapses: np.ndarray, pre: int) -> None:
    """The synapse memory's output register will show the row's last word as it was read."""
    addr = pre << (M - lane.GROUP_BITS) | LAST_GROUP
    lane.flush_synapses(ws.rows, synapses, addr)
    r.synarray_rdata = lane.wide(synapses[addr, 0])


@kernel
def _syn_sign(r: np.record, pre: int) -> int:
    return bit(r.spi_syn_sign[pre // SYN_SIGN_BITS], pre % SYN_SIGN_BITS)


@kernel
def _whole_spike_event(
    r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray, counts: np.record, stall: int
) -> int:
    pre = field(scheduler.outputs(r).data_out, SCHED.addr)
    syn_sign = _syn_sign(r, pre)
    _keep_last_neuron(r, ws, neurons)
    _keep_last_word(r, ws, synapses, pre)
    sweep.plastic_row(ws.lanes, ws.rows[pre], r.spi_propagate_unmapped_syn, r.spi_update_unmapped_syn)
    counts.weight_steps += sweep.total(ws.lanes.moved)
    counts.synaptic_operations += N
    sweep.stimulate_lif(ws.lanes, syn_sign)
    if ws.lanes.any_izh:
        sweep.stimulate_izh(ws.lanes, neurons, syn_sign, ws.scratch)
    return _fire(r, ws, counts, sweep.found(ws.lanes.spike, ws.scratch.neurs), 0, N, stall)


@kernel
def _tref_event(r: np.record, ws: Workspace, neurons: np.ndarray, counts: np.record, stall: int) -> int:
    _keep_last_neuron(r, ws, neurons)
    sweep.leak_lif(ws.lanes)
    if ws.lanes.any_izh:
        sweep.tref_izh(ws.lanes, neurons, ws.scratch)
    return _fire(r, ws, counts, sweep.found(ws.lanes.spike, ws.scratch.neurs), 0, N, stall)


@kernel
def _bist_event(r: np.record, ws: Workspace, synapses: np.ndarray, counts: np.record) -> int:
    """One row, or all."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    single = controller.is_single(aerin_addr)
    first = controller.neur_of(aerin_addr) if single else 0
    last = first if single else N - 1
    _keep_last_word(r, ws, synapses, last)
    for pre in range(first, last + 1):
        sweep.bistable_row(ws.lanes, ws.rows[pre], r.spi_update_unmapped_syn)
        counts.weight_steps += sweep.total(ws.lanes.moved)
    clocks = ROW_CLOCKS * (last + 1 - first)
    scheduler.run_on(r, clocks)
    return clocks


# --- Groups -----------------------------------------------------------------------------------------------------


@kernel
def _n_group_spikes(ws: Workspace, first: int) -> int:
    n_spikes = 0
    for n in range(first, first + N_SYN):
        if ws.lanes.spike[n]:
            ws.scratch.neurs[n_spikes] = n
            n_spikes += 1
    return n_spikes


@kernel
def _shown_for(r: np.record, ws: Workspace, n_spikes: int) -> int:
    """Clocks for which the scheduler shows the same event, though these neurons spike meanwhile."""
    if n_spikes and r.main_empty and r.burst_empty[r.priority]:
        return 0  # an old word is shown, and the first spike overwrites it
    distance = N_PRIO
    for k in range(n_spikes):
        n = ws.scratch.neurs[k]
        if ws.lanes.lif[n] == 0 and ws.lanes.spk_ref[n] != 0:
            distance = min(distance, lane.wide(ws.lanes.isi_ref[n]) + 1)
    return scheduler.unchanged_for(r, distance)


@outlined
def _take_group(
    r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray, counts: np.record, stall: int
) -> int:
    """The next 8 neurons of a spike event at once; returns the clocks, 0 if it cannot be: then nothing is done."""
    first = r.neur_cnt
    sched = scheduler.outputs(r)
    pre = field(sched.data_out, SCHED.addr)
    if scheduler.unchanged_for(r) < GROUP_CLOCKS:
        return 0
    row, syn_sign = ws.rows[pre], _syn_sign(r, pre)
    lane.keep(ws.kept, ws.lanes, row, neurons, first)
    if first + N_SYN == N:
        _keep_last_neuron(r, ws, neurons)
        _keep_last_word(r, ws, synapses, pre)
    sweep.plastic_group(ws.lanes, row, first, r.spi_propagate_unmapped_syn, r.spi_update_unmapped_syn)
    sweep.stimulate_lif_group(ws.lanes, first, syn_sign)
    if ws.lanes.any_izh:
        burst_end = pre if sched.burst_end == 1 else -1
        sweep.stimulate_izh_group(ws.lanes, neurons, first, syn_sign, burst_end, ws.scratch)
    n_spikes = _n_group_spikes(ws, first)
    if n_spikes and _shown_for(r, ws, n_spikes) < GROUP_CLOCKS + n_spikes * stall:
        lane.put_back(ws.kept, ws.lanes, row, neurons, first)
        return 0
    for n in range(first, first + N_SYN):
        counts.weight_steps += lane.wide(ws.lanes.moved[n])
    counts.synaptic_operations += N_SYN
    return _fire(r, ws, counts, n_spikes, first, N_SYN, stall)


@outlined
def _run_group(
    r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray, counts: np.record, delays: Delays, t: Taken
) -> Taken:
    """The next neurons of a spike event clock by clock, to its end or a group's beginning with the output bus idle."""
    clocks, receiver, req_before = t
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
        clocks += 1
        ended = r.state != POP_NEUR
        if ended or (r.ctrl_cnt % GROUP_CLOCKS == 0 and is_free(r, receiver, delays)):
            return Taken(clocks, receiver, req_before)


@kernel
def _spike_event_in_groups(
    r: np.record,
    ws: Workspace,
    neurons: np.ndarray,
    synapses: np.ndarray,
    counts: np.record,
    delays: Delays,
    stall: int,
    receiver: Receiver,
) -> Taken:
    """Runs until the controller has left POP_NEUR, or is about to: then WAIT and its counters are still to be set."""
    t = Taken(0, receiver, 0)
    while r.state == POP_NEUR and r.ctrl_cnt < EVENT_CLOCKS:
        clocks = _take_group(r, ws, neurons, synapses, counts, stall)
        if clocks:
            r.cycle += clocks
            r.ctrl_cnt += GROUP_CLOCKS
            r.neur_cnt += N_SYN
            t = Taken(t.clocks + clocks, t.receiver, t.req)
        else:
            t = _run_group(r, ws, neurons, synapses, counts, delays, t)
    return t


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
    taken = Taken(0, receiver, 0)
    if before == BIST:
        taken = Taken(_bist_event(r, ws, synapses, counts), receiver, 0)
    elif before == TREF:
        taken = Taken(_tref_event(r, ws, neurons, counts, stall), receiver, 0)
    elif scheduler.rst_priority(r):
        taken = Taken(_whole_spike_event(r, ws, neurons, synapses, counts, stall), receiver, 0)
    else:
        taken = _spike_event_in_groups(r, ws, neurons, synapses, counts, delays, stall, receiver)
    counts.cycles[before] += taken.clocks
    r.cycle = begin + taken.clocks
    r.state = WAIT if before == POP_NEUR else WAIT_REQDN
    r.ctrl_cnt = taken.clocks if before == BIST else EVENT_CLOCKS
    r.neur_cnt = 0
    return taken


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
    r: np.record, neurons: np.ndarray, synapses: np.ndarray, ws: Workspace, counts: np.record, in_lanes: bool = True
) -> None:
    """A clock in a state that may touch the memories: what it touches leaves the lanes and comes back."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    sched = scheduler.outputs(r)
    neur = controller.neur_mem(r, aerin_addr, sched)
    syn = controller.syn_mem(r, aerin_addr, sched)
    if in_lanes:
        lane.flush_neuron(ws.lanes, neurons, neur.addr)
        lane.flush_flags(ws.lanes, r, neur.addr // N_SYN)
        lane.flush_flags(ws.lanes, r, syn.addr & LAST_GROUP)
        lane.flush_synapses(ws.rows, synapses, syn.addr)
    before = lane.wide(synapses[syn.addr, 0])
    stimulates = neur.we == 1 and neur.event == 1 and (r.state == POP_NEUR or r.state == SYNAPSE)
    learns = r.spi_gate_activity_sync == 0
    clock(r, neurons, synapses)
    counts.synaptic_operations += int(stimulates)
    if learns:
        counts.weight_steps += _n_weights_changed(before, lane.wide(synapses[syn.addr, 0]))
    if neur.we and in_lanes:
        lane.load_neuron(ws.lanes, r, neurons, neur.addr, ws.scratch.word)
    if syn.we and in_lanes:
        lane.load_synapses(ws.rows, synapses, syn.addr)
