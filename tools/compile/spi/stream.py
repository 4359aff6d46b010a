"""A configuration as the transactions that program it, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from draupnir.emulator import state
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi.port import MemoryWrite, Placed, Port, RegisterWrite, Remark, Write, decode, port, split


def pack(configuration: Configuration, present: Mapping[str, np.ndarray] | None = None) -> list[int]:
    """The transactions' bits, to be sent in this order after a reset.

    present : what the memories hold, by name; what is there already is not written. None: nobody knows, all is written.
    """
    to = port(configuration.chip)
    return [to.encode(write) for write in to.program(configuration, present)]


@dataclass(frozen=True)
class Unpacked:
    """The content that a stream has left in a chip.

    remarks : what is odd about it, by kind: the first place, and how many there are
    unwritten : registers that the stream has not written, at all their addresses
    """

    configuration: Configuration
    remarks: tuple[Odd, ...]
    unwritten: tuple[str, ...]

    def told(self, source: object) -> Iterator[str]:
        """All that is to be told of it, a line each; source : the file's name"""
        yield from map(str, self.remarks)
        registers = [self.configuration.chip.register(name) for name in self.unwritten]
        reset = [f"{r.name} = {r.reset}" for r in registers if r.reset is not None]
        if reset:
            yield f"{source}: never written, so as a reset leaves it: {', '.join(reset)}"
        unknown = [r.name for r in registers if r.reset is None]
        if unknown:
            yield f"{source}: never written, and no reset sets it, so that nobody knows it: {', '.join(unknown)}"

    def listed(self) -> dict[str, Any]:
        """The remarks and the registers that were not written, for JSON."""
        return {"remarks": [asdict(odd) for odd in self.remarks], "never_written": list(self.unwritten)}


@dataclass(frozen=True)
class Odd:
    """Remarks of one kind. where, bits, text : of the first; n : how many there are"""

    kind: str
    where: str
    bits: str
    text: str
    n: int

    def __str__(self) -> str:
        more = f" (and {self.n - 1:,} more alike)" if self.n > 1 else ""
        return f"{self.where}: {self.bits} {self.text}{more}"


def unpack(
    chip: Chip, transactions: Iterable[Placed], present: Mapping[str, np.ndarray] | None = None
) -> Configuration:
    """The configuration that is in a chip after these transactions of the port's own length; see ``heard``."""
    return heard(chip, split(port(chip), transactions), present).configuration


def heard(chip: Chip, fields: Iterable[Placed], present: Mapping[str, np.ndarray] | None = None) -> Unpacked:
    """Return what is in a chip after a reset and these fields of transactions, whatever they are.

    present : what the memories held before; None: nobody knows, so all of them must be written.
    Raises InputError if there is no field, or if at the end a part of a memory is not known.
    """
    written = Written(port(chip), present)
    where, odd = None, dict[str, Odd]()
    for one in written.port.hear(fields):
        where = one.where
        remarks = (*one.remarks, *(written.take(one.write) if one.write else ()))
        for remark in remarks:
            before = odd.get(remark.kind) or Odd(remark.kind, where, one.bits, remark.text, 0)
            odd[remark.kind] = replace(before, n=before.n + 1)
    if where is None:
        raise InputError("no SPI transactions")
    return Unpacked(written.configuration(where), tuple(odd.values()), written.unwritten())


class Written:
    """The writes that a chip has received so far."""

    def __init__(self, to: Port, present: Mapping[str, np.ndarray] | None = None) -> None:
        self.port = to
        self._registers: dict[str, list[int | None]] = {r.name: [None] * r.n_addrs for r in to.chip.registers}
        self._chunks = {memory.name: _chunks(state.new_memory(memory), to) for memory in to.chip.memories}
        self._known = {name: np.zeros_like(chunks) for name, chunks in self._chunks.items()}
        for name, words in (present or {}).items():
            self._chunks[name][:] = _chunks(words, to)
            self._known[name][:] = (1 << to.chunk_bits) - 1

    def take(self, write: Write) -> Iterator[Remark]:
        """Take a write; yields why it does not get where it should, or what else it does."""
        if isinstance(write, RegisterWrite):
            self._registers[write.register][write.i] = write.content
            return
        place = f"{write.memory}[{write.word}]"
        if self._now(self.port.gate) != 1:
            yield Remark("lost", f"writes {place} while {self.port.gate} is not 1: it is lost")
            return
        silence = self.port.silence
        if silence and self._now(silence) != 1:
            text = f"writes {place} while {silence} is not 1: what spikes as it is written may act once the gate opens"
            yield Remark("loud", text)
        keep = np.uint32(write.keep)
        at, chunks = (write.word, write.chunk), self._chunks[write.memory]
        chunks[at] = chunks[at] & keep | np.uint32(write.content) & ~keep
        self._known[write.memory][at] |= ~keep & np.uint32((1 << self.port.chunk_bits) - 1)

    def _now(self, name: str) -> int | None:
        """Return what is in a register of one address; None if nobody knows."""
        written = self._registers[name][0]
        return self.port.chip.register(name).reset if written is None else written

    def unwritten(self) -> tuple[str, ...]:
        """The registers that have not been written at all their addresses."""
        return tuple(name for name, parts in self._registers.items() if None in parts)

    def configuration(self, where: str) -> Configuration:
        """All that is in the chip; registers that have not been written are as if nobody had touched them.

        Raises InputError, beginning with ``where``, if a part of a memory is not known.
        """
        memories = {}
        for memory in self.port.chip.memories:
            n_chunks = memory.width // self.port.chunk_bits
            missing = np.argwhere(self._known[memory.name][:, :n_chunks] != (1 << self.port.chunk_bits) - 1)
            if len(missing):
                word, chunk = missing[0]
                n = f"{len(missing)} parts of {memory.name} have not been written"
                raise InputError(
                    f"{where}: is the last, and {n}, first bits {self._bits(chunk)} of word {word};"
                    " a partial stream needs --onto, what the memories held before (blank: all 0)"
                )
            memories[memory.name] = self._chunks[memory.name].astype(_chunk_type(self.port)).view("<u4")
        registers = {
            register.name: tuple(register.unsaid if part is None else part for part in self._registers[register.name])
            for register in self.port.chip.registers
        }
        return Configuration(self.port.chip, registers, memories)

    def _bits(self, chunk: int) -> str:
        return f"{self.port.chunk_bits * chunk}..{self.port.chunk_bits * (chunk + 1) - 1}"


def _chunk_type(to: Port) -> str:
    return f"<u{to.chunk_bits // 8}"


def _chunks(words: np.ndarray, to: Port) -> np.ndarray:
    """(depth, chunks) uint32, chunk 0 least significant, of (depth, limbs) uint32."""
    return np.ascontiguousarray(words).astype("<u4").view(_chunk_type(to)).astype(np.uint32)


def meaning(chip: Chip, content: int) -> str:
    """Return what a transaction writes, in words."""
    to = port(chip)
    write = decode(to, content)
    if isinstance(write, MemoryWrite):
        lsb = to.chunk_bits * write.chunk
        text = f"{write.memory}[{write.word}] bits {lsb + to.chunk_bits - 1}..{lsb} = {write.content:#x}"
        return text + (f", keeping {write.keep:#x}" if write.keep else "")
    n_addrs = chip.register(write.register).n_addrs
    return f"{write.register}{f'[{write.i}]' if n_addrs > 1 else ''} = {write.content:#x}"


def meanings(chip: Chip, transactions: Iterable[int]) -> Iterator[tuple[int, str]]:
    """Each transaction with its ``meaning``."""
    return ((content, meaning(chip, content)) for content in transactions)
