"""tinyODIN at event level: the same spikes, cycle numbers, memories and registers, without the clocks between.

Where nothing can interfere, the neurons of a spike or of a time reference to all are taken at once (``sweep``), but for
the last, whose clocks also end the event. The only irregularity among them is a spike on the output bus, which stops
the controller's counters for as long as the receiver takes; with constant delays that is one number. Everything else,
a virtual event as well as a corner that nobody would look for, is run clock by clock on the same state.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry, kernel, outlined
from draupnir.emulator.parts.fifo import clock_main, n_main
from draupnir.emulator.parts.handshake import (
    Delays,
    Environment,
    Receiver,
    held,
    receive,
    send,
    send_for,
    unchanged_for,
)
from draupnir.emulator.speeds import pieces, runs
from draupnir.emulator.speeds.runs import Buses, EventRun, Given, driven, keep, new_column, put, room, undriven
from draupnir.emulator.tinyodin import aer_out, controller, scheduler
from draupnir.emulator.tinyodin.chip import Model
from draupnir.emulator.tinyodin.clock import IN, OUT, at_rest, clock, outputs, waiting_clock
from draupnir.emulator.tinyodin.controller import GROUP_BITS, POP_NEUR, TREF, WAIT
from draupnir.emulator.tinyodin.events import sweep
from draupnir.emulator.tinyodin.events.statistics import COUNTS, statistics
from draupnir.emulator.tinyodin.events.sweep import Workspace
from draupnir.emulator.tinyodin.layout import PTR_BITS, N
from draupnir.emulator.tinyodin.scheduler import FILL_FULL, SCHED
from draupnir.emulator.tinyodin.stretch import begin, can_stretch, end, is_bus_idle, is_settled, stretch

NO_SWEEPS = -1
EVENT_WORK, REST_WORK = 64, 8  # how much work an event at once, and a rest, is: see ``pieces.WORK``


def run(
    model: Model,
    events: np.ndarray,
    environment: Environment,
    max_cycles: int | None = None,
    sweeping: bool = True,
    not_before: np.ndarray | None = None,
    buses: Buses | None = None,
    finish: bool = True,
) -> EventRun:
    """Send events and take spikes until all is done, or for ``max_cycles`` clocks.

    sweeping : False runs every clock, with the same results; all else is as in ``closed_loop.run``
    """
    counts = np.zeros(1, dtype=COUNTS).view(np.recarray)
    first_cycle = int(model.registers[0].cycle)
    sweeps = sweeping and not model.registers[0].spi_aer_src_ctrl_nneur
    stall = stall_clocks(model, environment) if sweeps else NO_SWEEPS
    given = runs.given(model, events, environment, not_before, buses)
    most = runs.limited(given, environment, first_cycle) if max_cycles is None else max_cycles

    def piece(given: Given, clocks: int, left: np.ndarray) -> Any:
        return _loop(*model.kernel_state(), sweep.new_workspace(), counts[0], given, left, clocks, finish, stall)

    whole = runs.in_pieces(piece, given, most)
    figures = statistics(counts[0])
    cycles, addrs = whole.columns
    run = EventRun(cycles, addrs, first_cycle, whole.n_cycles, whole.done, whole.n_sent, whole.buses, figures)
    return runs.check_at_rest(run, max_cycles)  # type: ignore[no-any-return]


def stall_clocks(model: Model, environment: Environment) -> int:
    """Clocks for which one spike on the output bus keeps the controller's counters still."""
    return int(_stall(model.registers.copy()[0], environment.delays))


@entry
def _stall(r: np.record, delays: Delays) -> int:
    aer_out.reset(r)
    aer_out.clock(r, True, 0, 0)
    receiver = Receiver(0, delays.ack_delay)
    clocks = 0
    while r.aerout_ctrl_busy:
        receiver = receive(receiver, delays, r.aerout_req)
        aer_out.clock(r, False, 0, receiver.ack)
        clocks += 1
    return clocks


# --- Events at once ---------------------------------------------------------------------------------------------


