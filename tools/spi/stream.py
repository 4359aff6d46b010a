"""A configuration as the transactions that program it, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from emulator import state
from emulator.declare import Chip
from emulator.errors import InputError
from tools.config.configuration import Configuration
from tools.spi.writes import MemoryWrite, Port, RegisterWrite, Write, port

Placed = tuple[str, int]  # where a transaction was read, and its bits


def pack(configuration: Configuration, present: Mapping[str, np.ndarray] | None = None) -> list[int]:
    """The transactions' bits, to be sent in this order after a reset.

    present : what the memories hold, by name; what is there already is not written. None: nobody knows, all is written.
    """
    to = port(configuration.chip)
    return [to.encode(write) for write in to.program(configuration, present)]


def unpack(
    chip: Chip, transactions: Iterable[Placed], present: Mapping[str, np.ndarray] | None = None
) -> Configuration:
    """The configuration that is in a chip after these transactions.

    present : what the memories held before; None: nobody knows, so all of them must be written.
    Raises InputError, with the place, for a transaction that writes nothing or does not reach what it writes; and if at
    the end a register or a part of a memory has not been written.
    """
    written = Written(port(chip), present)
    where = "no transactions"
    for where, content in transactions:
        try:
            written.take(written.port.decode(content))
        except ValueError as error:
            raise InputError(f"{where}: {content:0{written.port.bits // 4}x} {error}") from error
    return written.configuration(where)


class Written:
    """What a chip has been told so far."""

    def __init__(self, to: Port, present: Mapping[str, np.ndarray] | None = None) -> None:
        self.port = to
        self._registers: dict[str, list[int | None]] = {r.name: [None] * r.n_addrs for r in to.chip.registers}
        self._chunks = {memory.name: _chunks(state.new_memory(memory), to) for memory in to.chip.memories}
        self._known = {name: np.zeros_like(chunks) for name, chunks in self._chunks.items()}
        for name, words in (present or {}).items():
            self._chunks[name][:] = _chunks(words, to)
            self._known[name][:] = (1 << to.chunk_bits) - 1

    def take(self, write: Write) -> None:
        """Raises ValueError, with the reason, for a write that does not get where it should."""
        if isinstance(write, RegisterWrite):
            self._registers[write.register][write.i] = write.content
        elif self._registers[self.port.gate][0] != 1:
            raise ValueError(f"writes {write.memory}[{write.word}] while {self.port.gate} is not 1: it is lost")
        else:
            at = write.word, write.chunk
            keep = np.uint32(write.keep)
            chunks = self._chunks[write.memory]
            chunks[at] = chunks[at] & keep | np.uint32(write.content) & ~keep
            self._known[write.memory][at] |= ~keep & np.uint32((1 << self.port.chunk_bits) - 1)

    def configuration(self, where: str) -> Configuration:
        """All that has been written; raises InputError, beginning with ``where``, if that is not all there is."""
        for name, parts in self._registers.items():
            if None in parts:
                raise InputError(f"{where}: is the last, and {name} has not been written")
        memories = {}
        for memory in self.port.chip.memories:
            n_chunks = memory.width // self.port.chunk_bits
            missing = np.argwhere(self._known[memory.name][:, :n_chunks] != (1 << self.port.chunk_bits) - 1)
            if len(missing):
                word, chunk = missing[0]
                n = f"{len(missing)} parts of {memory.name} have not been written"
                raise InputError(
                    f"{where}: is the last, and {n}, first bits {self._bits(chunk)} of word {word};"
                    " a partial stream needs --onto, what the memories held before"
                )
            memories[memory.name] = self._chunks[memory.name].astype(_chunk_type(self.port)).view("<u4")
        registers = {name: tuple(part for part in parts if part is not None) for name, parts in self._registers.items()}
        return Configuration(self.port.chip, registers, memories)

    def _bits(self, chunk: int) -> str:
        return f"{self.port.chunk_bits * chunk}..{self.port.chunk_bits * (chunk + 1) - 1}"


def _chunk_type(to: Port) -> str:
    return f"<u{to.chunk_bits // 8}"


def _chunks(words: np.ndarray, to: Port) -> np.ndarray:
    """(depth, chunks) uint32, chunk 0 least significant, of (depth, limbs) uint32."""
    return np.ascontiguousarray(words).astype("<u4").view(_chunk_type(to)).astype(np.uint32)


def meaning(chip: Chip, content: int) -> str:
    """What a transaction writes, in words."""
    to = port(chip)
    write = to.decode(content)
    if isinstance(write, MemoryWrite):
        lsb = to.chunk_bits * write.chunk
        text = f"{write.memory}[{write.word}] bits {lsb + to.chunk_bits - 1}..{lsb} = {write.content:#x}"
        return text + (f", keeping {write.keep:#x}" if write.keep else "")
    n_addrs = chip.register(write.register).n_addrs
    return f"{write.register}{f'[{write.i}]' if n_addrs > 1 else ''} = {write.content:#x}"


def meanings(chip: Chip, transactions: Iterable[int]) -> Iterator[tuple[int, str]]:
    """Each transaction with its ``meaning``."""
    return ((content, meaning(chip, content)) for content in transactions)
