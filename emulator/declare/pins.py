"""The pins of a chip's top level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from draupnir.emulator.declare.errors import DeclarationError
from draupnir.emulator.declare.words import Field, Word


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