@kernel
def can_sweep(r: np.record, aerin_addr: int, receiver: Receiver, delays: Delays) -> bool:
    """Whether the neurons of the event that begins with this clock can be taken at once."""
    begins = r.ctrl_cnt == 0 and r.neur_cnt == 0 and r.spi_max_neur > 0
    visits_all = r.state == POP_NEUR or (r.state == TREF and controller.names_all(aerin_addr))
    bus = receiver.ack == 0 and receiver.wait == delays.ack_delay and is_bus_idle(r)
    return begins and visits_all and bus and is_settled(r)


@outlined
def _push_spikes(r: np.record, lanes: np.record, n_neurons: int) -> None:
    """Spikes into the scheduler, in the order of the neurons."""
    for n in range(n_neurons):
        if lanes.spike[n] and r.main_fill_cnt != FILL_FULL:
            clock_main(r, True, False, n << SCHED.addr.shift, PTR_BITS)


@outlined
def _visit(
    r: np.record, neurons: np.ndarray, synapses: np.ndarray, ws: Workspace, counts: np.record, stall: int
) -> int:
    """All neurons but the last; returns the clocks, of which ``spike`` lanes tell where stalls are."""
    n_neurons = r.spi_max_neur
    last = n_neurons - 1
    lanes = ws.lanes
    sweep.flush_neuron(lanes, neurons, last)
    r.neur_state = sweep.wide(neurons[last, 0])
    if r.state == POP_NEUR:
        pre = field(scheduler.outputs(r).data_out, SCHED.addr)
        r.synarray_rdata = sweep.wide(synapses[pre << controller.SYN.pre.shift | last >> GROUP_BITS, 0])
        sweep.stimulate(lanes, ws.rows[pre], n_neurons)
        counts.synaptic_operations += n_neurons
    else:
        sweep.leak(lanes, n_neurons)
    n_spikes = sweep.total(lanes.spike, n_neurons)
    clocks = 2 * n_neurons
    if n_spikes:
        if r.spi_open_loop_sync == 0:
            _push_spikes(r, lanes, n_neurons)
            counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
        clocks += _stalls(r, lanes, n_spikes, last, stall)
        counts.stalls += clocks - 2 * n_neurons
    counts.n_sweeps += 1
    counts.cycles[r.state] += clocks
    r.neur_cnt = n_neurons
    r.ctrl_cnt = 2 * n_neurons
    r.cycle += clocks
    return clocks


@kernel
def _stalls(r: np.record, lanes: np.record, n_spikes: int, last: int, stall: int) -> int:
    """Clocks for which spikes stopped the counters; leaves the bus as it is then, a spike of the last neuron on it."""
    for n in range(last + 1):
        if lanes.spike[n]:
            r.aerout_addr = n
    last_spikes = sweep.wide(lanes.spike[last])
    r.aerout_req = last_spikes
    r.aerout_ctrl_busy = last_spikes
    return stall * (n_spikes - last_spikes)


@outlined
def _put_spikes(cycles: np.ndarray, addrs: np.ndarray, lanes: np.record, n_neurons: int, first: int, stall: int) -> int:
    """Write an event's spikes but the last neuron's, whose REQ shows afterwards; returns how many.

    first : the event's first cycle
    """
    n_spikes = 0
    for n in range(n_neurons - 1):
        if lanes.spike[n]:
            cycles[n_spikes] = first + 2 * n + 2 + n_spikes * stall
            addrs[n_spikes] = n
            n_spikes += 1
    return n_spikes


# --- One clock --------------------------------------------------------------------------------------------------


@outlined
def _memory_clock(
    r: np.record, neurons: np.ndarray, synapses: np.ndarray, ws: Workspace, counts: np.record, in_lanes: bool
) -> None:
    """A clock in a state that may touch the memories: what it touches leaves the lanes and comes back."""
    sched = scheduler.outputs(r)
    neur = controller.neur_mem(r, field(r.inputs, IN.AERIN_ADDR), sched)
    syn = controller.syn_mem(r, sched)
    counts.synaptic_operations += int(neur.we == 1 and r.state == POP_NEUR)
    if in_lanes:
        sweep.flush_neuron(ws.lanes, neurons, neur.addr)
    clock(r, neurons, synapses)
    if in_lanes and neur.we:
        sweep.load_neuron(ws.lanes, neurons, neur.addr)
    if in_lanes and syn.we:
        sweep.load_synapses(ws.rows, synapses, syn.addr)


