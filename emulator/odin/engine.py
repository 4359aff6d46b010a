"""ODIN at event level: the same spikes, cycle numbers, memories and registers, without the clocks between.

Whole events are taken at once (``sweep``) where nothing can interfere: spike events with the bursts off, all-neurons
time references, bistability. Their only irregularity is a spike on the output bus, which stops the controller's
counters for as long as the receiver takes; with constant delays that is one number. Everything else, a virtual event as
well as a corner that nobody would look for, is run clock by clock on the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emulator.handshake import Delays, Environment, Receiver, Sender, receive, send, send_for
from emulator.kernel.bits import bit, field
from emulator.kernel.jit import entry, kernel, outlined
from emulator.odin import aer_out, controller, scheduler, sweep
from emulator.odin import lanes as lane
from emulator.odin.chip import Model
from emulator.odin.clock import IN, OUT, apply_inputs, clock, outputs
from emulator.odin.closed_loop import DRIVEN, FIRST, _pins, _put, at_rest
from emulator.odin.controller import BIST, POP_NEUR, PUSH, TREF, WAIT, WAIT_REQDN
from emulator.odin.layout import N_SYN, NEURONS, SYNAPSES, M, N
from emulator.odin.scheduler import SCHED
from emulator.odin.spi import SYN_SIGN_BITS
from emulator.odin.statistics import COUNTS, Statistics, statistics
from emulator.odin.stretch import is_bus_idle, is_settled

EVENT_CLOCKS = 2 * N  # of an event that visits all neurons
ROW_CLOCKS = 2 * N // N_SYN  # of a row of synapses in a bistability event
LONGEST = ROW_CLOCKS * N  # clocks of the longest event without spikes
LAST_GROUP = N // N_SYN - 1
NO_SWEEPS = -1
ONE_SPIKE = aer_out.Seen(True, 0, False, False, 0, 0, 0)
NO_SPIKE = aer_out.Seen(False, 0, False, False, 0, 0, 0)


class Workspace(NamedTuple):
    """What the engine needs beside the model's state."""

    lanes: np.record
    rows: np.ndarray
    word: np.ndarray
    scratch: np.ndarray


@dataclass(frozen=True)
class Run:
    """What came of a run.

    cycles, addrs : (n,) int64, the first clock before whose edge AEROUT_REQ is seen high, and AEROUT_ADDR there; cycles
    count from the model's own first clock
    first_cycle : number of the run's first clock; n_cycles : clocks that the run took
    done : all events were sent and the chip came to rest; False: ``max_cycles`` was reached first
    """

    cycles: np.ndarray
    addrs: np.ndarray
    first_cycle: int
    n_cycles: int
    done: bool
    statistics: Statistics


def run(
    model: Model, events: np.ndarray, environment: Environment, max_cycles: int = 1 << 62, sweeping: bool = True
) -> Run:
    """Send events and take spikes until all is done, or for ``max_cycles`` clocks.

    events : (n,) int64, AERIN_ADDR of each, in order; environment : the delays of both buses
    sweeping : False runs every clock, with the same results
    The buses must be at rest, as after a run that was done; SCK, MOSI and RST stay as they are. The run ends before the
    first edge at which both buses and the chip are at rest.
    """
    counts = np.zeros(1, dtype=COUNTS).view(np.recarray)
    first_cycle = int(model.registers[0].cycle)
    cycles, addrs, n_cycles, done = _loop(
        model.registers[0],
        model.memories[NEURONS.name],
        model.memories[SYNAPSES.name],
        Workspace(
            lane.new_lanes()[0],
            np.zeros((N, N), dtype=np.uint8),
            np.zeros(NEURONS.n_limbs, dtype=np.int64),
            np.zeros((1, NEURONS.n_limbs), dtype=np.uint32),
        ),
        counts[0],
        np.ascontiguousarray(events, dtype=np.int64),
        environment.delays,
        max_cycles,
        stall_clocks(model, environment) if sweeping and _may_sweep(model) else NO_SWEEPS,
    )
    return Run(cycles, addrs, first_cycle, int(n_cycles), bool(done), statistics(counts[0]))


def _may_sweep(model: Model) -> bool:
    """Whether the configuration, which does not change during a run, allows for whole events."""
    r = model.registers[0]
    bursts_off = r.spi_burst_timeref == 0 or r.spi_open_loop == 1
    return bool(bursts_off and not r.spi_out_aer_monitor_en and not r.spi_aer_src_ctrl_nneur)


def stall_clocks(model: Model, environment: Environment) -> int:
    """Clocks for which one spike on the output bus keeps the controller's counters still."""
    record = model.registers.copy()
    record.spi_out_aer_monitor_en = 0
    return int(_stall(record[0], environment.delays))


@entry
def _stall(r: np.record, delays: Delays) -> int:
    aer_out.reset(r)
    aer_out.clock(r, ONE_SPIKE, 0)
    receiver = Receiver(0, delays.ack_delay)
    clocks = 0
    while r.aerout_ctrl_busy:
        receiver = receive(receiver, delays, r.aerout_req)
        aer_out.clock(r, NO_SPIKE, receiver.ack)
        clocks += 1
    return clocks


