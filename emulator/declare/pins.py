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
    """A clock of a chip, and the bits by which the rows of a trace tell its edges.

    pin : the clock pin; rise, fall : the bit of a rising and of a falling edge, 0 for an edge that is not used
    """

    pin: Pin
    rise: int
    fall: int

    @property
    def idle(self) -> int:
        """The level between two edges where a simulator has the choice: a clock whose fall alone is used rests high."""
        return int(self.rise == 0)


def clock_of(pin: Pin, number: int) -> UsedClock:
    """The clock of a pin; number : of the chip's clocks, from 0."""
    rises, falls = _RISE_AND_FALL[pin.edges]
    return UsedClock(pin, rises << 2 * number, falls << 2 * number + 1)


@dataclass(frozen=True)
class Pin:
    """A pin of the chip's top level, by the name that its documentation gives it.

    role : what the pin is to a test bench, one of ROLES: "clock", "reset"; "bus" for a pin of a bus (``buses``); else
    "control" for an input and "status" for an output
    edges : of a clock, those on which something happens in the chip
    active : of a reset, the level that resets
    asynchronous : of a reset, whether it also acts, at least on a part of the chip, while the clocks stand still

    Raises DeclarationError for a pin without bits, or a role that there is not, and for what is not said of its role.
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
            raise DeclarationError(f"pin {self.name}: edges={self.edges!r} is said of a clock only")
        if self.role != "reset" and (self.active != "high" or self.asynchronous):
            raise DeclarationError(f"pin {self.name}: active= and asynchronous= are said of a reset only")

    @property
    def active_level(self) -> int:
        """The level at which a reset resets."""
        return int(self.active == "high")

    @property
    def rest(self) -> int:
        """The level of an input that nobody drives: 0, but for a reset that is active low."""
        return int(self.active == "low")


@dataclass(frozen=True)
class Probe:
    """A register or wire inside the original that is compared as an output pin is, where a source has it.

    path : where it is below the chip's top, dots between instances: "core_0.potential"
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


Shown = Pin | Probe  # what a row of outputs holds


class RowWord(NamedTuple):
    """One of the integers that a row of pins is made of.

    lsb : where its bits begin in the packed pins; width : how many they are, 0..63
    """

    lsb: int
    width: int


class Piece(NamedTuple):
    """A part of a pin that lies in one integer of a row; all of the pin, if that has at most 63 bits.

    pin : its name; lsb : the bit of the pin that the piece begins with; width : bits, 1..63
    word : which integer of the row, from 0; shift : the bit of it that the piece begins at
    """

    pin: str
    lsb: int
    width: int
    word: int
    shift: int


@dataclass(frozen=True)
class PinWord(Word):
    """Pins side by side, the first in the lowest bits, and how a row of a trace holds them.

    Packed, the pins are one integer, however wide. A row holds them in as many integers of 63 bits as they need: pin
    after pin, a pin of more than 63 bits as pieces of 32 bits (limbs), and no piece in two integers. So a chip whose
    pins fit into 63 bits has rows of one integer, which is the packed pins.
    """

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """All pins, piece by piece, from the lowest bit on."""
        pieces = []
        word, used = 0, 0
        for f in self.fields:
            step = f.width if f.width <= INTEGER_BITS else LIMB_BITS
            for lsb in range(0, f.width, step):
                width = min(step, f.width - lsb)
                if used + width > INTEGER_BITS:
                    word, used = word + 1, 0
                pieces.append(Piece(f.name, lsb, width, word, used))
                used += width
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
        """All bits of these pins, packed."""
        return sum(f.high << f.lsb for f in self.fields if f.name in pins)


def pin_word(name: str, pins: Sequence[Shown]) -> PinWord:
    """The pins side by side, the first pin in the lowest bits."""
    fields = []
    lsb = 0
    for pin in pins:
        fields.append(Field(pin.name, lsb, pin.width, pin.meaning))
        lsb += pin.width
    return PinWord(name, lsb, tuple(fields))
