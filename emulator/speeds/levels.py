"""The parts that run a chip together with a partner at its buses: engine, closed loop and host.

Each part is a module, or any other object, with the attributes that its protocol names.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np

from draupnir.emulator.package import Part
from draupnir.emulator.parts.handshake import Environment
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

    def clock_limit(self, ops: np.ndarray, host: Any, /) -> int: ...

    def start(self, pins: int, host: Any, /) -> Any: ...

    def act(self, state: Any, ops: np.ndarray, delays: Any, outputs: int, /) -> None: ...

    def skip(self, state: Any, clocks: int, /) -> None: ...


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
    "host", "host", "no host leads it", _is_host, "a module with Op, Host, operand_range, clock_limit, start, act, skip"
)
OPERATIONS: Part[type[Any]] = Part(
    "operations",
    "operations of a host",
    "its host sends events, and does nothing else",
    _is_operations,
    "a class with Op and operand_range",
)
