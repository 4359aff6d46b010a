"""The loop that runs a chip between a sender of events and a receiver of spikes, at either level.

One turn of the loop: see a spike; end if all is done; take what the level can take at once (a rest, an event); else
take one clock, or a stretch of clocks in which only one thing moves. The loop is given a chip's modules, and compiled
for each chip and level.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.parts.handshake import held, receive, send, send_for, unchanged_for
from draupnir.emulator.speeds import pieces
from draupnir.emulator.speeds.runs import Buses, Given, driven, keep, undriven

ROOM = 1 << 18  # spikes of a piece, at most
ROWS = 1 << 20  # rows of a piece that keeps them, at most
MOST_SHOWN = 256  # spikes that can be shown while one event is taken at once
SHOWN = np.dtype(
    (np.record, [("n", np.int64), ("cycles", np.int64, (MOST_SHOWN,)), ("addrs", np.int64, (MOST_SHOWN,))])
)


def new_shown() -> np.recarray:
    """An array of one record, for the spikes that are shown on the output bus while an event is taken at once."""
    return np.zeros(1, dtype=SHOWN).view(np.recarray)


@kernel
def show(shown: np.record, cycle: int, addr: int) -> None:
    """Note a spike: ``cycle`` is the first clock before whose edge AEROUT_REQ is high."""
    shown.cycles[shown.n] = cycle
    shown.addrs[shown.n] = addr
    shown.n += 1


class Terms(NamedTuple):
    """The terms of a piece of a run.

    max_cycles : clocks, at most
    finish : True: the piece ends once both buses and the chip are at rest; False: once the last event's REQ has dropped
    stretch : whether clocks in which only one thing moves are run at once
    record_rows : whether the packed input pins of each clock are kept
    """

    max_cycles: int
    finish: bool
    stretch: bool
    record_rows: bool


# --- Steps of both buses ----------------------------------------------------------------------------------------


@kernel
def drive(r: np.record, at: Any, bus: Buses) -> None:
    """Set the pins that both buses drive. at : where the chip's input pins are"""
    r.inputs = undriven(at, r.inputs) | driven(at, bus.sender, bus.receiver)


@kernel
def before_edge(bus: Buses, given: Given, ack: int, cycle: int) -> Buses:
    """Both sides in the clock that comes, before whose edge AERIN_ACK is ``ack`` and AEROUT_REQ is ``bus.req``."""
    pause = held(bus.sender, given.not_before, cycle)
    sender = send(bus.sender, given.delays, given.events, ack, pause)
    return Buses(sender, receive(bus.receiver, given.delays, bus.req), bus.req)


@kernel
def still_for(bus: Buses, given: Given, cycle: int) -> int:
    """Clocks, from ``cycle`` on, for which the sender's pins stay as they are if AERIN_ACK stays low."""
    return unchanged_for(bus.sender, given.events, held(bus.sender, given.not_before, cycle + 1))


@kernel
def pass_clocks(bus: Buses, given: Given, clocks: int, cycle: int) -> tuple[Buses, int]:
    """Both sides ``clocks`` clocks on from ``cycle``, if neither AERIN_ACK nor the receiver moves.

    Returns also for how many of the last of these clocks AERIN_REQ was high.
    """
    pause = held(bus.sender, given.not_before, cycle)
    sender, high = send_for(bus.sender, given.delays, given.events, clocks, pause)
    return Buses(sender, bus.receiver, bus.req), high


class Columns(NamedTuple):
    """The columns that a piece fills, (room,) int64 each; it ends where they are full. ``rows`` may have no room."""

    cycles: np.ndarray
    addrs: np.ndarray
    rows: np.ndarray


# --- The loop ---------------------------------------------------------------------------------------------------


def looper(pins: ModuleType, clock: ModuleType, stretch: ModuleType, level: ModuleType) -> Callable[..., Any]:
    """The compiled loop for a chip: the function that is returned runs a piece of a run, and returns its columns.

    pins : the chip's module with the positions of the pins, IN and OUT, with ``outputs(record)``, and with
    ``at_rest(record)``: nothing is queued, nothing under way
    clock, stretch : as for ``drive.driver``
    level : the module that knows what can be taken at once; see ``clocks.py``, where nothing can, for what it needs

    Of ``loop``: state : the record of registers, then what else ``clock`` and ``stretch`` take; shown : ``new_shown``;
    left : for ``runs.keep``. It returns the spikes seen, the clocks, and whether all is done. It allocates nothing:
    Numba would count references to every array in each turn, which took half of tinyODIN's speed.

    Python calls it through ``level.opener``, with an array of one record in the place of each record: Numba calls
    Python to convert a record, and goes on with the rest of a tuple after an exception there, such as a signal's.
    """

    @outlined
    def loop(
        state: Any, shown: np.record, given: Given, terms: Terms, columns: Columns, left: np.ndarray
    ) -> tuple[int, int, bool]:
        r, bus = state[0], given.buses  # Numba adds to a slice of a named tuple, not to itself
        cycles, addrs, rows = columns
        end = min(terms.max_cycles, len(rows)) if terms.record_rows else terms.max_cycles
        n_spikes, n_cycles, work, done = 0, 0, 0, False
        level.load(state)
        stretch.begin(r)
        while n_cycles < end and work < pieces.WORK and n_spikes + MOST_SHOWN < len(cycles):
            out = pins.outputs(r)
            ack, req = field(out, pins.OUT.AERIN_ACK), field(out, pins.OUT.AEROUT_REQ)
            if req == 1 and bus.req == 0:
                cycles[n_spikes], addrs[n_spikes] = r.cycle, field(out, pins.OUT.AEROUT_ADDR)
                n_spikes += 1
            bus = Buses(bus.sender, bus.receiver, req)
            if bus.sender.n_sent == len(given.events):
                done = not terms.finish or ((ack | req | bus.receiver.ack) == 0 and pins.at_rest(r))
                if done:
                    break
            limit = end - n_cycles
            bus, clocks, units = level.at_once(state, given, bus, shown, limit)
            for k in range(shown.n):
                cycles[n_spikes], addrs[n_spikes] = shown.cycles[k], shown.addrs[k]
                n_spikes += 1
            shown.n = 0
            if clocks == 0:
                bus = before_edge(bus, given, ack, r.cycle)
                drive(r, pins.IN, bus)
                if terms.stretch and stretch.can_stretch(r):
                    clocks = stretch.stretch(*state[:], min(still_for(bus, given, r.cycle), limit))
                if clocks == 0:
                    clock.clock(*state)
                    clocks = 1
                bus = pass_clocks(bus, given, clocks - 1, r.cycle - clocks + 1)[0]
                units = clocks if terms.record_rows else min(clocks, level.LONGEST_WORK)
                if terms.record_rows:
                    rows[n_cycles : n_cycles + clocks] = r.inputs
            n_cycles += clocks
            work += units
        level.flush(state)
        stretch.end(r)
        keep(left, bus)
        return n_spikes, n_cycles, done

    opened = level.opener(loop)

    def piece(held: Any, shown: np.recarray, given: Given, terms: Terms, left: np.ndarray) -> Any:
        columns = Columns(*(np.empty(n, np.int64) for n in (ROOM, ROOM, ROWS if terms.record_rows else 0)))
        n_spikes, n_cycles, done = opened(held, shown, given, terms, columns, left)
        lengths = n_spikes, n_spikes, n_cycles if terms.record_rows else 0
        return *(column[:n].copy() for column, n in zip(columns, lengths, strict=True)), n_cycles, done

    piece.loop = opened  # type: ignore[attr-defined]
    return piece
