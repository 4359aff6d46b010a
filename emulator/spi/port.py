"""The words of this folder: writes through a chip's SPI, and the port by which a chip says how they look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip, Register
from draupnir.emulator.package import Part
from draupnir.emulator.spi import frames


@dataclass(frozen=True)
class RegisterWrite:
    """A configuration register, at the ``i``-th of its addresses."""

    register: str
    i: int
    content: int


@dataclass(frozen=True)
class MemoryWrite:
    """A chunk of a memory's word: bits chunk * n .. chunk * n + n - 1, where n is the port's ``chunk_bits``.

    keep : bits of the chunk that stay as they are
    """

    memory: str
    word: int
    chunk: int
    content: int
    keep: int = 0


Write = RegisterWrite | MemoryWrite
Placed = tuple[str, int]  # where a field of a transaction was read, and its bits


@dataclass(frozen=True)
class Remark:
    """A remark on a transaction that is odd: why, and what the chip does. kind : the same for all that are alike"""

    kind: str
    text: str


Made = tuple[Write | None, tuple[Remark, ...]]  # what a data field writes, if anything, and what is odd about it


@dataclass(frozen=True)
class Heard:
    """The effect of a transaction, or of one data field of a long one, on a chip.

    where : the place at which it was read; bits : in hexadecimal; write : what it writes, if anything
    """

    where: str
    bits: str
    write: Write | None = None
    remarks: tuple[Remark, ...] = ()


@runtime_checkable
class Port(Protocol):
    """The form in which a chip's SPI carries writes.

    bits : of a transaction that writes one thing, a multiple of 8; the most significant goes first
    field_bits : of the fields that it is made of, an address first
    chunk_bits : of a memory's word, in one data field
    gate : the register that must be 1 for a write to reach a memory
    silence : the register that must be 1 lest the spikes of neurons under the writes are kept; "" if there is none
    """

    chip: Chip
    bits: int
    field_bits: int
    chunk_bits: int
    gate: str
    silence: str

    def encode(self, write: Write) -> int:
        """The transaction's bits on MOSI."""

    def hear(self, fields: Iterable[Placed]) -> Iterator[Heard]:
        """Yield what the chip makes of the fields that come in, whatever they are; as after a reset."""

    def encode_read(self, memory: str, word: int, chunk: int) -> int:
        """The transaction's bits on MOSI that read a chunk; what MISO answers is for ``answer``."""

    def answer(self, received: int) -> int:
        """The chunk, of all bits that MISO showed in the transaction."""

    def program(self, wanted: Configuration, present: Mapping[str, np.ndarray] | None) -> Iterator[Write]:
        """Writes, to be made in this order after a reset, that program a chip.

        present : what the memories hold, by name; what is there already is not written. None: nobody knows.
        """

    def begin(self) -> Iterator[Write]:
        """The first of them: from then on the memories can be reached, and the chip does nothing by itself."""

    def end(self, wanted: Configuration) -> Iterator[Write]:
        """The last of them: the chip is as it is wanted."""


def writes_of(register: Register, content: int) -> Iterator[RegisterWrite]:
    """The writes of a whole register, whose first address has the least significant bits of ``content``."""
    for i in range(register.n_addrs):
        yield RegisterWrite(register.name, i, content >> register.width * i & (1 << register.width) - 1)


def split(to: Port, transactions: Iterable[Placed], bits: int = 0) -> Iterator[Placed]:
    """The fields of transactions of ``bits`` bits each, or of the port's own length."""
    for where, content in transactions:
        for field in frames.fields(content, bits or to.bits, to.field_bits):
            yield where, field


def decode(to: Port, content: int) -> Write:
    """Return what one transaction writes. Raises ValueError, with the reason, if there is anything odd about it."""
    first, *more = to.hear(split(to, [("", content)]))
    for remark in first.remarks:
        raise ValueError(remark.text)
    if first.write is None or more:
        raise ValueError("is not one write")
    return first.write


def _is_port(found: object) -> TypeGuard[Port]:
    return isinstance(found, Port)


PORT: Part[Port] = Part("port", "SPI port", "nothing is known of how its SPI is written", _is_port, "a Port")


def port(chip: Chip) -> Port:
    """The port of a chip. Raises InputError if it has none."""
    return PORT.needed(chips.package(chip.name))
