"""Functions that turn a configuration into the SPI transactions that program it, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from draupnir.emulator import state
from draupnir.emulator.codec import from_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi.port import (
    FieldAtPlace,
    MemoryWrite,
    Port,
    Reception,
    RegisterWrite,
    Remark,
    Write,
    decode,
    port,
    split,
)
from draupnir.tools.compile.spi.segments import Segment


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
    gaps : the parts of each memory whose contents are not known; the configuration has 0 there
    last : the place of the last transaction
    """

    configuration: Configuration
    remarks: tuple[Odd, ...]
    unwritten_registers: tuple[str, ...]
    gaps: tuple[MemoryGap, ...] = ()
    last: str = ""

    def lines(self, source: object) -> Iterator[str]:
        """The warnings about the stream, one line each; source : the name of the file"""
        yield from map(str, self.remarks)
        yield from self.unknown(source)

    def unknown(self, source: object) -> Iterator[str]:
        """The lines about registers and parts of memories that the stream has not written; see ``lines``"""
        registers = [self.configuration.chip.register(name) for name in self.unwritten_registers]
        reset = [f"{r.name} = {r.reset}" for r in registers if r.reset is not None]
        if reset:
            yield f"{source}: never written, so it has its reset value: {', '.join(reset)}"
        without_reset = [r.name for r in registers if r.reset is None]
        if without_reset:
            yield f"{source}: never written, and it has no reset, so its value is unknown: {', '.join(without_reset)}"
        for gap in self.gaps:
            yield f"{source}: {gap}: they count as 0; --onto gives the earlier contents of the memories"

    def whole(self) -> Unpacked:
        """Return this object. Raises InputError if a part of a memory is not known."""
        for gap in self.gaps:
            raise InputError(
                f"{self.last}: is the last transaction, and {gap};"
                " a partial stream needs --onto, the earlier contents of the memories (blank: all 0)"
            )
        return self

    def as_json(self) -> dict[str, Any]:
        """The remarks, and the registers and the parts of memories that were not written, for JSON."""
        return {
            "remarks": [asdict(odd) for odd in self.remarks],
            "never_written": list(self.unwritten_registers),
            "unknown_parts": {gap.memory: gap.n for gap in self.gaps},
        }


@dataclass(frozen=True)
class MemoryGap:
    """Parts of a memory that a stream has not written. n : their number; word, bits : the first of them"""

    memory: str
    n: int
    word: int
    bits: str

    def __str__(self) -> str:
        return f"{self.n} parts of {self.memory} are not written; the first are bits {self.bits} of word {self.word}"


@dataclass(frozen=True)
class Odd:
    """Odd transactions of one kind.

    where, bits, text : the place, the bits and the description of the first; n : their number, at least 1
    right : what would be right, "" if these transactions are no mistake
    """

    kind: str
    where: str
    bits: str
    text: str
    n: int
    right: str = ""

    def __str__(self) -> str:
        others = f" (and {self.n - 1:,} more like it)" if self.n > 1 else ""
        return f"{self.where}: {self.bits} {self.text}{others}"


def unpack(
    chip: Chip, transactions: Iterable[FieldAtPlace], present: Mapping[str, np.ndarray] | None = None
) -> Configuration:
    """The configuration of a chip after these transactions, each of the port's full length. See ``unpack_fields``.

    Raises InputError if a part of a memory is not known at the end.
    """
    return unpack_fields(chip, split(port(chip), transactions), present).whole().configuration


def unpack_fields(
    chip: Chip, fields: Iterable[FieldAtPlace], present: Mapping[str, np.ndarray] | None = None
) -> Unpacked:
    """The contents of a chip after a reset and any fields of transactions.

    fields : a ``Segment``, or fields without a rest
    present : memory -> its earlier contents; None means that they are not known
    Raises InputError if there is no field.
    """
    listener = SpiListener(chip, present)
    segment = fields if isinstance(fields, Segment) else Segment(tuple(fields))
    return listener.contents([remark for heard in listener.hear(segment) for remark in heard.odd()])


@dataclass(frozen=True)
class Heard:
    """A transaction, or one data field of a long one, and its effect on a chip.

    reception : as the port understands it
    remarks : those of the port, and on the state of the chip
    write : the write that takes effect, None if none does
    n_fields : the fields that have come in this segment up to the end of this reception
    """

    reception: Reception
    remarks: tuple[Remark, ...]
    write: Write | None
    n_fields: int

    def odd(self) -> Iterator[Odd]:
        """The remarks, each with the place of this transaction."""
        for remark in self.remarks:
            yield Odd(remark.kind, self.reception.place, self.reception.bits, remark.text, 1, remark.right)


