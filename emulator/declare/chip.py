"""The declaration of a chip."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from draupnir.emulator.declare.buses import Bus, BusKind, WiredBus
from draupnir.emulator.declare.errors import DeclarationError, unique
from draupnir.emulator.declare.events import Event
from draupnir.emulator.declare.memories import Memory
from draupnir.emulator.declare.pins import OutputPin, Pin, PinWord, Probe, UsedClock, clock_of, pin_word
from draupnir.emulator.declare.registers import OF_THE_MODEL, Block, Register

MOST_CLOCKS = 4  # a row of a trace has eight bits for edges, two for each clock


@dataclass(frozen=True)
class Chip:
    """The declaration of a chip.

    The input pins without the clocks are packed into rows, and so are the output pins. There is no limit to their
    number. See ``draupnir.emulator.trace``.

    name : the name of the chip's folders, which Python imports: an identifier, by custom in lower case
    title : the chip's name as people write it; after a colon, what the chip is
    blocks : the registers of the model's state, block by block
    registers : the registers that a configuration writes
    sizes : the values of the chip's parameters, if it has any (see ``sized``)
    probes : internal signals that are compared together with the output pins; they stand in the rows of outputs

    Raises DeclarationError if a name stands twice, if the number of clocks is not 1..4, if a pin of a bus does not
    exist, is in two buses or has another role, or if a pin with the role "bus" is in no bus.
    """

    name: str
    title: str
    pins: tuple[Pin, ...]
    memories: tuple[Memory, ...]
    registers: tuple[Register, ...]
    blocks: tuple[Block, ...]
    events: tuple[Event, ...]
    source: str
    buses: tuple[Bus, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    probes: tuple[Probe, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or keyword.iskeyword(self.name):
            raise DeclarationError(
                f"chip {self.name!r}: its folders have this name, so it must be a Python identifier, for instance "
                f"{_identifier(self.name)!r}; the title may be anything"
            )
        unique(self.name, "pin", [p.name for p in self.pins])
        unique(self.name, "pin or probe", [*(p.name for p in self.pins), *(p.name for p in self.probes)])
        unique(self.name, "memory", [m.name for m in self.memories])
        unique(self.name, "register", [r.name for r in self.registers])
        unique(self.name, "state register", [*OF_THE_MODEL, *(r.name for b in self.blocks for r in b.regs)])
        n_clocks = [p.role for p in self.pins].count("clock")
        if not 1 <= n_clocks <= MOST_CLOCKS:
            raise DeclarationError(f"{self.name}: {n_clocks} pins have the role 'clock'; right are 1 to {MOST_CLOCKS}")
        self._check_buses()

    def _check_buses(self) -> None:
        unique(self.name, "bus", [bus.name for bus in self.buses])
        pins = {pin.name: pin for pin in self.pins}
        clocks = [clock.pin.name for clock in self.clocks]
        owner: dict[str, str] = {}
        for bus in self.buses:
            if bus.clock and bus.clock not in clocks:
                raise DeclarationError(
                    f"{self.name}: bus {bus.name} has the clock {bus.clock}; right is one of {', '.join(clocks)}"
                )
            for name in bus.all_names:
                if name not in pins:
                    raise DeclarationError(f"{self.name}: bus {bus.name} has a pin {name}, which is not declared")
                if name in owner:
                    raise DeclarationError(f"{self.name}: pin {name} is in bus {owner[name]} and in bus {bus.name}")
                if pins[name].role != "bus":
                    raise DeclarationError(
                        f"{self.name}: pin {name} is in bus {bus.name}, and its role is {pins[name].role!r}; right is"
                        " 'bus'"
                    )
                owner[name] = bus.name
        for pin in self.pins:
            if pin.role == "bus" and pin.name not in owner:
                raise DeclarationError(f"{self.name}: pin {pin.name} has the role 'bus', and no bus has the pin")
        for bus in self.buses:
            self.bus(bus.name)

    @cached_property
    def clocks(self) -> tuple[UsedClock, ...]:
        """The clocks, in the order of their declaration."""
        pins = [pin for pin in self.pins if pin.role == "clock"]
        return tuple(clock_of(pin, number) for number, pin in enumerate(pins))

    @property
    def clock(self) -> Pin:
        """The first clock's pin."""
        return self.clocks[0].pin

    @property
    def period(self) -> tuple[int, ...]:
        """The edges of one period in which all clocks run in step: the rises, then the falls, if the chip uses any.

        Each entry is a mask as in the rows of a trace: bit 2k stands for a rise of clock k, bit 2k + 1 for a fall. A
        chip with one clock of which it uses the rising edge has (1,).
        """
        rises = sum(clock.rise for clock in self.clocks)
        falls = sum(clock.fall for clock in self.clocks)
        return tuple(edges for edges in (rises, falls) if edges)

    @property
    def used_edges(self) -> str:
        """The clocks with their edges, in words: CLK (rising), STROBE (both)."""
        return ", ".join(f"{clock.pin.name} ({clock.pin.edges})" for clock in self.clocks)

    @property
    def resets(self) -> tuple[Pin, ...]:
        """The pins with the role "reset"."""
        return tuple(pin for pin in self.pins if pin.role == "reset")

    def reset_levels(self, active: bool) -> dict[str, int]:
        """The level of each reset pin, by name, while all resets are active, or while none is."""
        return {pin.name: pin.active_level if active else pin.rest for pin in self.resets}

    @property
    def inputs(self) -> tuple[Pin, ...]:
        """The input pins without the clocks, in the order in which a row packs them."""
        return tuple(p for p in self.pins if p.direction == "in" and p.role != "clock")

    @property
    def outputs(self) -> tuple[Pin, ...]:
        """The output pins, in the order in which a row packs them."""
        return tuple(p for p in self.pins if p.direction == "out")

    @cached_property
    def input_word(self) -> PinWord:
        """The input pins without the clocks, side by side."""
        return pin_word(f"{self.name} inputs", self.inputs)

    @cached_property
    def output_word(self) -> PinWord:
        """The output pins, and above them the probes, side by side."""
        return pin_word(f"{self.name} outputs", self.outputs_and_probes)

    @property
    def outputs_and_probes(self) -> tuple[OutputPin, ...]:
        """The output pins, then the probes."""
        return (*self.outputs, *self.probes)

    def bus(self, name: str) -> WiredBus:
        """The bus of this name, with its pins. Raises KeyError if there is none."""
        for bus in self.buses:
            if bus.name == name:
                return WiredBus(bus, {role: tuple(map(self.pin, bus.names(role))) for role in bus.pins})
        raise KeyError(f"{self.name} has no bus {name!r}; it has {', '.join(b.name for b in self.buses) or 'none'}")

    def clock_of_bus(self, bus: Bus) -> UsedClock:
        """The clock of a bus: the one that it names, or else the chip's first."""
        return next(clock for clock in self.clocks if bus.clock in ("", clock.pin.name))

    @property
    def wired_buses(self) -> tuple[WiredBus, ...]:
        """All buses with their pins, in the order of their declaration."""
        return tuple(self.bus(bus.name) for bus in self.buses)

    @property
    def inputs_at_rest(self) -> dict[str, int]:
        """The levels of all input pins, by name, while nothing happens and no reset is active."""
        levels = {pin.name: pin.rest for pin in self.inputs}
        for bus in self.wired_buses:
            levels |= bus.levels({role: bus.kind.role(role).rest for role in bus.driven_roles(by_chip=False)})
        return levels

    def buses_of(self, kind: BusKind, side: str = "") -> tuple[WiredBus, ...]:
        """The buses of a kind, in the order of their declaration.

        side : only the buses in which the chip is this side; "" for all
        """
        return tuple(bus for bus in self.wired_buses if bus.kind == kind and side in ("", bus.side))

    def place_of(self, pin: Pin) -> tuple[str, str]:
        """The name of a pin's bus, and of its role there; two empty strings for a pin of no bus."""
        for bus in self.buses:
            for role in bus.pins:
                if pin.name in bus.names(role):
                    return bus.name, role
        return "", ""

    def acts_at_edges(self, pin: Pin) -> bool:
        """True if the chip acts at this pin's edges at once: for an asynchronous reset, and for the clock of an SPI."""
        bus, role = self.place_of(pin)
        return pin.asynchronous or (bus != "" and self.bus(bus).kind.role(role).edges)

    def pin(self, name: str) -> Pin:
        """The pin of this name. Raises StopIteration if there is none."""
        return next(p for p in self.pins if p.name == name)

    def memory(self, name: str) -> Memory:
        """The memory of this name. Raises KeyError if there is none."""
        for memory in self.memories:
            if memory.name == name:
                return memory
        raise KeyError(f"{self.name} has no memory {name!r}; it has {', '.join(m.name for m in self.memories)}")

    def block(self, name: str) -> Block:
        """The block of this name. Raises KeyError if there is none."""
        for block in self.blocks:
            if block.name == name:
                return block
        raise KeyError(f"{self.name} has no block {name!r}; it has {', '.join(b.name for b in self.blocks)}")

    def register(self, name: str) -> Register:
        """The configuration register of this name. Raises KeyError if there is none."""
        for register in self.registers:
            if register.name == name:
                return register
        raise KeyError(f"{self.name} has no register {name!r}")

    def event_of(self, addr: int) -> Event | None:
        """The first declared event whose pattern an address matches, or None."""
        return next((e for e in self.events if e.matches(addr)), None)


def _identifier(name: str) -> str:
    """A Python identifier that resembles a name."""
    identifier = re.sub(r"\W", "_", name.lower())
    return identifier if identifier.isidentifier() and not keyword.iskeyword(identifier) else f"chip_{identifier}"
