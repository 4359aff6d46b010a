"""What can be written through a chip's SPI, and what a chip says of how: the words of this folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

import numpy as np

from emulator.declare import Chip
from emulator.errors import InputError
from tools.config.configuration import Configuration


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


class Port(Protocol):
    """How a chip's SPI carries writes, one a transaction.

    bits : of a transaction, all of one length, a multiple of 8; the most significant goes first
    chunk_bits : of a memory's word, in one transaction
    gate : the register that must be 1 for a write to reach a memory
    """

    chip: Chip
    bits: int
    chunk_bits: int
    gate: str

    def encode(self, write: Write) -> int:
        """The transaction's bits on MOSI."""

    def decode(self, content: int) -> Write:
        """What a transaction writes. Raises ValueError, with the reason, if it writes nothing."""

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


def port(chip: Chip) -> Port:
    """The port of a chip: ``PORT`` of the module here that has the chip's name. Raises InputError if there is none."""
    try:
        return import_module(f"tools.spi.{chip.name}").PORT
    except ModuleNotFoundError as error:
        raise InputError(f"{chip.name}: nobody has said yet how its SPI is written") from error
