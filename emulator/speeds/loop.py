"""The loop that runs a chip between a sender of events and a receiver of spikes, at clock level and at event level.

One turn of the loop:
1. Look for a new spike.
2. End if the run is complete.
3. Let the level run several clocks at once, for instance a rest or an event.
4. If it runs none, run one clock, or a stretch of clocks in which only one thing moves.

An event that is sent at rest (AT_REST in ``not_before``) begins a new stage. A stage ends as a complete run does, and
the next one goes on from the state of the chip and of both buses. So the loop itself knows nothing of such events.

The loop takes a chip's modules as arguments, and is compiled for each chip and level.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, module_of, outlined
from draupnir.emulator.kernel.records import record_type
from draupnir.emulator.parts.handshake import enforced_wait, receive, send, send_for, unchanged_for
from draupnir.emulator.speeds.runs import Buses, RunInputs, bus_pins, buses_of, keep, next_rest, without_bus_pins

ROOM = 1 << 18  # spikes of a piece, at most
ROWS = 1 << 20  # rows of a piece that records them, at most
MOST_SHOWN = 1 << 9  # spikes on the output bus while clocks run at once, at most
SHOWN = record_type([("n", np.int64), ("cycles", np.int64, (MOST_SHOWN,)), ("addrs", np.int64, (MOST_SHOWN,))])


def new_shown() -> np.recarray:
    """Return an array of one record, for the spikes on the output bus while clocks run at once."""
    return np.zeros(1, dtype=SHOWN).view(np.recarray)


@kernel
def show(burst: np.record, cycle: int, addr: int) -> None:
    """Write a spike into the record; cycle : the first clock before whose edge AEROUT_REQ is high."""
    burst.cycles[burst.n] = cycle
    burst.addrs[burst.n] = addr
    burst.n += 1


class Terms(NamedTuple):
    """The terms of a piece of a run.

    max_cycles : clocks, at most
    finish : True: the piece ends when both buses and the chip are at rest. False: it ends when REQ of the last event
        falls
    stretch : True to run clocks in which only one thing moves at once
    record_rows : True to record the packed input pins of each clock
    max_work : the piece ends where its work has reached this (see ``pieces.WORK``), and never within an event
    """

    max_cycles: int
    finish: bool
    stretch: bool
    record_rows: bool
    max_work: int


# --- Steps of both buses ----------------------------------------------------------------------------------------


@kernel
def drive(r: np.record, pins_in: Any, bus: Buses) -> None:
    """Set the input pins of both buses; pins_in : the positions of the chip's input pins."""
    r.inputs = without_bus_pins(pins_in, r.inputs) | bus_pins(pins_in, bus.sender, bus.receiver)


@kernel
def before_edge(bus: Buses, inputs: RunInputs, ack: int, cycle: int) -> Buses:
    """Return both sides in the next clock, before whose edge AERIN_ACK is ``ack`` and AEROUT_REQ is ``bus.req``."""
    pause = enforced_wait(bus.sender, inputs.not_before, cycle)
    sender = send(bus.sender, inputs.delays, inputs.events, ack, pause)
    return Buses(sender, receive(bus.receiver, inputs.delays, bus.req), bus.req)


@kernel
def still_for(bus: Buses, inputs: RunInputs, cycle: int) -> int:
    """Return for how many clocks from ``cycle`` on the sender's pins do not change if AERIN_ACK stays low."""
    return unchanged_for(bus.sender, inputs.events, enforced_wait(bus.sender, inputs.not_before, cycle + 1))


@kernel
def pass_clocks(bus: Buses, inputs: RunInputs, clocks: int, cycle: int) -> tuple[Buses, int]:
    """Return both sides ``clocks`` clocks after ``cycle``, if AERIN_ACK and the receiver do not move.

    The second result is the number of these clocks, at their end, in which AERIN_REQ is high.
    """
    pause = enforced_wait(bus.sender, inputs.not_before, cycle)
    sender, high = send_for(bus.sender, inputs.delays, inputs.events, clocks, pause)
    return Buses(sender, bus.receiver, bus.req), high


class Columns(NamedTuple):
    """The columns that a piece fills, (room,) int64 each. It ends when one is full; ``rows`` may have no room."""

    cycles: np.ndarray
    addrs: np.ndarray
    rows: np.ndarray


# --- The loop ---------------------------------------------------------------------------------------------------


