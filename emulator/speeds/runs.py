"""Input and outcome of a run between a sender of events and a receiver of spikes, for every chip with both buses.

Where it begins and ends: the state of both sides, so that a next run goes on where this one was cut; and its results.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel.bits import placed
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.parts.handshake import Delays, Environment, Receiver, Sender
from draupnir.emulator.speeds import limits, whole
from draupnir.emulator.trace import unpack


class Buses(NamedTuple):
    """Both buses between two clocks: the sender, the receiver, and AEROUT_REQ as it was seen last."""

    sender: Sender
    receiver: Receiver
    req: int


@dataclass(frozen=True)
class _Run:
    """The outcome of a run at either level.

    cycles, addrs : (n,) int64, the first clock before whose edge AEROUT_REQ is seen high, and AEROUT_ADDR there;
    cycles count from the model's own first clock
    first_cycle : number of the run's first clock; n_cycles : clocks that the run took
    done : all events were sent, and the chip came to rest if that was asked for; False: ``max_cycles`` came first
    n_sent : events whose REQ has been dropped
    buses : for a next run, which is to be given the events from ``n_sent`` on
    """

    cycles: np.ndarray
    addrs: np.ndarray
    first_cycle: int
    n_cycles: int
    done: bool
    n_sent: int
    buses: Buses


@dataclass(frozen=True)
class BusRun(_Run):
    """The outcome of a closed-loop run.

    rows : (n_cycles,) int64, the packed input pins in each clock, if they were asked for, else empty
    """

    rows: np.ndarray


@dataclass(frozen=True)
class EventRun(_Run):
    """The outcome of an event-level run; statistics : what was counted, by the chip's own words."""

    statistics: Any


def counters(kind: Any, states: type[IntEnum]) -> np.dtype[Any]:
    """The record that a run counts in; kind : dataclass of what it is to tell, of which ``cycles`` state by state."""
    n_states = 1 << (len(states) - 1).bit_length()  # also those that are none
    lengths = {f.name: (n_states,) if f.name == "cycles" else () for f in fields(kind)}
    return np.dtype((np.record, [(name, np.int64, length) for name, length in lengths.items()]))


def counted(kind: Any, states: type[IntEnum], counts: np.record) -> Any:
    """Return what was counted, by name; kind, states : see ``counters``."""
    figures = {f.name: int(counts[f.name]) for f in fields(kind) if f.name != "cycles"}
    return kind(cycles={state.name: int(counts["cycles"][state]) for state in states}, **figures)


class Given(NamedTuple):
    """The input of a run, as loops take it; ``not_before`` is empty where there are no limits."""

    events: np.ndarray
    not_before: np.ndarray
    delays: Delays
    buses: Buses


def given(
    model: ClockLevel,
    events: np.ndarray,
    environment: Environment,
    not_before: np.ndarray | None,
    buses: Buses | None,
) -> Given:
    """See ``ClosedLoop.run``; raises InputError if ``not_before`` is not as long as ``events``."""
    if not_before is None:
        limits = np.zeros(0, np.int64)
    elif len(not_before) == len(events):
        limits = np.ascontiguousarray(not_before, dtype=np.int64)
    else:
        raise InputError(f"not_before: {len(not_before)} cycles for {len(events)} events; right is one for each")
    return Given(
        np.ascontiguousarray(events, dtype=np.int64),
        limits,
        environment.delays,
        at_rest(model, environment) if buses is None else buses,
    )


def at_rest(model: ClockLevel, environment: Environment) -> Buses:
    """Both buses at rest, as after a run that was done; the sender's gap begins with the first clock.

    The address is the one that the model sees.
    """
    addr = unpack(model.chip.input_word, int(model.registers[0].inputs))["AERIN_ADDR"]
    return Buses(Sender(0, addr, 0, environment.gap), Receiver(0, environment.ack_delay), 0)


