"""The vocabulary in which a chip is declared, once, as data.

Everything here is frozen and checked when it is built: a bit range that overlaps another or leaves its
word, or a name used twice, is an error at import and not a surprise at run time.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

INTEGER_BITS = 63  # of an int64 without its sign: of a row of packed pins, of a register of the state


class DeclarationError(ValueError):
    """A declaration contradicts itself."""


def _unique(owner: str, kind: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise DeclarationError(f"{owner}: {kind} {name!r} is declared twice; each name must be unique")


def _identifier(name: str) -> str:
    """A Python identifier that resembles a name."""
    near = re.sub(r"\W", "_", name.lower())
    return near if near.isidentifier() and not keyword.iskeyword(near) else f"chip_{near}"


@dataclass(frozen=True)
class Field:
    """A run of bits in a word.

    lsb : position of the least significant bit, from 0
    width : bits, at least 1
    meaning : one line
    unit : "" for a flag or an address
    kind : "parameter" (configured), "state" (the chip writes it) or "" where the distinction has no sense
    """

    name: str
    lsb: int
    width: int
    meaning: str
    unit: str = ""
    signed: bool = False
    kind: Literal["", "parameter", "state"] = ""

    @property
    def msb(self) -> int:
        return self.lsb + self.width - 1

    @property
    def low(self) -> int:
        """Smallest value that fits."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Largest value that fits."""
        return (1 << (self.width - int(self.signed))) - 1

    def take(self, content: int) -> int:
        """The field of a word, with its sign if it is declared signed."""
        raw = content >> self.lsb & ((1 << self.width) - 1)
        return raw - (1 << self.width) if self.signed and raw >> (self.width - 1) else raw


@dataclass(frozen=True)
class Word:
    """A word of ``width`` bits made of named, non-overlapping fields; bits in no field are unused."""

    name: str
    width: int
    fields: tuple[Field, ...]
    source: str = ""

    def __post_init__(self) -> None:
        _unique(self.name, "field", [f.name for f in self.fields])
        taken: dict[int, str] = {}
        for f in self.fields:
            if f.width < 1 or f.lsb < 0 or f.msb >= self.width:
                raise DeclarationError(
                    f"{self.name}.{f.name}: bits {f.msb}..{f.lsb} are not within 0..{self.width - 1}"
                )
            for bit in range(f.lsb, f.msb + 1):
                if bit in taken:
                    raise DeclarationError(f"{self.name}.{f.name}: bit {bit} already belongs to {taken[bit]!r}")
                taken[bit] = f.name

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __getitem__(self, name: str) -> Field:
        for f in self.fields:
            if f.name == name:
                return f
        raise KeyError(f"{self.name} has no field {name!r}; it has {', '.join(f.name for f in self.fields)}")

    def __contains__(self, name: object) -> bool:
        return any(f.name == name for f in self.fields)


@dataclass(frozen=True)
class Pin:
    """A pin of the chip's top level, by the name that its documentation gives it.

    role : what the pin is to a test bench: "clock", "reset", "sck", "mosi", "miso", "req", "ack", "addr"
    bus : the bus it belongs to ("spi", "aerin", ...), "" for clock and reset
    """

    name: str
    direction: Literal["in", "out"]
    width: int
    role: str
    meaning: str
    bus: str = ""

    def __post_init__(self) -> None:
        if self.width < 1:
            raise DeclarationError(f"pin {self.name}: width {self.width}; a pin has at least 1 bit")


def pin_word(name: str, pins: tuple[Pin, ...]) -> Word:
    """The pins side by side in one word, the first pin in the lowest bits."""
    fields = []
    lsb = 0
    for pin in pins:
        fields.append(Field(pin.name, lsb, pin.width, pin.meaning))
        lsb += pin.width
    return Word(name, lsb, tuple(fields))


@dataclass(frozen=True)
class Matrix:
    """How a memory's words make up a matrix: row after row, entry after entry, the first in a word's lowest bits.

    rows, columns : names of what they stand for, and how many there are
    entry : the fields of one entry, of 1, 2, 4, 8, 16 or 32 bits; words are filled with entries entirely
    """

    rows: tuple[str, int]
    columns: tuple[str, int]
    entry: Word

    def __post_init__(self) -> None:
        if 32 % self.entry.width:
            raise DeclarationError(f"{self.entry.name}: {self.entry.width} bits do not divide 32")

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows[1], self.columns[1]


