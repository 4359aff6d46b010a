"""Buses: their kinds, and which of a chip's pins belong to which bus."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from draupnir.emulator.declare.errors import DeclarationError, unique
from draupnir.emulator.declare.pins import Pin
from draupnir.emulator.declare.steps import Script

if TYPE_CHECKING:
    import numpy as np  # a command's help takes no time for it

S = TypeVar("S")


@dataclass(frozen=True)
class Role:
    """The part that one or more pins play in a bus.

    side : who drives it, one of the kind's sides
    width : bits of all its pins together; None: each bus has its own
    edges : something acts at its edges at once, as at a clock's, so that it must find the other pins settled
    rest : the level while nothing happens
    """

    name: str
    side: str
    meaning: str
    width: int | None = 1
    edges: bool = False
    rest: int = 0


@dataclass(frozen=True)
class BusParameter:
    """A number in which buses of one kind differ: ``low`` to ``high``, ``default`` where a bus does not say."""

    name: str
    low: int
    high: int
    default: int
    meaning: str


@dataclass(frozen=True)
class SendingSide:
    """The sending side in software.

    timing : the class of its options; without arguments a side that keeps the protocol
    script : of the bus, the items to send, a timing and a generator of random numbers. An item is what the payload
    role carries; None is a clock without anything to send. The script ends with the items, and its last levels, which
    offer nothing, stay.
    """

    timing: Callable[[], Any]
    script: Callable[[WiredBus, Iterator[int | None], Any, np.random.Generator], Script]


@dataclass(frozen=True)
class ReceivingSide:
    """The receiving side in software: ``timing`` as for the sender; the script goes on for ever."""

    timing: Callable[[], Any]
    script: Callable[[WiredBus, Any, np.random.Generator], Script]


Watch = Generator[int | None, Mapping[str, int], None]
"""A monitor: it is sent the levels of all roles at a clock edge, and yields the item that passed there, or None.

The first value that it yields means nothing.
"""


@dataclass(frozen=True)
class BusKind:
    """A protocol between two sides, and both of them in software.

    sides : the two who drive pins; where something is sent, the sender first
    payload : the role that carries what is sent, "" if the protocol has no such role
    clocked : True: the sides look at each other at the clock's edges only; False: at any time
    strobe : of a protocol that is not clocked, the role whose rise is the moment at which an item passes
    sender, receiver, watch : the sides in software and the monitor; None where more than the pins must be known
    """

    name: str
    meaning: str
    sides: tuple[str, str]
    roles: tuple[Role, ...]
    payload: str = ""
    clocked: bool = True
    strobe: str = ""
    parameters: tuple[BusParameter, ...] = ()
    sender: SendingSide | None = None
    receiver: ReceivingSide | None = None
    watch: Callable[[WiredBus], Watch] | None = None

    def __post_init__(self) -> None:
        unique(f"bus kind {self.name}", "role", [role.name for role in self.roles])
        for role in self.roles:
            if role.side not in self.sides:
                sides = " and ".join(self.sides)
                raise DeclarationError(
                    f"bus kind {self.name}: side {role.side!r} drives {role.name!r}; its sides are {sides}"
                )
        for name in filter(None, (self.payload, self.strobe)):
            self.role(name)

    def role(self, name: str) -> Role:
        for role in self.roles:
            if role.name == name:
                return role
        raise DeclarationError(
            f"bus kind {self.name}: no role {name!r}; it has {', '.join(r.name for r in self.roles)}"
        )


@dataclass(frozen=True)
class Bus:
    """A bus of a chip.

    pins : role -> name of its pin, or of several, the one with the lowest bits first
    parameters : of the kind, by name, where they are not the default
    clock : the clock pin at whose edges a clocked bus is looked at; "" for the chip's first

    Raises DeclarationError if a role of the kind has no pin, or for a role or a parameter that the kind does not have.
    """

    name: str
    kind: BusKind
    pins: Mapping[str, str | tuple[str, ...]]
    meaning: str = ""
    parameters: Mapping[str, int] = field(default_factory=dict)
    clock: str = ""

    def __post_init__(self) -> None:
        roles = [role.name for role in self.kind.roles]
        for name in (*self.pins, *roles):
            if (name in self.pins) != (name in roles):
                told = "has no pin" if name in roles else "is no role of it"
                raise DeclarationError(
                    f"bus {self.name}: {name!r} {told}; a bus of kind {self.kind.name} has pins for {', '.join(roles)}"
                )
        known = {parameter.name: parameter for parameter in self.kind.parameters}
        for name, number in self.parameters.items():
            if name not in known:
                raise DeclarationError(f"bus {self.name}: the kind {self.kind.name} has no parameter {name!r}")
            if not known[name].low <= number <= known[name].high:
                raise DeclarationError(
                    f"bus {self.name}: {name} is {number}; right is {known[name].low}..{known[name].high}"
                )

    def names(self, role: str) -> tuple[str, ...]:
        """Names of a role's pins, the one with the lowest bits first."""
        names = self.pins[role]
        return (names,) if isinstance(names, str) else names

    @property
    def all_names(self) -> tuple[str, ...]:
        return tuple(name for role in self.pins for name in self.names(role))

    def parameter(self, name: str) -> int:
        if name in self.parameters:
            return self.parameters[name]
        return next(parameter.default for parameter in self.kind.parameters if parameter.name == name)


