"""Functions that turn a configuration into the SPI transactions that program it, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from draupnir.emulator import state
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi.port import (
    FieldAtPlace,
    MemoryWrite,
    Port,
    RegisterWrite,
    Remark,
    Write,
    decode,
    port,
    split,
)


def pack(configuration: Configuration, present: Mapping[str, np.ndarray] | None = None) -> list[int]:
    """The transactions that program a chip after a reset, in order, each as an integer 0..2**bits - 1 of the port.

    present : memory -> its earlier contents, (depth, limbs) uint32; only words that differ are written. None means that
        they are not known, and all words are written
    Raises InputError for a chip without an SPI port.
    """
    spi_port = port(configuration.chip)
    return [spi_port.encode(write) for write in spi_port.program(configuration, present)]


@dataclass(frozen=True)
class Unpacked:
    """The contents of a chip after a stream.

    remarks : the odd transactions of the stream, one entry for each kind
    unwritten_registers : the registers that the stream has not written at all their addresses
    """

    configuration: Configuration
    remarks: tuple[Odd, ...]
    unwritten_registers: tuple[str, ...]

    def lines(self, source: object) -> Iterator[str]:
        """The warnings about the stream, one line each; source : the name of the file"""
        yield from map(str, self.remarks)
        registers = [self.configuration.chip.register(name) for name in self.unwritten_registers]
        reset = [f"{r.name} = {r.reset}" for r in registers if r.reset is not None]
        if reset:
            yield f"{source}: never written, so it has its reset value: {', '.join(reset)}"
        without_reset = [r.name for r in registers if r.reset is None]
        if without_reset:
            yield f"{source}: never written, and it has no reset, so its value is unknown: {', '.join(without_reset)}"

    def as_json(self) -> dict[str, Any]:
        """The remarks and the registers that were not written, for JSON."""
        return {"remarks": [asdict(odd) for odd in self.remarks], "never_written": list(self.unwritten_registers)}


@dataclass(frozen=True)
class Odd:
    """Odd transactions of one kind.

    where, bits, text : the place, the bits and the description of the first; n : their number, at least 1
    """

    kind: str
    where: str
    bits: str
    text: str
    n: int

    def __str__(self) -> str:
        others = f" (and {self.n - 1:,} more like it)" if self.n > 1 else ""
        return f"{self.where}: {self.bits} {self.text}{others}"


def unpack(
    chip: Chip, transactions: Iterable[FieldAtPlace], present: Mapping[str, np.ndarray] | None = None
) -> Configuration:
    """The configuration of a chip after these transactions, each of the port's full length. See ``unpack_fields``."""
    return unpack_fields(chip, split(port(chip), transactions), present).configuration


def unpack_fields(
    chip: Chip, fields: Iterable[FieldAtPlace], present: Mapping[str, np.ndarray] | None = None
) -> Unpacked:
    """The contents of a chip after a reset and any fields of transactions.

    present : memory -> its earlier contents; None means that they are not known, so the stream must write all words
    Raises InputError if there is no field, and if a part of a memory is still not known at the end.
    """
    writes = WriteRecord(port(chip), present)
    place, odd_by_kind = None, dict[str, Odd]()
    for one in writes.port.hear(fields):
        place = one.place
        remarks = (*one.remarks, *(writes.take(one.write) if one.write else ()))
        for remark in remarks:
            earlier = odd_by_kind.get(remark.kind) or Odd(remark.kind, place, one.bits, remark.text, 0)
            odd_by_kind[remark.kind] = replace(earlier, n=earlier.n + 1)
    if place is None:
        raise InputError("no SPI transactions")
    return Unpacked(writes.configuration(place), tuple(odd_by_kind.values()), writes.unwritten_registers())


