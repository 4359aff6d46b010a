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

    side : the side that drives the pins, one of the kind's two sides
    width : the number of bits of all its pins together, at least 1; None if each bus has its own width
    edges : True if the receiver acts at the edges of this pin at once, as at those of a clock (SCK of an SPI); the
        other pins must then be stable at the edge
    rest : the level while nothing happens, 0..2**width - 1
    """

    name: str
    side: str
    meaning: str
    width: int | None = 1
    edges: bool = False
    rest: int = 0


@dataclass(frozen=True)
class BusParameter:
    """A number in which buses of one kind differ.

    low, high : the smallest and the largest value, both allowed
    default : the value of a bus that gives none
    meaning : one line
    """

    name: str
    low: int
    high: int
    default: int
    meaning: str


@dataclass(frozen=True)
class SendingSide:
    """The sending side in software.

    timing : the class of its options; an object that is built without arguments keeps the protocol
    script : a function of the bus, the items to send, a timing and a generator of random numbers. An item is an integer
        for the payload role, 0..2**width - 1; None stands for one clock in which there is nothing to send. The script
        ends after the last item. Its last levels offer no item, and they stay.
    """

    timing: Callable[[], Any]
    script: Callable[[WiredBus, Iterator[int | None], Any, np.random.Generator], Script]


@dataclass(frozen=True)
class ReceivingSide:
    """The receiving side in software.

    timing : the class of its options; an object that is built without arguments keeps the protocol
    script : a function of the bus, a timing and a generator of random numbers; the script never ends
    """

    timing: Callable[[], Any]
    script: Callable[[WiredBus, Any, np.random.Generator], Script]


Watch = Generator[int | None, Mapping[str, int], None]
"""A monitor: a generator that receives the levels of all roles at each clock edge.

It yields the item that passes at this edge, or None. The first value that it yields has no meaning.
"""


@dataclass(frozen=True)
class BusKind:
    """A protocol between two sides, and both of them in software.

    sides : the names of the two sides; if one of them sends items, it comes first
    payload : the role that carries the items, "" if the protocol has no such role
    clocked : True if the sides look at each other only at clock edges, False if they do so at any time
    strobe : the role whose rising edge passes an item, if the protocol is not clocked
    sender, receiver, watch : the two sides in software, and the monitor; None if the pins alone do not suffice to
        write them

    Raises DeclarationError for a role of another side, and for a payload or a strobe that is not one of the roles.
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
        """The role of this name. Raises DeclarationError if there is none."""
        for role in self.roles:
            if role.name == name:
                return role
        raise DeclarationError(
            f"bus kind {self.name}: no role {name!r}; it has {', '.join(r.name for r in self.roles)}"
        )