@dataclass(frozen=True)
class WiredBus:
    """A bus with the pins of its chip: role -> pins, the one with the lowest bits first.

    Raises DeclarationError if a role's pins are not as wide as the kind says, or if the chip would drive neither side's
    roles, or some of both.
    """

    bus: Bus
    pins: Mapping[str, tuple[Pin, ...]]

    def __post_init__(self) -> None:
        kind = self.kind
        for role in kind.roles:
            if role.width is not None and self.width(role.name) != role.width:
                raise DeclarationError(
                    f"bus {self.name}: {role.name} has {self.width(role.name)} bits; in {kind.name} it has {role.width}"
                )
        for role in kind.roles:
            for pin in self.pins[role.name]:
                if pin.direction != ("out" if role.side == self.side else "in"):
                    raise DeclarationError(
                        f"bus {self.name}: pin {pin.name} is {pin.direction}, though the {self.side} of "
                        f"{kind.name}, which the chip is by its first pin, "
                        f"{'drives' if role.side == self.side else 'does not drive'} {role.name}"
                    )

    @property
    def name(self) -> str:
        return self.bus.name

    @property
    def kind(self) -> BusKind:
        return self.bus.kind

    @property
    def side(self) -> str:
        """The side that the chip is, told by the direction of the first role's pin."""
        first = self.kind.roles[0]
        other = next(side for side in self.kind.sides if side != first.side)
        return first.side if self.pins[first.name][0].direction == "out" else other

    @property
    def chip_sends(self) -> bool:
        """Tell whether the chip is the first of the kind's sides, which sends where something is sent."""
        return self.side == self.kind.sides[0]

    @property
    def payload(self) -> str:
        return self.kind.payload

    @property
    def payload_width(self) -> int:
        """Bits of an item."""
        return self.width(self.payload)

    def width(self, role: str) -> int:
        return sum(pin.width for pin in self.pins[role])

    def high(self, role: str) -> int:
        """The highest level of a role: all of its bits are 1."""
        return self._highest[role]

    @cached_property
    def _highest(self) -> dict[str, int]:
        return {role: (1 << self.width(role)) - 1 for role in self.pins}

    def fitting(self, role: str, level: int) -> int:
        """Return the level. Raises ValueError if it does not fit its role."""
        if not 0 <= level <= self._highest[role]:
            raise ValueError(f"bus {self.name}: {role} {level:#x} is not within 0..{self._highest[role]:#x}")
        return level

    def parameter(self, name: str) -> int:
        return self.bus.parameter(name)

    def pin(self, role: str) -> Pin:
        """The only pin of a role. Raises ValueError if the role has several."""
        (pin,) = self.pins[role]
        return pin

    def sending(self, items: Iterator[int | None], rng: np.random.Generator, timing: Any = None) -> Script:
        """The steps of a sender outside of the chip; timing : of the kind, None for one that keeps the protocol.

        Raises DeclarationError if the chip does not receive on this bus, or if the kind has no sender in software.
        """
        side = self._in_software(self.kind.sides[0], self.kind.sender)
        return side.script(self, items, timing or side.timing(), rng)

    def receiving(self, rng: np.random.Generator, timing: Any = None) -> Script:
        """The steps of a receiver outside of the chip; ``timing`` and errors as for ``sending``."""
        side = self._in_software(self.kind.sides[1], self.kind.receiver)
        return side.script(self, timing or side.timing(), rng)

    def watching(self) -> Watch:
        """The monitor, which has not yet seen anything. Raises DeclarationError if the kind has none."""
        if self.kind.watch is None:
            raise DeclarationError(f"bus {self.name}: nobody has written a monitor of kind {self.kind.name}")
        monitor = self.kind.watch(self)
        next(monitor)
        return monitor

    def _in_software(self, side: str, written: S | None) -> S:
        if self.side == side:
            raise DeclarationError(f"bus {self.name}: the chip itself is the {side}")
        if written is None:
            raise DeclarationError(f"bus {self.name}: nobody has written the {side} of kind {self.kind.name}")
        return written

    def driven(self, by_chip: bool) -> tuple[str, ...]:
        """The roles that the chip drives, or those that whoever is outside of it drives."""
        return tuple(role.name for role in self.kind.roles if (role.side == self.side) == by_chip)

    def levels(self, levels: Mapping[str, int]) -> dict[str, int]:
        """Levels of pins, by name, of levels of roles. Raises ValueError for a level that does not fit its role."""
        named = {}
        for role, level in levels.items():
            self.fitting(role, level)
            for pin in self.pins[role]:
                named[pin.name] = level & (1 << pin.width) - 1
                level >>= pin.width
        return named

    def level(self, role: str, shown: Mapping[str, int]) -> int:
        """The level of a role, of levels of pins by name."""
        level = lsb = 0
        for pin in self.pins[role]:
            level |= shown[pin.name] << lsb
            lsb += pin.width
        return level
