"""The parts that run a chip together with a partner at its buses: engine, closed loop and host.

Each part is a module, or any other object, with the attributes that its protocol names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.package import Part
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.pin_input import PinInput
from draupnir.emulator.speeds.runs import Buses, EventRun

WITHOUT = "it cannot be run by events"


class Outcome(Protocol):
    """The attributes that the outcome of every run has.

    cycles : (n,) int64, the cycle of each spike, or of each byte, that the chip sent
    n_cycles : the clocks of the run
    done : True if the run is complete and the chip at rest; False if ``max_cycles`` ended it
    """

    @property
    def cycles(self) -> np.ndarray: ...

    @property
    def n_cycles(self) -> int: ...

    @property
    def done(self) -> bool: ...


@runtime_checkable
class Level(Protocol):
    """The chip at one speed, with a partner at its buses.

    ``run`` takes a model, the events to send or the operations of a host, the sender of them (``Environment``, or the
    chip's own host), and the largest number of clocks. If that is None, a number that is enough for any normal run is
    used, and NotAtRest is raised if it is not enough.

    The engine may also have ``many``, a ``ManyLevel``: ``draupnir.run_many`` is then fast, its runs may go on from any
    clock, and they run on a GPU, too.
    """

    def run(self, model: Any, events: Any, environment: Any, /, max_cycles: int | None = None) -> Outcome: ...


@runtime_checkable
class ClosedLoopLevel(Level, Protocol):
    """The chip clock by clock; it can also return the pins of each clock (see ``closed_loop.ClosedLoop.run``)."""

    def run(
        self, model: Any, events: Any, environment: Any, /, max_cycles: int | None = None, record_rows: bool = False
    ) -> Any: ...


@runtime_checkable
class BusLevel(Level, Protocol):
    """The event level of a chip with an input and an output event bus; a run can continue the one before it."""

    def run(
        self,
        model: Any,
        events: np.ndarray,
        environment: Environment,
        max_cycles: int | None = None,
        not_before: np.ndarray | None = None,
        buses: Buses | None = None,
        finish: bool = True,
    ) -> EventRun: ...


class OutcomeWithHost(Outcome, Protocol):
    """The outcome of a run that a host leads.

    received : (n,) int64, the values that the host received; n_swept : the clocks that ran at once
    """

    @property
    def received(self) -> np.ndarray: ...

    @property
    def n_swept(self) -> int: ...


@runtime_checkable
class HostedLevel(Level, Protocol):
    """The event level of a chip that its host leads; ops : (n, 2) int64, operations and operands."""

    def run(self, model: Any, ops: Any, host: Any, /, max_cycles: int | None = None) -> OutcomeWithHost: ...


@runtime_checkable
class HostRoom(Protocol):
    """The host that leads a chip.

    Op : its operations, an IntEnum
    Host : the class of its delays, a dataclass with ``gap``, ``hold``, ``ack_delay`` and ``ack_hold``, all in clocks,
        and with ``delays``, which has the same numbers in the form that kernels take
    operand_range : returns the smallest and the largest operand of an operation
    operations : returns operations as an array, (n, 2) int64, and raises InputError for one that does not exist
    clock_limit : returns a number of clocks that is enough for these operations in any normal run
    start : returns the state of a host before its first operation, a record
    act : moves this state through what the host does before the next edge, while the chip shows ``outputs``
    skip : moves this state through clocks in which nothing happens
    """

    @property
    def Op(self) -> Any: ...

    @property
    def Host(self) -> Any: ...

    def operand_range(self, op: Any, /) -> tuple[int, int]: ...

    def operations(self, ops: Any, /) -> np.ndarray: ...

    def clock_limit(self, ops: np.ndarray, host: Any, /) -> int: ...

    def start(self, pins: int, host: Any, /) -> Any: ...

    def act(self, state: Any, ops: np.ndarray, delays: Any, outputs: int, /) -> None: ...

    def skip(self, state: Any, clocks: int, /) -> None: ...


@runtime_checkable
class TickLevel(Protocol):
    """The chip timestep by timestep, on files of its own, as its simulator runs it; and where its RTL differs.

    read : returns a network; config : a file or a folder; events : its input, or None; sizes : of the chip
    write_images, write_files : write a network as memory images of the hardware, and as files of the simulator
    simulate : runs a network as the chip's simulator does, for a number of timesteps
    counts, output_text : return the counts of this run by name, and the text of the simulator's output file
    compare : runs a network as the simulator does and as the RTL does, and returns the first difference with its
        reasons, as an object with ``lines()`` for people, ``as_json()``, and ``is_equal``; period, input_delay : clocks
        or None for the usual ones; excluded : names of reasons to leave out
    memories : returns memory -> its content for a network, uint32 of ``Memory.shape``, without those that begin with 0
    pin_input : returns the input of a run at the chip's pins
    """

    def read(self, config: Path, events: Path | None, sizes: Mapping[str, int], /) -> Any: ...

    def write_images(self, network: Any, folder: Path, sizes: Mapping[str, int], /) -> None: ...

    def write_files(self, network: Any, config: Path, events: Path, /) -> None: ...

    def simulate(self, network: Any, n_timesteps: int, /) -> Any: ...

    def counts(self, run: Any, /) -> dict[str, int]: ...

    def output_text(self, run: Any, /) -> str: ...

    def compare(
        self,
        network: Any,
        n_timesteps: int,
        sizes: Mapping[str, int],
        period: int | None,
        input_delay: int | None,
        excluded: Sequence[str],
        /,
    ) -> Any: ...

    def memories(self, network: Any, chip: Chip, /) -> Mapping[str, np.ndarray]: ...

    def pin_input(
        self, network: Any, n_timesteps: int, chip: Chip, period: int | None, input_delay: int | None, /
    ) -> PinInput: ...


def _is_tick_level(part: object) -> TypeGuard[TickLevel]:
    return isinstance(part, TickLevel)


def _is_level(part: object) -> TypeGuard[Level]:
    return isinstance(part, Level)


def _is_closed_loop(part: object) -> TypeGuard[ClosedLoopLevel]:
    return isinstance(part, ClosedLoopLevel)


def _is_bus_level(part: object) -> TypeGuard[BusLevel]:
    return isinstance(part, BusLevel)


def _is_hosted_level(part: object) -> TypeGuard[HostedLevel]:
    return isinstance(part, HostedLevel)


def _is_host(part: object) -> TypeGuard[HostRoom]:
    return isinstance(part, HostRoom)


def _is_operations(part: object) -> TypeGuard[type[Any]]:
    return isinstance(part, type) and hasattr(part, "Op") and hasattr(part, "operand_range")


_RIGHT = "a module with a function run"
ENGINE: Part[Level] = Part("engine", "event-level engine", WITHOUT, _is_level, _RIGHT)
BUS_ENGINE: Part[BusLevel] = Part("engine", "event-level engine", WITHOUT, _is_bus_level, _RIGHT)
HOSTED_ENGINE: Part[HostedLevel] = Part("engine", "event-level engine", WITHOUT, _is_hosted_level, _RIGHT)
CLOSED_LOOP: Part[ClosedLoopLevel] = Part("closed_loop", "closed loop", WITHOUT, _is_closed_loop, _RIGHT)
HOST: Part[HostRoom] = Part(
    "host",
    "host",
    "no host leads it",
    _is_host,
    "a module with Op, Host, operand_range, operations, clock_limit, start, act, skip",
)
TICKS: Part[TickLevel] = Part(
    "ticks",
    "level by timesteps",
    "it has no simulator of its own to compare with",
    _is_tick_level,
    "a module with read, simulate, counts, output_text, compare, memories and pin_input",
)
OPERATIONS: Part[type[Any]] = Part(
    "operations",
    "operations of a host",
    "its host sends events, and does nothing else",
    _is_operations,
    "a class with Op and operand_range",
)
