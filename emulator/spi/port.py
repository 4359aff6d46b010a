"""The words of this room: writes through a chip's SPI, and the port, in which a chip says how they are coded."""

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
    """A write of one address of a configuration register.

    i : the index of the address, 0..n_addrs - 1
    content : 0..2**width - 1 of the register
    """

    register: str
    i: int
    content: int


@dataclass(frozen=True)
class MemoryWrite:
    """A write of one chunk of a word: bits chunk * n .. chunk * n + n - 1, where n is the port's ``chunk_bits``.

    word : the address of the word, 0..depth - 1
    content : 0..2**n - 1
    keep : the mask of the chunk's bits that do not change
    """

    memory: str
    word: int
    chunk: int
    content: int
    keep: int = 0


Write = RegisterWrite | MemoryWrite
FieldAtPlace = tuple[str, int]  # the place at which a field of a transaction was read, and its bits


@dataclass(frozen=True)
class Rest:
    """The bits of a last field that a reset, or the end of the stream, cuts off.

    place : the place of the cut, for messages
    n_bits : the bits whose SCK has fallen again, 0..field_bits - 1
    content : these bits and, if ``is_high``, the next one behind them
    is_high : True if SCK has risen for one more bit, and has not fallen
    mosi : the level of MOSI at the reset; None if no reset cuts the field, or if SCK rises together with it
    """

    place: str
    n_bits: int
    content: int = 0
    is_high: bool = False
    mosi: int | None = None

    @property
    def n_risen(self) -> int:
        """The bits for which SCK has risen."""
        return self.n_bits + int(self.is_high)


@dataclass(frozen=True)
class Remark:
    """A remark on an unusual transaction: why it is unusual, and what the chip does.

    kind : the same text for all remarks of the same kind
    right : what would be right, "" if the transaction is no mistake
    """

    kind: str
    text: str
    right: str = ""


Effect = tuple[Write | None, tuple[Remark, ...]]  # the write of a data field, if it writes, and the remarks on it


@dataclass(frozen=True)
class Reception:
    """The effect of a transaction, or of one data field of a long transaction, on a chip.

    place : the place at which the field was read, for messages
    bits : the bits in hexadecimal, or their number in words
    write : the write, or None if nothing is written
    n_awaited : the data fields of the same transaction that the chip still awaits, at least 0
    """

    place: str
    bits: str
    write: Write | None = None
    remarks: tuple[Remark, ...] = ()
    n_awaited: int = 0


@runtime_checkable
class Port(Protocol):
    """The form in which a chip's SPI carries writes.

    bits : the length of a transaction with one write, a multiple of 8; the most significant bit goes first
    field_bits : the length of each field of a transaction; the first field is an address
    chunk_bits : the bits of a memory's word that one data field carries
    form : a transaction in words, for messages
    gate : the register that must be 1 for a write to reach a memory
    silence : the register that must be 1 so that the chip does not keep spikes of neurons that the host writes; "" if
        there is none
    """

    chip: Chip
    bits: int
    field_bits: int
    chunk_bits: int
    form: str
    gate: str
    silence: str

    def encode(self, write: Write) -> int:
        """Return the transaction's bits on MOSI, 0..2**bits - 1."""

    def hear(self, fields: Iterable[FieldAtPlace], rest: Rest | None = None) -> Iterator[Reception]:
        """Yield what the chip does with any sequence of fields after a reset.

        A reception is yielded before any later field is taken from ``fields``.
        rest : the bits after the last whole field, None if there are none
        """

    def encode_read(self, memory: str, word: int, chunk: int) -> int:
        """Return the bits on MOSI of a transaction that reads a chunk; ``answer`` decodes the bits on MISO."""

    def answer(self, miso: int) -> int:
        """Return the chunk, 0..2**chunk_bits - 1, from all bits of MISO in the transaction, 0..2**bits - 1."""

    def program(self, target: Configuration, present: Mapping[str, np.ndarray] | None) -> Iterator[Write]:
        """Yield the writes that program a chip after a reset, in this order.

        present : name -> present content of each memory, uint32 of ``Memory.shape``; chunks that already have their
            content are not written. None: the content is not known, and every chunk is written.
        """

    def begin(self) -> Iterator[Write]:
        """Yield the first of these writes. After them memories can be written, and the chip is passive."""

    def end(self, target: Configuration) -> Iterator[Write]:
        """Yield the last of these writes: after them the chip runs with this configuration."""


def writes_of(register: Register, content: int) -> Iterator[RegisterWrite]:
    """Yield the writes of a whole register. The first address gets the least significant bits of ``content``."""
    for i in range(register.n_addrs):
        yield RegisterWrite(register.name, i, content >> register.width * i & (1 << register.width) - 1)


def split(chip_port: Port, transactions: Iterable[FieldAtPlace], bits: int = 0) -> Iterator[FieldAtPlace]:
    """Yield the fields of transactions.

    bits : the length of each transaction; 0 for the port's own length
    """
    for place, content in transactions:
        for field in frames.fields(content, bits or chip_port.bits, chip_port.field_bits):
            yield place, field


def cut(form: str, n_bits: int, rest: Rest, write: Write | None) -> Reception:
    """Return what becomes of a transaction that is cut off.

    form : that of the port; n_bits : the bits of its whole fields before the rest, at least 0
    write : the write that the rest, with its last bit, would be; None if there is no such write
    """
    effect = "nothing is written"
    if isinstance(write, RegisterWrite) and rest.is_high:  # the chip writes a register as SCK rises for the last bit
        effect = f"SCK has not fallen for the last bit, and the chip writes {write.register} nevertheless"
    else:
        write = None
    text = f"is cut off after {n_bits + rest.n_risen} bits: {effect}"
    return Reception(rest.place, "a transaction", write, (Remark("cut", text, form),))


def decode(chip_port: Port, content: int) -> Write:
    """Return the write of one transaction.

    content : the transaction's bits, 0..2**bits - 1. Raises ValueError, with the reason, if there is a remark on it.
    """
    reception, *others = chip_port.hear(split(chip_port, [("", content)]))
    for remark in reception.remarks:
        raise ValueError(remark.text)
    if reception.write is None or others:
        raise ValueError("is not exactly one write")
    return reception.write


def _is_port(part: object) -> TypeGuard[Port]:
    return isinstance(part, Port)


PORT: Part[Port] = Part("port", "SPI port", "nothing can be written through its SPI", _is_port, "a Port")


def port(chip: Chip) -> Port:
    """Return the port of a chip. Raises InputError if it has none."""
    return PORT.require(chips.package(chip.name))
