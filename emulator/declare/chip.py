"""A chip: all that is declared of it."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from functools import cached_property

from draupnir.emulator.declare.errors import DeclarationError, unique
from draupnir.emulator.declare.events import Event
from draupnir.emulator.declare.memories import Memory
from draupnir.emulator.declare.pins import Pin, PinWord, pin_word
from draupnir.emulator.declare.registers import Block, Register


@dataclass(frozen=True)
class Chip:
    """All that is declared of a chip.

    Its input pins but the clock are packed into rows, and so are its output pins (see ``draupnir.emulator.trace``);
    together they may be as wide as they like.

    name : that of the chip's folders, which Python imports: an identifier, by custom in lower case
    title : the chip's name as people write it; what it is may follow after a colon
    """

    name: str
    title: str
    pins: tuple[Pin, ...]
    memories: tuple[Memory, ...]
    registers: tuple[Register, ...]
    blocks: tuple[Block, ...]
    events: tuple[Event, ...]
    source: str

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or keyword.iskeyword(self.name):
            raise DeclarationError(
                f"chip {self.name!r}: its folders have this name, so it must be a Python identifier, for instance "
                f"{_identifier(self.name)!r}; the title may be anything"
            )
        unique(self.name, "pin", [p.name for p in self.pins])
        unique(self.name, "memory", [m.name for m in self.memories])
        unique(self.name, "register", [r.name for r in self.registers])
        unique(self.name, "state register", [r.name for b in self.blocks for r in b.regs])
        if [p.role for p in self.pins].count("clock") != 1:
            raise DeclarationError(f"{self.name}: exactly one pin must have the role 'clock'")

    @property
    def clock(self) -> Pin:
        return next(p for p in self.pins if p.role == "clock")

    @property
    def inputs(self) -> tuple[Pin, ...]:
        """Input pins without the clock, in the order in which they are packed."""
        return tuple(p for p in self.pins if p.direction == "in" and p.role != "clock")

    @property
    def outputs(self) -> tuple[Pin, ...]:
        return tuple(p for p in self.pins if p.direction == "out")

    @cached_property
    def input_word(self) -> PinWord:
        return pin_word(f"{self.name} inputs", self.inputs)

    @cached_property
    def output_word(self) -> PinWord:
        return pin_word(f"{self.name} outputs", self.outputs)

    def pin(self, name: str) -> Pin:
        return next(p for p in self.pins if p.name == name)

    def memory(self, name: str) -> Memory:
        for memory in self.memories:
            if memory.name == name:
                return memory
        raise KeyError(f"{self.name} has no memory {name!r}; it has {', '.join(m.name for m in self.memories)}")

    def register(self, name: str) -> Register:
        for register in self.registers:
            if register.name == name:
                return register
        raise KeyError(f"{self.name} has no register {name!r}")

    def event_of(self, addr: int) -> Event | None:
        """The first declared event that a bus value matches."""
        return next((e for e in self.events if e.matches(addr)), None)


def _identifier(name: str) -> str:
    """A Python identifier that resembles a name."""
    near = re.sub(r"\W", "_", name.lower())
    return near if near.isidentifier() and not keyword.iskeyword(near) else f"chip_{near}"