@dataclass(frozen=True)
class Memory:
    """An addressable memory.

    words : the ways to read one word, by name; the first is the default view
    view : which of them applies is told by this field of the default view (value -> view name), if any
    matrix : what its users think in, if that is not words
    unused : fields, in the default view, of a word that nobody configured, where one of zeros would do something
    """

    name: str
    depth: int
    width: int
    words: tuple[Word, ...]
    source: str = ""
    view: Mapping[int, str] = field(default_factory=dict)
    view_field: str = ""
    matrix: Matrix | None = None
    unused: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for word in self.words:
            if word.width != self.width:
                raise DeclarationError(
                    f"memory {self.name}: view {word.name} has {word.width} bits, the memory {self.width}"
                )
        for name in self.unused:
            if name not in self.words[0]:
                raise DeclarationError(f"memory {self.name}: unused.{name} is no field of {self.words[0].name}")
        if self.matrix and math.prod(self.matrix.shape) * self.matrix.entry.width != self.depth * self.width:
            rows, columns = self.matrix.shape
            raise DeclarationError(
                f"memory {self.name}: {rows} x {columns} entries of {self.matrix.entry.width} bits are not"
                f" {self.depth} words of {self.width}"
            )

    @property
    def n_limbs(self) -> int:
        """32-bit limbs in a word (limb 0 is the least significant)."""
        return math.ceil(self.width / 32)

    def word(self, name: str) -> Word:
        for word in self.words:
            if word.name == name:
                return word
        raise KeyError(f"memory {self.name} has no view {name!r}")

    def word_of(self, content: int) -> Word:
        """The view that applies to a word with this content."""
        if not self.view_field:
            return self.words[0]
        f = self.words[0][self.view_field]
        return self.word(self.view[content >> f.lsb & f.high])


@dataclass(frozen=True)
class Register:
    """A configuration register, spread over ``n_addrs`` consecutive addresses of ``width`` bits each.

    reset : content after a reset, or None if no reset touches it
    default : what it is written with where a configuration does not say: ``reset``, or else 0, unless given
    """

    name: str
    addr: int
    width: int
    meaning: str
    n_addrs: int = 1
    unit: str = ""
    source: str = ""
    signed: bool = False
    reset: int | None = None
    default: int | None = None

    @property
    def unsaid(self) -> int:
        """Content of each address where a configuration does not say."""
        return self.default if self.default is not None else self.reset or 0

    @property
    def low(self) -> int:
        """Smallest content of an address."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Largest content of an address."""
        return (1 << (self.width - int(self.signed))) - 1


@dataclass(frozen=True)
class Reg:
    """A register of the model's state: what a flip-flop, or an array of them, holds between two clocks.

    width : bits, 1..63
    reset : value after reset, or None if no reset touches it
    shape : () for one register, else an array of them
    """

    name: str
    width: int
    reset: int | None = 0
    shape: tuple[int, ...] = ()
    meaning: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.width <= INTEGER_BITS:
            raise DeclarationError(
                f"state register {self.name}: width {self.width}; right is 1..{INTEGER_BITS},"
                " and shape= for an array of several"
            )


@dataclass(frozen=True)
class Block:
    """A block of the chip's diagram and the registers that it owns."""

    name: str
    regs: tuple[Reg, ...]
    source: str = ""


@dataclass(frozen=True)
class Event:
    """An event on an address bus: the bits that identify it, and the fields that it carries.

    pattern : the bus from its most significant bit, '0' and '1' fixed, '-' free, for instance "1" + 16 * "-"
    fields : the free bits that mean something
    cycles : clocks from leaving the idle state to having been processed
    """

    name: str
    pattern: str
    fields: tuple[Field, ...]
    cycles: int
    meaning: str
    source: str = ""

    def matches(self, addr: int) -> bool:
        bits = format(addr, f"0{len(self.pattern)}b")
        return len(bits) == len(self.pattern) and all(p in ("-", b) for p, b in zip(self.pattern, bits, strict=True))

    def encode(self, **values: int) -> int:
        """The bus value for the given field values; fields not given are 0.

        Raises ValueError for an unknown field or a value that does not fit.
        """
        addr = int(self.pattern.replace("-", "0"), 2)
        known = {f.name: f for f in self.fields}
        for name, given in values.items():
            if name not in known:
                raise ValueError(f"event {self.name}: no field {name!r}; it has {', '.join(known) or 'none'}")
            f = known[name]
            if not f.low <= given <= f.high:
                raise ValueError(f"event {self.name}.{name}: {given} is not within {f.low}..{f.high}")
            addr |= (given & ((1 << f.width) - 1)) << f.lsb
        return addr

    def decode(self, addr: int) -> dict[str, int]:
        """The fields by name; signed ones with their sign."""
        return {f.name: f.take(addr) for f in self.fields}


@dataclass(frozen=True)
class Chip:
    """All that is declared of a chip.

    Its input pins but the clock, and likewise its output pins, are together at most 63 bits: they are packed into rows
    (see ``draupnir.emulator.trace``).

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
        _unique(self.name, "pin", [p.name for p in self.pins])
        _unique(self.name, "memory", [m.name for m in self.memories])
        _unique(self.name, "register", [r.name for r in self.registers])
        _unique(self.name, "state register", [r.name for b in self.blocks for r in b.regs])
        if [p.role for p in self.pins].count("clock") != 1:
            raise DeclarationError(f"{self.name}: exactly one pin must have the role 'clock'")
        for word in (self.input_word, self.output_word):
            if word.width > INTEGER_BITS:
                raise DeclarationError(
                    f"{word.name}: {word.width} bits; they are packed into one row, which holds at most {INTEGER_BITS}"
                )

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

    @property
    def input_word(self) -> Word:
        return pin_word(f"{self.name} inputs", self.inputs)

    @property
    def output_word(self) -> Word:
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