# --- In pieces --------------------------------------------------------------------------------------------------

N_LEFT = 7  # numbers in ``keep``'s array


@kernel
def keep(left: np.ndarray, bus: Buses) -> None:
    """Put the buses into an array of N_LEFT: a compiled loop may not return them (see ``jit.entry``)."""
    left[0], left[1], left[2], left[3] = bus.sender
    left[4], left[5] = bus.receiver
    left[6] = bus.req


def _after(left: np.ndarray) -> tuple[int, Buses]:
    """Events sent, and the buses as the next run takes them, which counts its own events."""
    req, addr, n_sent, wait, ack, ack_wait, req_before = left.tolist()
    return n_sent, Buses(Sender(req, addr, 0, wait), Receiver(ack, ack_wait), req_before)


@dataclass(frozen=True)
class Whole:
    """The outcome of all pieces of a run; columns : arrays that the pieces returned, each joined; else as ``_Run``."""

    columns: list[np.ndarray]
    n_cycles: int
    done: bool
    n_sent: int
    buses: Buses


def in_pieces(piece: Callable[[Given, int, np.ndarray], Any], given: Given, max_cycles: int) -> Whole:
    """Call a compiled loop until the run has ended.

    piece : takes what is left to do, clocks, and an array for ``keep``; comes back after at most ``pieces.WORK`` with
    columns, clocks taken, and whether all is done
    Raises Stopped between two pieces if the work is to stop.
    """
    left = np.zeros(N_LEFT, np.int64)
    remaining, n_sent = given, 0

    def next_piece(clocks: int) -> whole.WorkPiece:
        nonlocal remaining, n_sent
        *columns, n_cycles, done = piece(remaining, clocks, left)
        sent, buses = _after(left)
        n_sent += sent
        remaining = Given(remaining.events[sent:], remaining.not_before[sent:], remaining.delays, buses)
        return whole.WorkPiece(columns, int(n_cycles), bool(done))

    ran = whole.collect(next_piece, max_cycles)
    return Whole(ran.columns, ran.n_cycles, ran.done, n_sent, remaining.buses)


def limited(given: Given, environment: Environment, first_cycle: int) -> int:
    """Clocks for a run whose ``max_cycles`` is None."""
    waits = max(int(given.not_before[-1]) - first_cycle, 0) if len(given.not_before) else 0
    e = environment
    return limits.clock_limit(len(given.events), waits, e.gap + e.hold, e.ack_delay + e.ack_hold)


class Ended(Protocol):
    """A run: how many clocks it took, whether nothing was left to do after them, and a cycle for each output."""

    @property
    def n_cycles(self) -> int: ...

    @property
    def done(self) -> bool: ...

    @property
    def cycles(self) -> np.ndarray: ...


R = TypeVar("R", bound=Ended)


def check_at_rest(run: R, max_cycles: int | None) -> R:
    """Return the run. Raises NotAtRest if it was cut short though nobody had given it a ``max_cycles``."""
    if max_cycles is None and not run.done:
        raise limits.NotAtRest(f"{limits.not_at_rest(run.n_cycles, len(run.cycles))}; max_cycles= gives another")
    return run


# --- For loops --------------------------------------------------------------------------------------------------


@kernel
def undriven(at: Any, inputs: int) -> int:
    """The packed input pins without those of both buses. at : where the chip's input pins are"""
    addr, req, ack = at.AERIN_ADDR, at.AERIN_REQ, at.AEROUT_ACK
    return inputs & ~(placed(addr.mask, addr) | placed(1, req) | placed(1, ack))


@kernel
def driven(at: Any, sender: Sender, receiver: Receiver) -> int:
    """The pins of both buses, packed. at : where the chip's input pins are"""
    address, req = placed(sender.addr, at.AERIN_ADDR), placed(sender.req, at.AERIN_REQ)
    return address | req | placed(receiver.ack, at.AEROUT_ACK)
