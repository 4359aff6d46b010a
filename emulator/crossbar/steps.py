"""The steps of the event levels of ODIN and tinyODIN, for ``speeds/loop.py``: rests, the way to an event, events.

A chip's ``events/event.py`` takes whole events at once where nothing can interfere. In the clocks between them only
controller and buses move. Everything else, a virtual event as well as a corner that nobody would look for, is run clock
by clock on the same state.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.crossbar import events
from draupnir.emulator.crossbar.controller import (
    SYNC_CLOCKS,
    clear_counters,
    count_on,
    synchronise_req,
    synchronise_req_after,
)
from draupnir.emulator.crossbar.events import NO_SWEEPS, Machine, Workspace
from draupnir.emulator.crossbar.layout import WAIT, N
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.parts.fifo import n_main
from draupnir.emulator.parts.handshake import FOREVER, Delays, Receiver, Sender, enforced_wait, send, send_for
from draupnir.emulator.speeds.loop import MOST_SHOWN, drive
from draupnir.emulator.speeds.runs import Buses, RunInputs, buses_of

LONGEST_WORK = 1  # work of a clock
DELIVERY_CLOCKS = 2  # WAIT and PUSH
FASTER = 8  # by which a clock of an event that is taken at once is less work
MOST_AT_ONCE = 1 << 12  # work at once, see ``pieces.WORK``
MOST_STEPS = 64  # on the way to an event
ROOM = MOST_SHOWN - N  # spikes that may have been shown before an event
AT_REST = Receiver(0, 0)  # its pin


@kernel
def two_memories(memories: Any, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the memories of chip ``i`` of several that have two; memories : their first index is the chip"""
    return memories[0][i], memories[1][i]