class WriteRecord:
    """A record of the writes that a chip has received."""

    def __init__(self, spi_port: Port, present: Mapping[str, np.ndarray] | None = None) -> None:
        self.port = spi_port
        self._registers: dict[str, list[int | None]] = {r.name: [None] * r.n_addrs for r in spi_port.chip.registers}
        self._chunks = {memory.name: _chunks(state.new_memory(memory), spi_port) for memory in spi_port.chip.memories}
        self._known_bits = {name: np.zeros_like(chunks) for name, chunks in self._chunks.items()}
        for name, words in (present or {}).items():
            self._chunks[name][:] = _chunks(words, spi_port)
            self._known_bits[name][:] = (1 << spi_port.chunk_bits) - 1

    def take(self, write: Write) -> Iterator[Remark]:
        """Record a write. Yields a remark if the write is lost, or if it has another effect."""
        if isinstance(write, RegisterWrite):
            self._registers[write.register][write.i] = write.content
            return
        place = f"{write.memory}[{write.word}]"
        if self._now(self.port.gate) != 1:
            yield Remark("lost", f"writes {place} while {self.port.gate} is not 1: it is lost")
            return
        silence = self.port.silence
        if silence and self._now(silence) != 1:
            text = f"writes {place} while {silence} is not 1: a neuron that spikes now may act when the gate opens"
            yield Remark("loud", text)
        keep = np.uint32(write.keep)
        position, chunks = (write.word, write.chunk), self._chunks[write.memory]
        chunks[position] = chunks[position] & keep | np.uint32(write.content) & ~keep
        self._known_bits[write.memory][position] |= ~keep & np.uint32((1 << self.port.chunk_bits) - 1)

    def _now(self, name: str) -> int | None:
        """The content of a register of one address, None if it is not known."""
        content = self._registers[name][0]
        return self.port.chip.register(name).reset if content is None else content

    def unwritten_registers(self) -> tuple[str, ...]:
        """The registers of which at least one address has not been written."""
        return tuple(name for name, parts in self._registers.items() if None in parts)

    def configuration(self, where: str) -> Configuration:
        """The contents of the chip. Registers that have not been written have their default contents.

        where : the place of the last transaction, for the message
        Raises InputError if a part of a memory is not known.
        """
        memories = {}
        for memory in self.port.chip.memories:
            n_chunks = memory.width // self.port.chunk_bits
            gaps = np.argwhere(self._known_bits[memory.name][:, :n_chunks] != (1 << self.port.chunk_bits) - 1)
            if len(gaps):
                word, chunk = gaps[0]
                n = f"{len(gaps)} parts of {memory.name} are not written"
                raise InputError(
                    f"{where}: is the last transaction, and {n}; the first are bits {self._bits(chunk)} of word {word};"
                    " a partial stream needs --onto, the earlier contents of the memories (blank: all 0)"
                )
            memories[memory.name] = self._chunks[memory.name].astype(_chunk_type(self.port)).view("<u4")
        registers = {
            register.name: tuple(register.fallback if part is None else part for part in self._registers[register.name])
            for register in self.port.chip.registers
        }
        return Configuration(self.port.chip, registers, memories)

    def _bits(self, chunk: int) -> str:
        return f"{self.port.chunk_bits * chunk}..{self.port.chunk_bits * (chunk + 1) - 1}"


def _chunk_type(spi_port: Port) -> str:
    return f"<u{spi_port.chunk_bits // 8}"


def _chunks(words: np.ndarray, spi_port: Port) -> np.ndarray:
    """(depth, chunks) uint32, chunk 0 least significant, of (depth, limbs) uint32."""
    return np.ascontiguousarray(words).astype("<u4").view(_chunk_type(spi_port)).astype(np.uint32)


def describe(chip: Chip, content: int) -> str:
    """The effect of a transaction, in words.

    content : the transaction, 0..2**bits - 1 of the chip's port
    """
    spi_port = port(chip)
    write = decode(spi_port, content)
    if isinstance(write, MemoryWrite):
        lsb = spi_port.chunk_bits * write.chunk
        text = f"{write.memory}[{write.word}] bits {lsb + spi_port.chunk_bits - 1}..{lsb} = {write.content:#x}"
        return text + (f", keeping {write.keep:#x}" if write.keep else "")
    n_addrs = chip.register(write.register).n_addrs
    return f"{write.register}{f'[{write.i}]' if n_addrs > 1 else ''} = {write.content:#x}"