# --- The run ----------------------------------------------------------------------------------------------------


@entry
def _loop(
    r: np.record,
    neurons: np.ndarray,
    synapses: np.ndarray,
    ws: Workspace,
    counts: np.record,
    given: Given,
    left: np.ndarray,
    max_cycles: int,
    finish: bool,
    stall: int,
) -> tuple[np.ndarray, np.ndarray, int, bool]:
    """A piece of the run: spike cycles, spike addresses, clocks taken, done.

    left : for ``runs.keep``; stall : see ``stall_clocks``, or NO_SWEEPS
    """
    cycles, addrs = new_column(), new_column()
    n_spikes, n_cycles, work, done = 0, 0, 0, False
    others = undriven(IN, r.inputs)
    events, not_before, delays, (sender, receiver, req_before) = given
    in_lanes = stall != NO_SWEEPS
    longest = N * (2 + stall)
    if in_lanes:
        sweep.load_all(ws.lanes, ws.rows, neurons, synapses)
    begin(r)
    while n_cycles < max_cycles and work < pieces.WORK:
        shown = outputs(r)
        ack, req = field(shown, OUT.AERIN_ACK), field(shown, OUT.AEROUT_REQ)
        if req == 1 and req_before == 0:
            cycles, addrs = put(cycles, n_spikes, r.cycle), put(addrs, n_spikes, field(shown, OUT.AEROUT_ADDR))
            n_spikes += 1
        req_before = req
        if sender.n_sent == len(events):
            done = not finish or ((ack | req | receiver.ack) == 0 and at_rest(r))
            if done:
                break
        pause = held(sender, not_before, r.cycle)
        waiting = controller.is_waiting(r.state)
        fits = in_lanes and n_cycles + longest <= max_cycles
        if not waiting and fits and can_sweep(r, field(r.inputs, IN.AERIN_ADDR), receiver, delays):
            first = r.cycle
            clocks = _visit(r, neurons, synapses, ws, counts, stall)
            if clocks != 2 * r.spi_max_neur:
                cycles, addrs = room(cycles, n_spikes, N), room(addrs, n_spikes, N)
                news = cycles[n_spikes:], addrs[n_spikes:]
                n_spikes += _put_spikes(*news, ws.lanes, r.spi_max_neur, first, stall)
            sender, high = send_for(sender, delays, events, clocks, pause)
            r.inputs = others | driven(IN, sender, receiver)
            r.aerin_req_sync_int = int(high >= 1)
            r.aerin_req_sync = int(high >= 2)
            n_cycles += clocks
            work += EVENT_WORK
            continue
        sender, receiver = send(sender, delays, events, ack, pause), receive(receiver, delays, req)
        r.inputs = others | driven(IN, sender, receiver)
        taken, state = 1, r.state
        counts.stalls += r.aerout_ctrl_busy
        if not waiting:
            _memory_clock(r, neurons, synapses, ws, counts, in_lanes)
        elif state == WAIT and can_stretch(r):
            same = unchanged_for(sender, events, held(sender, not_before, r.cycle + 1))
            taken = stretch(r, neurons, synapses, min(same, max_cycles - n_cycles))
            sender = send_for(sender, delays, events, taken - 1, held(sender, not_before, r.cycle - taken + 1))[0]
        else:
            waiting_clock(r)
        counts.cycles[state] += taken
        counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
        n_cycles += taken
        work += min(taken, REST_WORK)
    if in_lanes:
        sweep.flush_all(ws.lanes, neurons)
    end(r)
    keep(left, sender, receiver, req_before)
    return cycles[:n_spikes], addrs[:n_spikes], n_cycles, done