def looper(pins: ModuleType, clock: ModuleType, stretch: ModuleType, level: ModuleType) -> Callable[..., Any]:
    """Return the loop for a chip: a function that runs a piece of a run, and returns the columns of the piece.

    pins : the chip's module with the positions of the pins, IN and OUT, with ``outputs(record)``, and with
        ``at_rest(record)``, which is True if no event is in a queue or in work
    clock, stretch : the chip's modules, as for ``drive.driver``
    level : the module that runs several clocks at once; ``clocks.py``, which never does, shows which functions it needs

    The arguments of the inner ``loop``:
    state : the record of registers, then the other arguments of ``clock`` and ``stretch``
    burst : the record of ``new_shown``
    bus_words : the array for ``runs.keep``

    It returns the number of spikes, the number of clocks, and True if the run is complete. ``stage`` runs one stage. It
    ends after ``max_work`` at the latest (see ``pieces.WORK``), and also returns its work. Both allocate nothing: Numba
    would else count references to every array in each turn, which halves the speed of tinyODIN.

    Python calls the loop through ``level.opener(loops)``, where ``loops.loop`` is the loop, with an array of one record
    for each record. Numba calls Python to convert a record, and if a signal's handler raises an exception there, Numba
    goes on with the rest of a tuple.
    """

    @outlined
    def stage(
        state: Any,
        burst: np.record,
        inputs: RunInputs,
        terms: Terms,
        max_work: int,
        columns: Columns,
        bus_words: np.ndarray,
    ) -> tuple[int, int, int, bool]:
        r, bus = state[0], inputs.buses  # Numba adds to a slice of a named tuple, not to itself
        cycles, addrs, rows = columns
        end = min(terms.max_cycles, len(rows)) if terms.record_rows else terms.max_cycles
        n_spikes, n_cycles, work, is_complete = 0, 0, 0, False
        while n_cycles < end and work < max_work and n_spikes + MOST_SHOWN < len(cycles):
            out = pins.outputs(r)
            ack, req = field(out, pins.OUT.AERIN_ACK), field(out, pins.OUT.AEROUT_REQ)
            if req == 1 and bus.req == 0:
                cycles[n_spikes], addrs[n_spikes] = r.cycle, field(out, pins.OUT.AEROUT_ADDR)
                n_spikes += 1
            bus = Buses(bus.sender, bus.receiver, req)
            if bus.sender.n_sent == len(inputs.events):
                is_complete = not terms.finish or ((ack | req | bus.receiver.ack) == 0 and pins.at_rest(r))
                if is_complete:
                    break
            limit = end - n_cycles
            bus, clocks, units = level.at_once(state, inputs, bus, burst, limit)
            for k in range(burst.n):
                cycles[n_spikes], addrs[n_spikes] = burst.cycles[k], burst.addrs[k]
                n_spikes += 1
            burst.n = 0
            if clocks == 0:
                bus = before_edge(bus, inputs, ack, r.cycle)
                drive(r, pins.IN, bus)
                if terms.stretch and stretch.can_stretch(r):
                    clocks = stretch.stretch(*state[:], min(still_for(bus, inputs, r.cycle), limit))
                if clocks == 0:
                    clock.clock(*state)
                    clocks = 1
                bus = pass_clocks(bus, inputs, clocks - 1, r.cycle - clocks + 1)[0]
                units = clocks if terms.record_rows else min(clocks, level.LONGEST_WORK)
                if terms.record_rows:
                    rows[n_cycles : n_cycles + clocks] = r.inputs
            n_cycles += clocks
            work += units
        keep(bus_words, bus)
        return n_spikes, n_cycles, work, is_complete

    name = ", ".join(module.__name__ for module in (pins, clock, stretch, level))
    stages = module_of(pins, f"{__name__}.stages({name})", stage=stage)

    @outlined
    def loop(
        state: Any, burst: np.record, inputs: RunInputs, terms: Terms, columns: Columns, bus_words: np.ndarray
    ) -> tuple[int, int, bool]:
        bus, n_events = inputs.buses, len(inputs.events)
        end = next_rest(inputs, bus.sender.req)  # the first event is on its way already if REQ is high
        n_spikes, n_cycles, n_work = 0, 0, 0
        level.load(state)
        stretch.begin(state[0])
        while True:
            some = RunInputs(inputs.events[:end], inputs.not_before[:end], inputs.delays, bus)
            finish = terms.finish or end < n_events
            limits = Terms(terms.max_cycles - n_cycles, finish, terms.stretch, terms.record_rows, terms.max_work)
            room = Columns(columns.cycles[n_spikes:], columns.addrs[n_spikes:], columns.rows[n_cycles:])
            spikes, clocks, work, is_complete = stages.stage(
                state, burst, some, limits, terms.max_work - n_work, room, bus_words
            )
            n_spikes, n_cycles, n_work = n_spikes + spikes, n_cycles + clocks, n_work + work
            if not is_complete or end == n_events:
                break
            bus, end = buses_of(bus_words), next_rest(inputs, end + 1)
        level.flush(state)
        stretch.end(state[0])
        return n_spikes, n_cycles, is_complete

    loops = module_of(pins, f"{__name__}.loops({name})", loop=loop)
    opened = level.opener(loops)

    def piece(state: Any, burst: np.recarray, inputs: RunInputs, terms: Terms, bus_words: np.ndarray) -> Any:
        columns = Columns(*(np.empty(n, np.int64) for n in (ROOM, ROOM, ROWS if terms.record_rows else 0)))
        n_spikes, n_cycles, is_complete = opened(state, burst, inputs, terms, columns, bus_words)
        lengths = n_spikes, n_spikes, n_cycles if terms.record_rows else 0
        return *(column[:n].copy() for column, n in zip(columns, lengths, strict=True)), n_cycles, is_complete

    piece.loops = loops  # type: ignore[attr-defined]
    return piece
