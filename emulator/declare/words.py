"""Words of bits and their fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from draupnir.emulator.declare.errors import DeclarationError, unique

INTEGER_BITS = 63  # an int64 without its sign; the most bits of an integer in a row, and of a register of the state
LIMB_BITS = 32  # a word that is too wide for one integer is split into parts of this width


@dataclass(frozen=True)
class Field:
    """A run of bits in a word.

    lsb : the position of the least significant bit, from 0
    width : bits, at least 1
    meaning : one line
    unit : "" for a flag or an address
    kind : "parameter" if a user configures it, "state" if the chip writes it, or "" if neither applies
    states : the names of its values, if it has names
    curve : True for a number that people see best as a curve over time, such as a potential
    """

    name: str
    lsb: int
    width: int
    meaning: str
    unit: str = ""
    signed: bool = False
    kind: Literal["", "parameter", "state"] = ""
    states: type[IntEnum] | None = None
    curve: bool = False

    @property
    def msb(self) -> int:
        """The position of the most significant bit."""
        return self.lsb + self.width - 1

    @property
    def low(self) -> int:
        """The smallest value that fits."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest value that fits."""
        return (1 << (self.width - int(self.signed))) - 1

    def take(self, content: int) -> int:
        """The value of this field in a word, low..high; content : the word, 0 or more."""
        raw = content >> self.lsb & ((1 << self.width) - 1)
        return raw - (1 << self.width) if self.signed and raw >> (self.width - 1) else raw


@dataclass(frozen=True)
class Word:
    """A word of ``width`` bits with named fields that do not overlap. A bit that is in no field is unused.

    Raises DeclarationError for a field that leaves the word or overlaps another, and for a name that stands twice.
    """

    name: str
    width: int
    fields: tuple[Field, ...]
    source: str = ""

    def __post_init__(self) -> None:
        unique(self.name, "field", [f.name for f in self.fields])
        owners: dict[int, str] = {}
        for f in self.fields:
            if f.width < 1 or f.lsb < 0 or f.msb >= self.width:
                raise DeclarationError(
                    f"{self.name}.{f.name}: bits {f.msb}..{f.lsb} are not within 0..{self.width - 1}"
                )
            for bit in range(f.lsb, f.msb + 1):
                if bit in owners:
                    raise DeclarationError(f"{self.name}.{f.name}: bit {bit} already belongs to {owners[bit]!r}")
                owners[bit] = f.name

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __getitem__(self, name: str) -> Field:
        for f in self.fields:
            if f.name == name:
                return f
        raise KeyError(f"{self.name} has no field {name!r}; it has {', '.join(f.name for f in self.fields)}")

    def __contains__(self, name: object) -> bool:
        return any(f.name == name for f in self.fields)
