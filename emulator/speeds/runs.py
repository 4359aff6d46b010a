"""Input and outcome of a run between a sender of events and a receiver of spikes, for every chip with both buses.

They include the state of both sides at the beginning and at the end, so that a run can continue the one before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel.bits import placed
from draupnir.emulator.kernel.jit import kernel, plain
from draupnir.emulator.kernel.records import record_type
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.parts.handshake import Delays, Environment, Receiver, Sender
from draupnir.emulator.speeds import limits, whole


class Buses(NamedTuple):
    """Both buses between two clocks: the sender, the receiver, and AEROUT_REQ, 0 or 1, before the last edge."""

    sender: Sender
    receiver: Receiver
    req: int


@dataclass(frozen=True)
class _Run:
    """The outcome of a run at clock level or at event level.

    cycles : (n,) int64, for each spike the first clock before whose edge AEROUT_REQ is high, counted from the model's
        first clock
    addrs : (n,) int64, AEROUT_ADDR of each spike at this edge
    first_cycle : the number of the run's first clock
    n_cycles : the clocks of the run
    done : True if the run is complete: all events are sent and, with ``finish``, the chip is at rest. False if
        ``max_cycles`` ended it
    n_sent : the number of events whose REQ has fallen
    buses : both buses at the end, for a next run, which takes the events from ``n_sent`` on
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

    rows : (n_cycles,) int64, the packed input pins in each clock; empty without ``record_rows``
    """

    rows: np.ndarray


@dataclass(frozen=True)
class EventRun(_Run):
    """The outcome of an event-level run; statistics : the counts of the run, a dataclass of the chip."""

    statistics: Any


def counters(kind: Any, states: type[IntEnum]) -> np.dtype[Any]:
    """Return the type of the record of a run's counters: int64 each.

    kind : the dataclass of the statistics, whose field ``cycles`` has a count for each of the controller's ``states``
    """
    n_states = 1 << (len(states) - 1).bit_length()  # every number that fits into the state register
    lengths = {f.name: (n_states,) if f.name == "cycles" else () for f in fields(kind)}
    return record_type([(name, np.int64, length) for name, length in lengths.items()])


def read_counters(kind: Any, states: type[IntEnum], counts: np.record) -> Any:
    """Return the counters of a record as the dataclass ``kind``; kind, states : see ``counters``."""
    figures = dict(zip(counts.dtype.names or (), counts.item(), strict=True))
    cycles = figures.pop("cycles").tolist()
    return kind(cycles={name: cycles[state] for name, state in states.__members__.items()}, **figures)


AT_REST = -1  # in the place of an event's first cycle: it is sent when the chip and both buses are at rest


class RunInputs(NamedTuple):
    """The input of a run in the form that loops take.

    not_before : (n,) int64, for each event a cycle or AT_REST; empty if there are no limits
    """

    events: np.ndarray
    not_before: np.ndarray
    delays: Delays
    buses: Buses


def run_inputs(
    model: ClockLevel,
    events: np.ndarray,
    environment: Environment,
    not_before: np.ndarray | None,
    buses: Buses | None,
) -> RunInputs:
    """Return the arguments of ``ClosedLoop.run`` in the form that loops take.

    Raises InputError if ``not_before`` is not as long as ``events``.
    """
    if not_before is None:
        limits = np.zeros(0, np.int64)
    elif len(not_before) == len(events):
        limits = np.ascontiguousarray(not_before, dtype=np.int64)
    else:
        raise InputError(f"not_before: {len(not_before)} cycles for {len(events)} events; right is one for each")
    return RunInputs(
        np.ascontiguousarray(events, dtype=np.int64),
        limits,
        environment.delays,
        at_rest(model, environment) if buses is None else buses,
    )


def at_rest(model: ClockLevel, environment: Environment) -> Buses:
    """Return both buses at rest, as after a complete run; the sender's gap begins with the first clock.

    The address is the present one of the model's pins.
    """
    addr = model.chip.input_word["AERIN_ADDR"].take(int(model.registers[0].inputs))
    return Buses(Sender(0, addr, 0, environment.gap), Receiver(0, environment.ack_delay), 0)


# --- Pieces of a run --------------------------------------------------------------------------------------------------

N_BUS_WORDS = 7  # the length of the array that ``keep`` fills


@kernel
def keep(bus_words: np.ndarray, bus: Buses) -> None:
    """Write the buses into (N_BUS_WORDS,) int64, because a compiled loop must not return them (see ``jit.entry``)."""
    bus_words[0], bus_words[1], bus_words[2], bus_words[3] = bus.sender
    bus_words[4], bus_words[5] = bus.receiver
    bus_words[6] = bus.req


def words_at_rest(model: ClockLevel, environment: Environment) -> np.ndarray:
    """Return both buses at rest, see ``at_rest``, as the words that ``keep`` writes."""
    words = np.zeros(N_BUS_WORDS, np.int64)
    plain(keep)(words, at_rest(model, environment))
    return words


@kernel
def buses_of(bus_words: np.ndarray) -> Buses:
    """Return the buses that ``keep`` has written."""
    sender = Sender(bus_words[0], bus_words[1], bus_words[2], bus_words[3])
    return Buses(sender, Receiver(bus_words[4], bus_words[5]), bus_words[6])


def _from_words(bus_words: np.ndarray) -> tuple[int, Buses]:
    """Return the number of sent events, and the buses for the next run, which counts its own events."""
    req, addr, n_sent, wait, ack, ack_wait, req_before = bus_words.tolist()
    return n_sent, Buses(Sender(req, addr, 0, wait), Receiver(ack, ack_wait), req_before)


@dataclass(frozen=True)
class AllPieces:
    """The outcome of all pieces of a run; columns : the joined columns of the pieces; all others are as in ``_Run``."""

    columns: list[np.ndarray]
    n_cycles: int
    done: bool
    n_sent: int
    buses: Buses


def run_pieces(piece: Callable[[RunInputs, int, np.ndarray], Any], inputs: RunInputs, max_cycles: int) -> AllPieces:
    """Call a compiled loop until the run ends.

    piece : takes the remaining input, the largest number of clocks, and an array for ``keep``. It returns after at most
        ``pieces.WORK`` the columns, the number of clocks, and True if the run is complete.

    Raises Stopped between two pieces if the work has to stop.
    """
    bus_words = np.zeros(N_BUS_WORDS, np.int64)
    remaining, n_sent = inputs, 0

    def next_piece(clocks: int) -> whole.WorkPiece:
        nonlocal remaining, n_sent
        *columns, n_cycles, is_complete = piece(remaining, clocks, bus_words)
        n_new, buses = _from_words(bus_words)
        n_sent += n_new
        remaining = RunInputs(remaining.events[n_new:], remaining.not_before[n_new:], remaining.delays, buses)
        return whole.WorkPiece(columns, int(n_cycles), bool(is_complete))

    ran = whole.collect(next_piece, max_cycles)
    return AllPieces(ran.columns, ran.n_cycles, ran.is_complete, n_sent, remaining.buses)


def clock_budget(inputs: RunInputs, environment: Environment, first_cycle: int) -> int:
    """Return the largest number of clocks for a run whose ``max_cycles`` is None."""
    waits = max(int(inputs.not_before.max(initial=AT_REST)) - first_cycle, 0)
    e = environment
    return limits.clock_limit(len(inputs.events), waits, e.gap + e.hold, e.ack_delay + e.ack_hold)


class EndOfRun(Protocol):
    """The outcome of a run: its clocks, True if it is complete, and a cycle for each output."""

    @property
    def n_cycles(self) -> int: ...

    @property
    def done(self) -> bool: ...

    @property
    def cycles(self) -> np.ndarray: ...


R = TypeVar("R", bound=EndOfRun)


def check_at_rest(run: R, max_cycles: int | None) -> R:
    """Return the run. Raises NotAtRest if it is not complete although it had no ``max_cycles``."""
    if max_cycles is None and not run.done:
        raise limits.NotAtRest(f"{limits.not_at_rest(run.n_cycles, len(run.cycles))}; max_cycles= gives another")
    return run


# --- Kernels for loops ------------------------------------------------------------------------------------------


@kernel
def next_rest(inputs: RunInputs, first: int) -> int:
    """Return the index of the first event, from event ``first`` on, that is sent at rest, or the number of events."""
    for i in range(first, len(inputs.not_before)):
        if inputs.not_before[i] == AT_REST:
            return i
    return len(inputs.events)


@kernel
def without_bus_pins(pins_in: Any, inputs: int) -> int:
    """Return the packed input pins with the pins of both buses 0; pins_in : the positions of the input pins."""
    addr, req, ack = pins_in.AERIN_ADDR, pins_in.AERIN_REQ, pins_in.AEROUT_ACK
    return inputs & ~(placed(addr.mask, addr) | placed(1, req) | placed(1, ack))


@kernel
def bus_pins(pins_in: Any, sender: Sender, receiver: Receiver) -> int:
    """Return the packed input pins of both buses; pins_in : the positions of the input pins."""
    address, req = placed(sender.addr, pins_in.AERIN_ADDR), placed(sender.req, pins_in.AERIN_REQ)
    return address | req | placed(receiver.ack, pins_in.AEROUT_ACK)