@dataclass(frozen=True)
class Bus:
    """A bus of a chip.

    pins : role -> name of its pin, or names of its pins, the one with the lowest bits first
    parameters : name -> value of each parameter of the kind that does not have its default value
    clock : the clock pin of a clocked bus; "" for the chip's first clock

    Raises DeclarationError if a role of the kind has no pin, for a role or a parameter that the kind does not have, and
    for a value that is out of the parameter's range.
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
                problem = "has no pin" if name in roles else "is not one of its roles"
                raise DeclarationError(
                    f"bus {self.name}: {name!r} {problem}; a bus of kind {self.kind.name} has pins for"
                    f" {', '.join(roles)}"
                )
        parameters = {parameter.name: parameter for parameter in self.kind.parameters}
        for name, number in self.parameters.items():
            if name not in parameters:
                raise DeclarationError(f"bus {self.name}: the kind {self.kind.name} has no parameter {name!r}")
            if not parameters[name].low <= number <= parameters[name].high:
                raise DeclarationError(
                    f"bus {self.name}: {name} is {number}; right is {parameters[name].low}..{parameters[name].high}"
                )

    def names(self, role: str) -> tuple[str, ...]:
        """The names of a role's pins, the one with the lowest bits first."""
        names = self.pins[role]
        return (names,) if isinstance(names, str) else names

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names of all pins of the bus."""
        return tuple(name for role in self.pins for name in self.names(role))

    def parameter(self, name: str) -> int:
        """The value of a parameter: the bus's own, or else the kind's default."""
        if name in self.parameters:
            return self.parameters[name]
        return next(parameter.default for parameter in self.kind.parameters if parameter.name == name)


@dataclass(frozen=True)
class WiredBus:
    """A bus with the pins of its chip.

    pins : role -> pins, the one with the lowest bits first

    Raises DeclarationError if a role's pins do not have the width that the kind says, and if the chip does not drive
    exactly the roles of one side.
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
        """The side that the chip is. The direction of the first role's pin decides."""
        first_role = self.kind.roles[0]
        other_side = next(side for side in self.kind.sides if side != first_role.side)
        return first_role.side if self.pins[first_role.name][0].direction == "out" else other_side

    @property
    def chip_sends(self) -> bool:
        """True if the chip is the first of the kind's sides, which is the one that sends."""
        return self.side == self.kind.sides[0]

    @property
    def payload(self) -> str:
        """The role that carries the items, "" if there is none."""
        return self.kind.payload

    @property
    def payload_width(self) -> int:
        """The number of bits of an item."""
        return self.width(self.payload)

    def width(self, role: str) -> int:
        """The number of bits of all pins of a role."""
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

    def sender_script(self, items: Iterator[int | None], rng: np.random.Generator, timing: Any = None) -> Script:
        """The steps of a sender outside of the chip.

        items : integers for the payload role, 0..2**payload_width - 1; None for a clock without an item
        timing : an object of the kind's class for it; None for a sender that keeps the protocol

        Raises DeclarationError if the chip does not receive on this bus, or if the kind has no sender in software.
        """
        side = self._in_software(self.kind.sides[0], self.kind.sender)
        return side.script(self, items, timing or side.timing(), rng)

    def receiver_script(self, rng: np.random.Generator, timing: Any = None) -> Script:
        """The steps of a receiver outside of the chip.

        timing : an object of the kind's class for it; None for a receiver that keeps the protocol

        Raises DeclarationError if the chip does not send on this bus, or if the kind has no receiver in software.
        """
        side = self._in_software(self.kind.sides[1], self.kind.receiver)
        return side.script(self, timing or side.timing(), rng)

    def monitor(self) -> Watch:
        """A new monitor, ready for the levels of the first edge. Raises DeclarationError if the kind has none."""
        if self.kind.watch is None:
            raise DeclarationError(f"bus {self.name}: nobody has written a monitor of kind {self.kind.name}")
        monitor = self.kind.watch(self)
        next(monitor)
        return monitor

    def _in_software(self, side: str, software: S | None) -> S:
        if self.side == side:
            raise DeclarationError(f"bus {self.name}: the chip itself is the {side}")
        if software is None:
            raise DeclarationError(f"bus {self.name}: nobody has written the {side} of kind {self.kind.name}")
        return software

    def driven_roles(self, by_chip: bool) -> tuple[str, ...]:
        """The names of the roles that the chip drives, or (``by_chip`` False) of those that the other side drives."""
        return tuple(role.name for role in self.kind.roles if (role.side == self.side) == by_chip)

    def levels(self, levels: Mapping[str, int]) -> dict[str, int]:
        """Split the levels of roles into the levels of their pins, by name.

        levels : role -> level, 0..2**width - 1 of the role. Raises ValueError for one out of this range.
        """
        pin_levels = {}
        for role, level in levels.items():
            self.fitting(role, level)
            for pin in self.pins[role]:
                pin_levels[pin.name] = level & (1 << pin.width) - 1
                level >>= pin.width
        return pin_levels

    def level(self, role: str, pin_levels: Mapping[str, int]) -> int:
        """Join the levels of a role's pins: the level of the role, 0..2**width - 1.

        pin_levels : name of a pin -> level; it has at least the pins of this role
        """
        level = lsb = 0
        for pin in self.pins[role]:
            level |= pin_levels[pin.name] << lsb
            lsb += pin.width
        return level