# --- When ------------------------------------------------------------------------------------------------------


@kernel
def can_sweep(r: np.record, aerin_addr: int, receiver: Receiver, delays: Delays) -> bool:
    """Whether the event that begins with this clock can be taken at once."""
    begins = r.ctrl_cnt == 0 and r.neur_cnt == 0
    visits_all = r.state == POP_NEUR or r.state == BIST or (r.state == TREF and not controller.is_single(aerin_addr))
    bus = receiver.ack == 0 and receiver.wait == delays.ack_delay and is_bus_idle(r)
    return begins and visits_all and bus and is_settled(r)


# --- One event --------------------------------------------------------------------------------------------------


@kernel
def _n_main(r: np.record) -> int:
    return 0 if r.main_empty else r.main_fill_cnt + 1


@outlined
def _push_spikes(r: np.record, lanes: np.record, counts: np.record, pops: bool) -> None:
    """Spikes into the main FIFO, in the order of the neurons; the event popped leaves it with the last neuron."""
    last_pushes = False
    for n in range(N):
        full = r.main_fill_cnt == scheduler.FILL_FULL
        if lanes.spike[n] and r.spi_open_loop_sync == 0 and not full:
            last_pushes = n == N - 1
            scheduler._clock_main(r, True, pops and last_pushes, n << SCHED.addr.shift)
            counts.fifo_high_water = max(counts.fifo_high_water, _n_main(r))
    if pops and not last_pushes:
        scheduler._clock_main(r, False, True, 0)


@kernel
def _show_last(r: np.record, lanes: np.record) -> None:
    """The output bus after the event: the last spike's address, and its transaction if it was the last neuron's."""
    for n in range(N):
        if lanes.spike[n]:
            r.aerout_addr = n
    r.aerout_req = lane.wide(lanes.spike[N - 1])
    r.aerout_ctrl_busy = r.aerout_req