class SpiListener:
    """A chip's SPI that receives segments, one after the other: the reader of all streams and waveforms.

    record : the writes so far
    """

    def __init__(self, chip: Chip, present: Mapping[str, np.ndarray] | None = None) -> None:
        self.record = WriteRecord(port(chip), present)
        self._last: str | None = None

    def hear(self, segment: Segment) -> Iterator[Heard]:
        """Yield what the chip does with each transaction of a segment; it records the writes."""
        n_fields = 0

        def arriving_fields() -> Iterator[FieldAtPlace]:
            nonlocal n_fields
            for field in segment.fields:
                n_fields += 1
                yield field

        for one in self.record.port.hear(arriving_fields(), segment.rest):
            self._last = one.place
            is_lost = one.write is not None and self.record.loses(one.write)
            remarks = (*one.remarks, *(self.record.take(one.write) if one.write else ()))
            yield Heard(one, remarks, None if is_lost else one.write, n_fields)

    def contents(self, odd: Iterable[Odd], may_be_empty: bool = False) -> Unpacked:
        """The contents of the chip now; odd : all remarks so far.

        Raises InputError if there was no transaction, unless ``may_be_empty`` is True.
        """
        if self._last is None and not may_be_empty:
            raise InputError("no SPI transactions")
        record, last = self.record, self._last or ""
        gaps = tuple(record.gaps())
        return Unpacked(record.configuration(), first_of_kinds(odd), record.unwritten_registers(), gaps, last)


def first_of_kinds(odd: Iterable[Odd]) -> tuple[Odd, ...]:
    """Return the first remark of each kind, with the number of all remarks of the kind."""
    by_kind = dict[str, Odd]()
    for one in odd:
        earlier = by_kind.get(one.kind)
        by_kind[one.kind] = one if earlier is None else replace(earlier, n=earlier.n + one.n)
    return tuple(by_kind.values())


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

    def loses(self, write: Write) -> bool:
        """True if the chip loses this write now: a write to a memory while the network may run."""
        return isinstance(write, MemoryWrite) and self._now(self.port.gate) != 1

    def reset(self) -> None:
        """Record a reset of the chip: registers with a reset value have it, and all others keep their content."""
        for register in self.port.chip.registers:
            if register.reset is not None:
                self._registers[register.name] = [None] * register.n_addrs

    def word(self, memory: str, word: int) -> int:
        """The content of a word, 0..2**width - 1; bits that are not known are 0."""
        return from_limbs(self._words(memory, slice(word, word + 1))[0])

    def _words(self, memory: str, some: slice) -> np.ndarray:
        """Words as (words, limbs) uint32."""
        return np.ascontiguousarray(self._chunks[memory][some].astype(_chunk_type(self.port))).view("<u4")

    def take(self, write: Write) -> Iterator[Remark]:
        """Record a write. Yields a remark if the write is lost, or if it has another effect."""
        if isinstance(write, RegisterWrite):
            self._registers[write.register][write.i] = write.content
            return
        place = f"{write.memory}[{write.word}]"
        if self.loses(write):
            text = f"writes {place} while {self.port.gate} is not 1: it is lost"
            yield Remark("lost", text, f"{self.port.gate} = 1 before it")
            return
        silence = self.port.silence
        if silence and self._now(silence) != 1:
            text = f"writes {place} while {silence} is not 1: a neuron that spikes now may act when the gate opens"
            yield Remark("loud", text, f"{silence} = 1 before it")
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

    def gaps(self) -> Iterator[MemoryGap]:
        """The memories of which a part is not known."""
        for memory in self.port.chip.memories:
            n_chunks = memory.width // self.port.chunk_bits
            gaps = np.argwhere(self._known_bits[memory.name][:, :n_chunks] != (1 << self.port.chunk_bits) - 1)
            if len(gaps):
                word, chunk = gaps[0].tolist()
                yield MemoryGap(memory.name, len(gaps), word, self._bits(chunk))

    def configuration(self) -> Configuration:
        """The contents of the chip. Registers that have not been written have their default contents.

        Bits of memories that are not known are 0.
        """
        memories = {memory.name: self._words(memory.name, slice(None)) for memory in self.port.chip.memories}
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
    return next(descriptions(chip, [content]))


def descriptions(chip: Chip, transactions: Iterable[int]) -> Iterator[str]:
    """Yield the effect of each transaction, in words. The port is looked up once, which takes as long as the words."""
    spi_port = port(chip)
    return (_description(chip, spi_port, content) for content in transactions)


def _description(chip: Chip, spi_port: Port, content: int) -> str:
    write = decode(spi_port, content)
    if isinstance(write, MemoryWrite):
        lsb = spi_port.chunk_bits * write.chunk
        text = f"{write.memory}[{write.word}] bits {lsb + spi_port.chunk_bits - 1}..{lsb} = {write.content:#x}"
        return text + (f", keeping {write.keep:#x}" if write.keep else "")
    n_addrs = chip.register(write.register).n_addrs
    return f"{write.register}{f'[{write.i}]' if n_addrs > 1 else ''} = {write.content:#x}"