@kernel
def three_memories(memories: Any, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the memories of chip ``i`` of several that have three; memories : as for ``two_memories``"""
    return memories[0][i], memories[1][i], memories[2][i]


def one_of_many_with(memories_of: Callable[..., Any]) -> Callable[[ModuleType], Callable[..., Any]]:
    """Make a chip's ``one_of_many``; memories_of : as ``two_memories``"""

    def one_of_many(loops: ModuleType) -> Callable[..., Any]:
        """Make ``run_one`` of ``ManyLevel``; loops : as for ``opener``"""

        @kernel
        def run_one(
            arrays: Any,
            i: int,
            events: np.ndarray,
            not_before: np.ndarray,
            delays: Delays,
            terms: Any,
            columns: Any,
            words: np.ndarray,
        ) -> Any:
            ws = Workspace(arrays.ws.cells[i], arrays.ws.fired[i], arrays.ws.bus_spikes[i])
            state = Machine(arrays.r[i], memories_of(arrays.memories, i), ws, arrays.counts[i], arrays.stall)
            inputs = RunInputs(events, not_before, delays, buses_of(words))
            return loops.loop(state, ws.bus_spikes, inputs, terms, columns, words)

        return run_one

    return one_of_many


def opener(loops: ModuleType) -> Callable[..., Any]:
    """Compile a loop to be called with an array of one record in the place of each record; see ``loop.looper``."""

    @entry
    def opened(
        arrays: Any, bus_spikes: np.recarray, inputs: RunInputs, terms: Any, columns: Any, bus_words: np.ndarray
    ) -> Any:
        ws = Workspace(arrays.ws.cells[0], arrays.ws.fired, arrays.ws.bus_spikes[0])
        state = Machine(arrays.r[0], arrays.memories, ws, arrays.counts[0], arrays.stall)
        return loops.loop(state, bus_spikes[0], inputs, terms, columns, bus_words)

    return opened


# --- What can be taken at once ----------------------------------------------------------------------------------


@kernel
def fall_clocks(sender: Sender) -> int:
    """Clocks from the first one in which the sender sees ACK to the one in which the controller sees REQ low."""
    return sender.wait + 1 + SYNC_CLOCKS


def at_once_of(clock: ModuleType, event: ModuleType) -> Callable[..., tuple[Buses, int, int]]:
    """Make a chip's ``at_once``: rests, the clocks up to an event, and events; see ``speeds/clocks.py``.

    clock : the chip's module; its ``calm_clock`` is a clock in which nothing comes from the SPI or the output bus
    event : the chip's module with ``is_free(record, receiver, delays)``, which is True if nothing is under way but what
        controller and scheduler do by themselves. Where it is free: ``can_take(record)``, of the event that begins with
        this clock; ``clocks_at_most(record, stall)`` of this event; ``take(machine, receiver, delays)``, which runs it,
        and returns the receiver, AEROUT_REQ as it was seen last, and the clocks that it ran one by one
    """
    controller, scheduler = clock.controller, clock.scheduler

    @kernel
    def clocks_of_fall(r: np.record, inputs: RunInputs, sender: Sender) -> int:
        """Clocks in which REQ falls and the controller sees it; 0 if this is not what happens now, or ends the run."""
        is_seen = sender.req & r.aerin_req_sync & r.aerin_req_sync_int
        if r.state != controller.WAIT_REQDN or not is_seen or sender.n_sent + 1 == len(inputs.events):
            return 0
        return fall_clocks(sender)

    @kernel
    def fall(m: Machine, inputs: RunInputs, sender: Sender, clocks: int) -> Sender:
        """The controller comes back to WAIT; clocks : see ``clocks_of_fall``."""
        r = m.r
        scheduler.run_on(r, clocks)
        count_on(r, clocks)
        synchronise_req_after(r, 0)
        m.counts.cycles[r.state] += clocks
        r.state = WAIT
        r.cycle += clocks
        return Sender(0, sender.addr, sender.n_sent + 1, inputs.delays.gap)

    @kernel
    def is_delivered(r: np.record, inputs: RunInputs, sender: Sender) -> bool:
        """Tell whether the controller is about to push the event on the bus into the scheduler, and is not the last."""
        is_seen = sender.req & r.aerin_req_sync & r.aerin_req_sync_int
        if r.state != WAIT or not is_seen or sender.n_sent + 1 == len(inputs.events):
            return False
        aerin_addr = field(r.inputs, clock.IN.AERIN_ADDR)
        return controller.next_state(r, aerin_addr, scheduler.outputs(r)) == controller.PUSH

    @kernel
    def deliver(m: Machine, inputs: RunInputs, sender: Sender) -> Sender:
        """Run from WAIT to PUSH, and on until REQ has fallen. Call it where the event ``is_delivered``."""
        r, counts = m.r, m.counts
        scheduler.run_on(r, 1)
        r.state = controller.PUSH
        port = controller.sched_port(r, field(r.inputs, clock.IN.AERIN_ADDR))
        scheduler.clock(r, scheduler.outputs(r), port, 0, 0)
        counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
        counts.cycles[WAIT] += 1
        counts.cycles[controller.PUSH] += 1
        clear_counters(r)
        count_on(r, 1)
        r.state = controller.WAIT_REQDN
        r.cycle += DELIVERY_CLOCKS
        return fall(m, inputs, sender, fall_clocks(sender))

    @kernel
    def clocks_of_rest(r: np.record, inputs: RunInputs, sender: Sender) -> int:
        """Clocks from this one on in which the controller has nothing to do, perhaps 0."""
        if r.state != WAIT or (sender.req | r.aerin_req_sync | r.aerin_req_sync_int) != 0:
            return 0
        sched = scheduler.outputs(r)
        if sched.full == 1 or sched.empty == 0:
            return 0
        if sender.n_sent == len(inputs.events):
            return scheduler.unchanged_for(r, FOREVER)
        quiet = max(sender.wait, enforced_wait(sender, inputs.not_before, r.cycle))
        return scheduler.unchanged_for(r, quiet + SYNC_CLOCKS)

    @kernel
    def rest(m: Machine, inputs: RunInputs, sender: Sender, clocks: int) -> Sender:
        """Only the sender, the synchroniser and the turn move; clocks : at most ``clocks_of_rest``, at least 1."""
        r = m.r
        pause = enforced_wait(sender, inputs.not_before, r.cycle)
        sender, high = send_for(sender, inputs.delays, inputs.events, clocks, pause)
        scheduler.run_on(r, clocks)
        clear_counters(r)
        synchronise_req_after(r, high)
        m.counts.cycles[WAIT] += clocks
        r.cycle += clocks
        return sender

    @kernel
    def clock_of_wait(m: Machine, inputs: RunInputs, sender: Sender) -> Sender:
        """One clock in WAIT. Call it where the controller sees no REQ, so that the address does not matter."""
        r = m.r
        pause = enforced_wait(sender, inputs.not_before, r.cycle)
        sender = send(sender, inputs.delays, inputs.events, 0, pause)
        state_next = controller.next_state(r, 0, scheduler.outputs(r))
        scheduler.run_on(r, 1)
        clear_counters(r)
        synchronise_req(r, sender.req)
        m.counts.cycles[WAIT] += 1
        r.state = state_next
        r.cycle += 1
        return sender

    @kernel
    def one_clock(m: Machine, inputs: RunInputs, sender: Sender) -> Sender:
        """One clock in a state that touches no memory; only the controller, the scheduler and the input bus move."""
        r, counts = m.r, m.counts
        pause = enforced_wait(sender, inputs.not_before, r.cycle)
        sender = send(sender, inputs.delays, inputs.events, controller.aerin_ack(r), pause)
        drive(r, clock.IN, Buses(sender, AT_REST, 0))
        counts.cycles[r.state] += 1
        clock.calm_clock(r)
        counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
        return sender

    @kernel
    def approach(m: Machine, inputs: RunInputs, bus: Buses, last: int) -> tuple[Buses, int]:
        """Run on to the next event, and at most to the cycle ``last``, in ``MOST_STEPS`` steps or fewer.

        From the clock on in which the last REQ falls the run may be complete after each clock, so this is one step.
        Returns the buses and the number of steps.
        """
        r, sender, n_steps, has_ended = m.r, bus.sender, 0, False
        while r.cycle < last and controller.is_waiting(r.state) and n_steps < MOST_STEPS and not has_ended:
            n_steps += 1
            has_ended = sender.n_sent == len(inputs.events)
            falls, rests = clocks_of_fall(r, inputs, sender), clocks_of_rest(r, inputs, sender)
            if 0 < falls <= last - r.cycle:
                sender = fall(m, inputs, sender, falls)
            elif rests > 0:
                sender = rest(m, inputs, sender, min(rests, last - r.cycle))
            elif is_delivered(r, inputs, sender) and DELIVERY_CLOCKS + fall_clocks(sender) <= last - r.cycle:
                sender = deliver(m, inputs, sender)
            elif r.state == WAIT and r.aerin_req_sync == 0:
                sender = clock_of_wait(m, inputs, sender)
            else:
                sender = one_clock(m, inputs, sender)
            drive(r, clock.IN, Buses(sender, AT_REST, 0))
            has_ended = has_ended or sender.n_sent == len(inputs.events)
        return Buses(sender, bus.receiver, bus.req), n_steps

    @kernel
    def take(m: Machine, inputs: RunInputs, bus: Buses) -> tuple[Buses, int]:
        """The event that begins here; also returns its work."""
        r, counts = m.r, m.counts
        state, first = r.state, r.cycle
        counts.n_sweeps += 1
        counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
        receiver, req, one_by_one = event.take(m, bus.receiver, inputs.delays)
        clocks = r.cycle - first
        counts.cycles[state] += clocks
        bus = events.pass_event(r, clock.IN, Buses(bus.sender, receiver, req), inputs, clocks, first)
        return bus, max(one_by_one, min(clocks // FASTER, MOST_AT_ONCE))

    @kernel
    def at_once(m: Machine, inputs: RunInputs, bus: Buses, bus_spikes: np.record, limit: int) -> tuple[Buses, int, int]:
        """Go on until something else than controller and scheduler moves, as a spike on the output bus.

        After the last REQ has fallen it is one event at most, because the run may be complete after it.
        """
        r = m.r
        if m.stall == NO_SWEEPS:
            return bus, 0, 0
        first, work = r.cycle, 0
        last = first + limit
        is_free = event.is_free(r, bus.receiver, inputs.delays)
        while is_free and work < MOST_AT_ONCE and bus_spikes.n <= ROOM:
            bus, n_steps = approach(m, inputs, bus, last)
            work += n_steps
            if controller.is_waiting(r.state) or event.clocks_at_most(r, m.stall) > last - r.cycle:
                break
            if not event.can_take(r):
                break
            n_shown = bus_spikes.n
            bus, units = take(m, inputs, bus)
            work += units
            if bus.sender.n_sent == len(inputs.events):
                break
            if bus_spikes.n > n_shown or r.aerout_req == 1:  # only a spike can have moved anything else
                is_free = event.is_free(r, bus.receiver, inputs.delays)
        return bus, r.cycle - first, work

    return at_once


# --- One clock --------------------------------------------------------------------------------------------------


@kernel
def can_stretch(r: np.record) -> bool:
    """Never: what could be stretched is taken at once."""
    return False


@kernel
def stretch(
    r: np.record, memories: tuple[np.ndarray, ...], ws: Workspace, counts: np.record, stall: int, clocks: int
) -> int:
    """No clocks."""
    return 0