@kernel
def _visit_neurons(r: np.record, ws: Workspace, counts: np.record, stall: int, pops: bool) -> int:
    """What spikes do as all neurons have been updated; returns the clocks that the event takes."""
    n_spikes = sweep.total(ws.lanes.spike)
    if n_spikes == 0:
        if pops:
            scheduler._clock_main(r, False, True, 0)
        return EVENT_CLOCKS
    _push_spikes(r, ws.lanes, counts, pops)
    _show_last(r, ws.lanes)
    stalls = stall * (n_spikes - lane.wide(ws.lanes.spike[N - 1]))
    counts.stalls += stalls
    return EVENT_CLOCKS + stalls


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
def spike_event(
    r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray, counts: np.record, stall: int
) -> int:
    """POP_NEUR as a whole; returns its clocks."""
    pre = field(scheduler.outputs(r).data_out, SCHED.addr)
    syn_sign = bit(r.spi_syn_sign[pre // SYN_SIGN_BITS], pre % SYN_SIGN_BITS)
    _keep_last_neuron(r, ws, neurons)
    _keep_last_word(r, ws, synapses, pre)
    sweep.plastic_row(ws.lanes, ws.rows[pre], r.spi_propagate_unmapped_syn, r.spi_update_unmapped_syn)
    counts.weight_steps += sweep.total(ws.lanes.moved)
    counts.synaptic_operations += N
    sweep.stimulate_lif(ws.lanes, syn_sign)
    sweep.stimulate_izh(ws.lanes, neurons, syn_sign, ws.word, ws.scratch)
    r.state = WAIT
    return _visit_neurons(r, ws, counts, stall, True)


@kernel
def tref_event(r: np.record, ws: Workspace, neurons: np.ndarray, counts: np.record, stall: int) -> int:
    """TREF of all neurons as a whole; returns its clocks."""
    _keep_last_neuron(r, ws, neurons)
    sweep.leak_lif(ws.lanes)
    sweep.tref_izh(ws.lanes, neurons, ws.word, ws.scratch)
    r.state = WAIT_REQDN
    return _visit_neurons(r, ws, counts, stall, False)


@kernel
def bist_event(r: np.record, ws: Workspace, synapses: np.ndarray, counts: np.record, aerin_addr: int) -> int:
    """BIST of one row, or all, as a whole; returns its clocks."""
    single = controller.is_single(aerin_addr)
    first = controller.neur_of(aerin_addr) if single else 0
    last = first if single else N - 1
    _keep_last_word(r, ws, synapses, last)
    for pre in range(first, last + 1):
        sweep.bistable_row(ws.lanes, ws.rows[pre], r.spi_update_unmapped_syn)
        counts.weight_steps += sweep.total(ws.lanes.moved)
    r.state = WAIT_REQDN
    return ROW_CLOCKS * (last + 1 - first)


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
    r: np.record, neurons: np.ndarray, synapses: np.ndarray, ws: Workspace, counts: np.record, in_lanes: bool
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
    stimulates = neur.we == 1 and neur.event == 1 and (r.state == POP_NEUR or r.state == controller.SYNAPSE)
    learns = r.spi_gate_activity_sync == 0
    clock(r, neurons, synapses)
    counts.synaptic_operations += int(stimulates)
    if learns:
        counts.weight_steps += _n_weights_changed(before, lane.wide(synapses[syn.addr, 0]))
    if neur.we and in_lanes:
        lane.load_neuron(ws.lanes, r, neurons, neur.addr, ws.word)
    if syn.we and in_lanes:
        lane.load_synapses(ws.rows, synapses, syn.addr)


# --- The run ----------------------------------------------------------------------------------------------------


@kernel
def take_event(
    r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray, counts: np.record, stall: int
) -> int:
    """The event that begins with this clock, as a whole; returns its clocks."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    before = r.state
    if before == POP_NEUR:
        clocks = spike_event(r, ws, neurons, synapses, counts, stall)
    elif before == TREF:
        clocks = tref_event(r, ws, neurons, counts, stall)
    else:
        clocks = bist_event(r, ws, synapses, counts, aerin_addr)
    counts.n_sweeps += 1
    counts.cycles[before] += clocks
    r.ctrl_cnt = EVENT_CLOCKS if before != BIST else clocks
    r.neur_cnt = 0
    r.cycle += clocks
    return clocks


@entry
def _put_spikes(
    cycles: np.ndarray, addrs: np.ndarray, n_spikes: int, lanes: np.record, first: int, stall: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Record an event's spikes but the last neuron's, whose REQ shows after the event; first : its first cycle."""
    stalls = 0
    for n in range(N - 1):
        if lanes.spike[n]:
            cycles, addrs = _put(cycles, n_spikes, first + 2 * n + 2 + stalls), _put(addrs, n_spikes, n)
            n_spikes += 1
            stalls += stall
    return cycles, addrs, n_spikes


@entry
def _loop(
    r: np.record,
    neurons: np.ndarray,
    synapses: np.ndarray,
    ws: Workspace,
    counts: np.record,
    events: np.ndarray,
    delays: Delays,
    max_cycles: int,
    stall: int,
) -> tuple[np.ndarray, np.ndarray, int, bool]:
    """The run: spike cycles, spike addresses, clocks taken, done. stall : see ``stall_clocks``, or NO_SWEEPS."""
    cycles, addrs = np.empty(FIRST, np.int64), np.empty(FIRST, np.int64)
    n_spikes, n_cycles, done, req_before = 0, 0, False, 0
    undriven = r.inputs & ~DRIVEN
    sender = Sender(0, field(r.inputs, IN.AERIN_ADDR), 0, delays.gap)
    receiver = Receiver(0, delays.ack_delay)
    if stall != NO_SWEEPS:
        lane.load_all(ws.lanes, ws.rows, r, neurons, synapses, ws.word)
    while n_cycles < max_cycles:
        shown = outputs(r)
        ack, req = field(shown, OUT.AERIN_ACK), field(shown, OUT.AEROUT_REQ)
        if req == 1 and req_before == 0:
            cycles, addrs = _put(cycles, n_spikes, r.cycle), _put(addrs, n_spikes, field(shown, OUT.AEROUT_ADDR))
            n_spikes += 1
        req_before = req
        if sender.n_sent == len(events) and ack == 0 and req == 0 and receiver.ack == 0 and at_rest(r):
            done = True
            break
        memories = r.state != WAIT and r.state != WAIT_REQDN and r.state != PUSH
        fits = stall != NO_SWEEPS and n_cycles + LONGEST + N * stall <= max_cycles
        if memories and fits and can_sweep(r, field(r.inputs, IN.AERIN_ADDR), receiver, delays):
            first, before = r.cycle, r.state
            clocks = take_event(r, ws, neurons, synapses, counts, stall)
            if before != BIST and clocks != EVENT_CLOCKS:
                cycles, addrs, n_spikes = _put_spikes(cycles, addrs, n_spikes, ws.lanes, first, stall)
            sender, high = send_for(sender, delays, events, clocks)
            r.inputs = _pins(undriven, sender, receiver)
            r.aerin_req_sync_int = int(high >= 1)
            r.aerin_req_sync = int(high >= 2)
            n_cycles += clocks
            continue
        sender, receiver = send(sender, delays, events, ack), receive(receiver, delays, req)
        pins = _pins(undriven, sender, receiver)
        if pins != r.inputs:
            apply_inputs(r, pins)
        counts.cycles[r.state] += 1
        counts.stalls += r.aerout_ctrl_busy
        if memories:
            memory_clock(r, neurons, synapses, ws, counts, stall != NO_SWEEPS)
        else:
            clock(r, neurons, synapses)
        counts.fifo_high_water = max(counts.fifo_high_water, _n_main(r))
        n_cycles += 1
    if stall != NO_SWEEPS:
        lane.flush_all(ws.lanes, ws.rows, r, neurons, synapses)
    return cycles[:n_spikes], addrs[:n_spikes], n_cycles, done
