"""The pins of a chip's top level."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from draupnir.emulator.declare.errors import DeclarationError
from draupnir.emulator.declare.words import INTEGER_BITS, LIMB_BITS, Field, Word

ROLES = ("clock", "reset", "control", "status", "bus")
_PATH = re.compile(r"[A-Za-z_][\w$]*(\[\d+\])?(\.[A-Za-z_][\w$]*(\[\d+\])?)*")
Edges = Literal["rising", "falling", "both"]
_RISE_AND_FALL: dict[Edges, tuple[bool, bool]] = {
    "rising": (True, False),
    "falling": (False, True),
    "both": (True, True),
}


class UsedClock(NamedTuple):
    """A clock of a chip, and the bits that stand for its edges in the rows of a trace.

    pin : the clock pin
    rise, fall : the mask of a rising and of a falling edge, with one bit set; 0 for an edge that the chip does not use
    """

    pin: Pin
    rise: int
    fall: int

    @property
    def idle(self) -> int:
        """The level to which a simulator returns the clock after an edge: 1 if the chip uses only the fall, else 0."""
        return int(self.rise == 0)

    @property
    def n_edges(self) -> int:
        """The edges in a period that the chip uses, 1 or 2."""
        return (self.rise != 0) + (self.fall != 0)


def clock_of(pin: Pin, number: int) -> UsedClock:
    """The clock of a pin.

    number : its place among the chip's clocks, 0..3
    """
    rises, falls = _RISE_AND_FALL[pin.edges]
    return UsedClock(pin, rises << 2 * number, falls << 2 * number + 1)


@dataclass(frozen=True)
class Pin:
    """A pin of the chip's top level, with the name that the chip's documentation gives it.

    width : bits, at least 1
    role : what the pin is to a test bench: "clock", "reset", "bus" for a pin of a bus, or else "control" for an input
        and "status" for an output
    edges : for a clock, the edges that the chip uses
    active : for a reset, the level that resets
    asynchronous : for a reset, True if it acts on at least a part of the chip while the clocks stand still

    Raises DeclarationError for a width below 1, for a role that does not exist, for a clock or a reset that is not an
    input of one bit, and for an option that belongs to another role.
    """

    name: str
    direction: Literal["in", "out"]
    width: int
    role: str
    meaning: str
    edges: Edges = "rising"
    active: Literal["high", "low"] = "high"
    asynchronous: bool = False

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise DeclarationError(
                f"pin {self.name}: role {self.role!r}; right is {', '.join(ROLES[:-1])}, or {ROLES[-1]}"
            )
        if self.width < 1:
            raise DeclarationError(f"pin {self.name}: width {self.width}; a pin has at least 1 bit")
        if self.role in ("clock", "reset") and (self.direction, self.width) != ("in", 1):
            raise DeclarationError(f"pin {self.name}: a {self.role} is an input of 1 bit")
        if self.edges not in _RISE_AND_FALL or self.active not in ("high", "low"):
            raise DeclarationError(
                f"pin {self.name}: edges={self.edges!r}, active={self.active!r}; right are"
                " 'rising', 'falling' or 'both', and 'high' or 'low'"
            )
        if self.role != "clock" and self.edges != "rising":
            raise DeclarationError(f"pin {self.name}: edges={self.edges!r} is for a clock only")
        if self.role != "reset" and (self.active != "high" or self.asynchronous):
            raise DeclarationError(f"pin {self.name}: active= and asynchronous= are for a reset only")

    @property
    def active_level(self) -> int:
        """The level at which a reset is active."""
        return int(self.active == "high")

    @property
    def rest(self) -> int:
        """The level of an input while nothing happens: 1 for a reset that is active low, else 0."""
        return int(self.active == "low")


@dataclass(frozen=True)
class Probe:
    """A register or wire inside the original. If a source has it, it is compared in the same way as an output pin.

    width : bits, at least 1
    path : its path below the chip's top, with dots between instances: "core_0.potential"

    Raises DeclarationError for a width below 1, and for a path that is not of this form.
    """

    name: str
    width: int
    path: str
    meaning: str

    def __post_init__(self) -> None:
        if self.width < 1:
            raise DeclarationError(f"probe {self.name}: width {self.width}; a probe has at least 1 bit")
        if not _PATH.fullmatch(self.path):
            raise DeclarationError(
                f"probe {self.name}: path {self.path!r}; right is dots between instances, 'core_0.potential'"
            )


OutputPin = Pin | Probe  # a row of outputs holds both


class RowWord(NamedTuple):
    """One of the integers that make up a row of pins.

    lsb : the position of its first bit in the packed pins, from 0
    width : the number of its bits, 0..63
    """

    lsb: int
    width: int


class Piece(NamedTuple):
    """A part of a pin that lies in one integer of a row: the whole pin, if it has at most 63 bits.

    pin : the name of the pin
    lsb : the first bit of the pin that is in this piece, from 0
    width : the number of bits, 1..63
    word : the index of the integer in the row, from 0
    shift : the position of the piece in this integer, 0..62
    """

    pin: str
    lsb: int
    width: int
    word: int
    shift: int


@dataclass(frozen=True)
class PinWord(Word):
    """Pins side by side, the first in the lowest bits, and how a row of a trace holds them.

    The packed pins are one Python integer of any width. A row holds them in one or more integers of at most 63 bits,
    pin after pin. A pin of more than 63 bits is split into pieces of 32 bits (limbs). No piece lies in two integers. So
    a row of a chip whose pins have at most 63 bits together is one integer, and it is equal to the packed pins.
    """

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces of all pins, from the lowest bit on."""
        pieces = []
        word, n_bits = 0, 0
        for f in self.fields:
            step = f.width if f.width <= INTEGER_BITS else LIMB_BITS
            for lsb in range(0, f.width, step):
                width = min(step, f.width - lsb)
                if n_bits + width > INTEGER_BITS:
                    word, n_bits = word + 1, 0
                pieces.append(Piece(f.name, lsb, width, word, n_bits))
                n_bits += width
        return tuple(pieces)

    @cached_property
    def row(self) -> tuple[RowWord, ...]:
        """The integers of a row, at least one."""
        widths = [0]
        for piece in self.pieces:
            if piece.word == len(widths):
                widths.append(0)
            widths[piece.word] += piece.width
        return tuple(RowWord(sum(widths[:i]), width) for i, width in enumerate(widths))

    def pieces_of(self, pin: str) -> tuple[Piece, ...]:
        """The pieces of a pin, from its lowest bit on."""
        return tuple(piece for piece in self.pieces if piece.pin == pin)

    def mask(self, pins: Collection[str]) -> int:
        """The packed pins with all bits of these pins 1 and all others 0."""
        return sum(f.high << f.lsb for f in self.fields if f.name in pins)


def pin_word(name: str, pins: Sequence[OutputPin]) -> PinWord:
    """Put pins side by side, the first pin in the lowest bits."""
    fields = []
    lsb = 0
    for pin in pins:
        fields.append(Field(pin.name, lsb, pin.width, pin.meaning))
        lsb += pin.width
    return PinWord(name, lsb, tuple(fields))
