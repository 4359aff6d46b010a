"""A chip together with whoever is at its buses: the kinds of parts that a chip may have beside its model.

Each is a module, or any other object, with the attributes that the protocol names.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np

from draupnir.emulator.package import Part
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import Buses, EventRun

WITHOUT = "it cannot be run by events"


class Ran(Protocol):
    """The part of an outcome that all runs have.

    cycles : (n,) int64, the cycle of each thing that came out; n_cycles : clocks that the run took
    done : all was done, and the chip is at rest; False: ``max_cycles`` came first
    """

    @property
    def cycles(self) -> np.ndarray: ...

    @property
    def n_cycles(self) -> int: ...

    @property
    def done(self) -> bool: ...


@runtime_checkable
class Level(Protocol):
    """The chip at one speed, with whoever is at its buses.

    ``run`` takes a model, what is sent (events, or a host's operations), whoever sends it (``Environment``, or the
    chip's own host), and at most so many clocks; None: as many as should do, or NotAtRest is raised.
    """

    def run(self, model: Any, events: Any, environment: Any, /, max_cycles: int | None = None) -> Ran: ...


@runtime_checkable
class ClosedLoopLevel(Level, Protocol):
    """The chip clock by clock, which can also tell the pins of each clock (see ``closed_loop.ClosedLoop.run``)."""

    def run(
        self, model: Any, events: Any, environment: Any, /, max_cycles: int | None = None, record_rows: bool = False
    ) -> Any: ...


@runtime_checkable
class BusLevel(Level, Protocol):
    """The event level of a chip with an event bus in and one out, which can go on where a run was cut."""

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


class HostedRan(Ran, Protocol):
    """received : (n,) int64, what the host took; n_swept : clocks that were taken at once"""

    @property
    def received(self) -> np.ndarray: ...

    @property
    def n_swept(self) -> int: ...


@runtime_checkable
class HostedLevel(Level, Protocol):
    """The event level of a chip that its host leads; ops : (n, 2) int64, operations and operands."""

    def run(self, model: Any, ops: Any, host: Any, /, max_cycles: int | None = None) -> HostedRan: ...


@runtime_checkable
class HostRoom(Protocol):
    """The host that leads a chip.

    Op : its operations, an IntEnum
    Host : the class of its delays, a dataclass that has ``gap``, ``hold``, ``ack_delay`` and ``ack_hold``, all in
        clocks; its ``delays`` are the same as kernels take them
    ``operand_range`` gives the least and the greatest operand of an operation; ``clock_limit`` the clocks after which
    operations are taken to go on for ever.
    ``start`` gives the state of a host that has not begun, a record. ``act`` does in that state what the host does
    before the next edge, while the chip shows ``outputs``, and ``skip`` lets clocks pass.
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


def _is_level(found: object) -> TypeGuard[Level]:
    return isinstance(found, Level)


def _is_closed_loop(found: object) -> TypeGuard[ClosedLoopLevel]:
    return isinstance(found, ClosedLoopLevel)


def _is_bus_level(found: object) -> TypeGuard[BusLevel]:
    return isinstance(found, BusLevel)


def _is_hosted_level(found: object) -> TypeGuard[HostedLevel]:
    return isinstance(found, HostedLevel)


def _is_host(found: object) -> TypeGuard[HostRoom]:
    return isinstance(found, HostRoom)


_RIGHT = "a module with a function run"
ENGINE: Part[Level] = Part("engine", "event-level engine", WITHOUT, _is_level, _RIGHT)
BUS_ENGINE: Part[BusLevel] = Part("engine", "event-level engine", WITHOUT, _is_bus_level, _RIGHT)
HOSTED_ENGINE: Part[HostedLevel] = Part("engine", "event-level engine", WITHOUT, _is_hosted_level, _RIGHT)
CLOSED_LOOP: Part[ClosedLoopLevel] = Part("closed_loop", "closed loop", WITHOUT, _is_closed_loop, _RIGHT)
HOST: Part[HostRoom] = Part(
    "host", "host", "nobody leads it", _is_host, "a module with Op, Host, operand_range, clock_limit, start, act, skip"
)
