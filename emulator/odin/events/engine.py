"""ODIN at event level: the same spikes, cycle numbers, memories and registers, without the clocks between.

Whole events are taken at once (``event.take``) where nothing can interfere: spike events, all-neurons time references,
bistability. In the clocks between them only controller and buses move. Everything else, a virtual event as well as a
corner that nobody would look for, is run clock by clock on the same state.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.odin import aer_out, controller, scheduler
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.clock import IN, OUT, at_rest, calm_clock, outputs, waiting_clock
from draupnir.emulator.odin.controller import WAIT
from draupnir.emulator.odin.events import event
from draupnir.emulator.odin.events.statistics import COUNTS, statistics
from draupnir.emulator.odin.events.visits import is_free
from draupnir.emulator.odin.events.workspace import Workspace, memory_clock, new_workspace
from draupnir.emulator.odin.planes import memories
from draupnir.emulator.odin.stretch import begin, end, is_idle
from draupnir.emulator.parts.fifo import n_main
from draupnir.emulator.parts.handshake import (
    FOREVER,
    Delays,
    Environment,
    Receiver,
    Sender,
    held,
    receive,
    send,
    send_for,
)
from draupnir.emulator.speeds import pieces, runs
from draupnir.emulator.speeds.runs import Buses, EventRun, Given, driven, keep, new_column, put, undriven

NO_SWEEPS = -1
REST_WORK = 8  # how much work a rest is, see ``pieces.WORK``
FASTER = 8  # by which a clock of an event that is taken at once is less work
MOST_AT_ONCE = 1 << 12  # work of an event at once
WORTH_IT = 8  # clocks of rest that are looked for
AT_REST = Receiver(0, 0)  # its pin
ONE_SPIKE = aer_out.Seen(True, 0, False, False, 0, 0, 0)


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
    stall = stall_clocks(model, environment) if sweeping and _may_sweep(model) else NO_SWEEPS
    given = runs.given(model, events, environment, not_before, buses)
    most = runs.limited(given, environment, first_cycle) if max_cycles is None else max_cycles

    def piece(given: Given, clocks: int, left: np.ndarray) -> Any:
        return _loop(*model.kernel_state(), new_workspace(), counts[0], given, left, clocks, finish, stall)

    whole = runs.in_pieces(piece, given, most)
    figures = statistics(counts[0])
    cycles, addrs = whole.columns
    run = EventRun(cycles, addrs, first_cycle, whole.n_cycles, whole.done, whole.n_sent, whole.buses, figures)
    return runs.check_at_rest(run, max_cycles)  # type: ignore[no-any-return]


def _may_sweep(model: Model) -> bool:
    """Whether the configuration, which does not change during a run, allows for whole events."""
    r = model.registers[0]
    return not r.spi_out_aer_monitor_en and not r.spi_aer_src_ctrl_nneur


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
        aer_out.clock(r, aer_out.NOTHING, receiver.ack)
        clocks += 1
    return clocks


@kernel
def rest_clocks(r: np.record, sender: Sender, receiver: Receiver, delays: Delays, pause: int, n_events: int) -> int:
    """Clocks from this one on in which nothing moves but the sender's delay and the turn; 0 if not worth it.

    pause : see ``held``
    """
    if r.state != WAIT or sender.req == 1:
        return 0
    quiet = FOREVER if sender.n_sent == n_events else max(sender.wait, pause)
    if quiet < WORTH_IT or not is_idle(r) or not is_free(r, receiver, delays):
        return 0
    return min(quiet, scheduler.unchanged_for(r))


@kernel
def _to_next_event(
    r: np.record,
    counts: np.record,
    others: int,
    sender: Sender,
    delays: Delays,
    events: np.ndarray,
    not_before: np.ndarray,
    limit: int,
) -> Sender:
    """Run on, for at most ``limit`` clocks, while only the controller, the scheduler and the input bus move.

    Call it only where the event level is free (``is_free``). Ends where an event begins, or a rest may.
    """
    end = r.cycle + limit
    while r.cycle < end and sender.n_sent < len(events) and controller.is_waiting(r.state):
        pause = held(sender, not_before, r.cycle)
        if r.state == WAIT and sender.req == 0 and max(sender.wait, pause) >= WORTH_IT:
            break
        sender = send(sender, delays, events, controller.aerin_ack(r), pause)
        r.inputs = others | driven(IN, sender, AT_REST)
        counts.cycles[r.state] += 1
        calm_clock(r)
        counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
    return sender


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
    sweeping = stall != NO_SWEEPS
    if sweeping:
        memories.load_all(ws.planes, r, neurons)
    begin(r)
    while n_cycles < max_cycles and work < pieces.WORK:
        shown = outputs(r)
        ack, req = field(shown, OUT.AERIN_ACK), field(shown, OUT.AEROUT_REQ)
        if req == 1 and req_before == 0:
            cycles = put(cycles, n_spikes, r.cycle)
            addrs = put(addrs, n_spikes, field(shown, OUT.AEROUT_ADDR))
            n_spikes += 1
        req_before = req
        if sender.n_sent == len(events):
            done = not finish or ((ack | req | receiver.ack) == 0 and at_rest(r))
            if done:
                break
        pause = held(sender, not_before, r.cycle)
        waiting = controller.is_waiting(r.state)
        if sweeping and waiting:
            clocks = min(rest_clocks(r, sender, receiver, delays, pause, len(events)), max_cycles - n_cycles)
            if clocks > 0:
                sender = send_for(sender, delays, events, clocks, pause)[0]
                scheduler.run_on(r, clocks)
                counts.cycles[WAIT] += clocks
                r.cycle += clocks
                n_cycles += clocks
                work += REST_WORK
                continue
            if is_free(r, receiver, delays):
                before = r.cycle
                limit = min(max_cycles - n_cycles, pieces.WORK)
                sender = _to_next_event(r, counts, others, sender, delays, events, not_before, limit)
                n_cycles += r.cycle - before
                work += r.cycle - before
                if r.cycle > before:
                    continue
        fits = n_cycles + event.clocks_at_most(r, stall) <= max_cycles
        if sweeping and not waiting and fits and event.can_take(r, receiver, delays):
            in_parts = not scheduler.rst_priority(r)
            taken = event.take(r, ws, neurons, synapses, counts, delays, stall, receiver)
            for k in range(ws.shown.n):
                cycles = put(cycles, n_spikes, ws.shown.cycles[k])
                addrs = put(addrs, n_spikes, ws.shown.addrs[k])
                n_spikes += 1
            receiver, req_before = taken.receiver, taken.req
            sender, high = send_for(sender, delays, events, taken.clocks, pause)
            r.inputs = others | driven(IN, sender, receiver)
            r.aerin_req_sync_int = int(high >= 1)
            r.aerin_req_sync = int(high >= 2)
            n_cycles += taken.clocks
            work += taken.clocks if in_parts else min(taken.clocks // FASTER, MOST_AT_ONCE)
            continue
        sender, receiver = send(sender, delays, events, ack, pause), receive(receiver, delays, req)
        r.inputs = others | driven(IN, sender, receiver)
        counts.cycles[r.state] += 1
        counts.stalls += r.aerout_ctrl_busy
        if waiting:
            waiting_clock(r)
        else:
            memory_clock(r, neurons, synapses, ws, counts, sweeping)
        counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
        n_cycles += 1
        work += 1
    if sweeping:
        memories.flush_all(ws.planes, r, neurons, synapses)
    end(r)
    keep(left, sender, receiver, req_before)
    return cycles[:n_spikes], addrs[:n_spikes], n_cycles, done
