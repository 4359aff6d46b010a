"""The SPI of ODIN, and of chips that come from ODIN.

A transaction has two fields, an address and data. It writes one byte of a memory, and a mask protects single bits.

Source: ODIN doc v0.1, 2.1; spi_slave.v of ODIN and tinyODIN.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Self

import numpy as np

from draupnir.emulator.codec import decode, encode
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.layout import SPI_ADDR, SPI_DATA, SPI_SYNAPSE_ADDR, SpiCmd
from draupnir.emulator.declare import Chip, Memory, Register, Word
from draupnir.emulator.spi.port import (
    Effect,
    FieldAtPlace,
    MemoryWrite,
    Reception,
    RegisterWrite,
    Remark,
    Rest,
    Write,
    cut,
)

BYTE = 8
ALL = (1 << BYTE) - 1


@dataclass(frozen=True)
class Reach:
    """The way to a memory: its command, and the fields of the address field's ``addr``."""

    cmd: int
    addr: Word


@dataclass(frozen=True)
class Bytewise:
    """The port of such a chip (see ``spi.port.Port``).

    addr : the first field of a transaction: addr, cmd, write, read
    data : the second field: byte, mask; a 1 in the mask protects the bit
    config : the command that writes a configuration register
    reach : name of a memory -> its command and address
    gate : the register that must be 1 so that the SPI reaches the memories
    quiet : register -> content, for the registers that stop the chip while it is programmed; the gate is one of them
    """

    chip: Chip
    addr: Word
    data: Word
    config: int
    reach: Mapping[str, Reach]
    gate: str
    quiet: Mapping[str, int]
    chunk_bits: int = BYTE
    silence: str = ""

    @classmethod
    def from_layout(cls, layout: ModuleType) -> Self:
        """Return the port of a chip with the frames of ``emulator/crossbar/layout.py``.

        layout : the module that declares the chip
        """
        return cls(
            chip=layout.CHIP,
            addr=SPI_ADDR,
            data=SPI_DATA,
            config=SpiCmd.CONFIG,
            reach={
                layout.NEURONS.name: Reach(SpiCmd.NEURONS, layout.SPI_NEURON_ADDR),
                layout.SYNAPSES.name: Reach(SpiCmd.SYNAPSES, SPI_SYNAPSE_ADDR),
            },
            gate="SPI_GATE_ACTIVITY",
            quiet={"SPI_GATE_ACTIVITY": 1, "SPI_OPEN_LOOP": 1},
        )

    @property
    def bits(self) -> int:
        return self.addr.width + self.data.width

    @property
    def field_bits(self) -> int:
        return self.data.width

    @property
    def form(self) -> str:
        return f"an address field of {self.addr.width} bits and one data field of {self.data.width} bits"

    # --- Transactions ---

    def encode(self, write: Write) -> int:
        if isinstance(write, RegisterWrite):
            return self.transaction(self.at_register(write.register, write.i), write.content)
        addr = self.at_memory(write.memory, self.place(write.memory, write.word, write.chunk), write=1)
        return self.transaction(addr, self.content(write.content, write.keep))

    def transaction(self, addr: int, content: int) -> int:
        """Return the transaction of an address field and a data field with any content."""
        return addr << self.data.width | content

    def at_register(self, register: str, i: int = 0) -> int:
        """Return the address field that writes address ``i`` of a configuration register, 0..n_addrs - 1."""
        return encode(self.addr, cmd=self.config, addr=self.chip.register(register).addr + i)

    def at_memory(self, memory: str, addr: int, write: int = 0, read: int = 0) -> int:
        """Return the address field that reads or writes a byte of a memory; addr : from ``place``, or any 16 bits."""
        return encode(self.addr, write=write, read=read, cmd=self.reach[memory].cmd, addr=addr)

    def place(self, memory: str, word: int, byte: int) -> int:
        """Return the 16 bits of the address of a byte; the byte may lie beyond the end of the word."""
        return encode(self.reach[memory].addr, word=word, byte=byte)

    def content(self, byte: int, mask: int = 0) -> int:
        """Return the data field; byte, mask : 0..255. A 1 in the mask protects the memory's bit."""
        return encode(self.data, byte=byte, mask=mask)

    def without_register(self, addr: int) -> int:
        """Return an address field that writes no register: if it would, its address becomes one without a register."""
        nowhere = 1 << self.addr["addr"].msb
        return addr | nowhere if self.addr["cmd"].take(addr) == self.config else addr

    def hear(self, fields: Iterable[FieldAtPlace], rest: Rest | None = None) -> Iterator[Reception]:
        """Take two fields for each transaction. A stream that ends after an address field writes nothing with it."""
        iterator = iter(fields)
        for place, addr in iterator:
            data_field = next(iterator, None)
            if data_field is None:
                yield self._end(place, addr, rest)
                return
            bits = f"{self.transaction(addr, data_field[1]):0{self.bits // 4}x}"
            yield Reception(place, bits, *self._effect(decode(self.addr, addr), data_field[1]))
        if rest is not None:
            yield cut(self.form, 0, rest, None)

    def _end(self, place: str, addr: int, rest: Rest | None) -> Reception:
        """Return what becomes of an address field without a whole data field."""
        if rest is None:
            remark = Remark("cut", "is an address field at the end of the stream: nothing is written", self.form)
            return Reception(place, f"{addr:0{self.field_bits // 4}x}", None, (remark,))
        is_whole = rest.n_risen == self.field_bits
        write = self._effect(decode(self.addr, addr), rest.content)[0] if is_whole else None
        return cut(self.form, self.addr.width, rest, write)

    def _effect(self, addr: dict[str, int], content: int) -> Effect:
        """Return the write, or None, and the remarks; addr : the address field by name."""
        if addr["cmd"] == self.config:
            text = "has the read bit set: a register cannot be read, and the chip writes it"
            remark = Remark("read register", text, "read = 0")
            write, remarks = register_at(self.chip, addr["addr"], content)
            return write, (*remarks, remark) if addr["read"] else remarks
        memory = next((name for name, reach in self.reach.items() if reach.cmd == addr["cmd"]), None)
        if memory is None:
            commands = ", ".join([f"{self.config} registers", *(f"{r.cmd} {name}" for name, r in self.reach.items())])
            text = f"there is no command {addr['cmd']}: nothing is written"
            return None, (Remark("no command", text, f"cmd = {commands}"),)
        place, byte = decode(self.reach[memory].addr, addr["addr"]), decode(self.data, content)
        if not addr["write"]:
            if addr["read"]:
                return None, (Remark("read", f"reads {memory}[{place['word']}]: nothing is written"),)
            return None, (Remark("neither", "neither reads nor writes: nothing is written", "write = 1"),)
        n_bytes = self.chip.memory(memory).width // BYTE
        if place["byte"] >= n_bytes:
            text = f"byte {place['byte']} of {memory}[{place['word']}]; a word has {n_bytes}: nothing is written"
            return None, (Remark("beyond", text, f"byte = 0..{n_bytes - 1}"),)
        memory_write = MemoryWrite(memory, place["word"], place["byte"], byte["byte"], byte["mask"])
        text = "has the read bit and the write bit set: the chip reads and writes"
        remark = Remark("read and write", text, "read = 0")
        return memory_write, (remark,) if addr["read"] else ()

    def encode_read(self, memory: str, word: int, chunk: int) -> int:
        return self.transaction(self.at_memory(memory, self.place(memory, word, chunk), read=1), 0)

    def answer(self, miso: int) -> int:
        """Return the last byte: the chip answers there."""
        return miso & ALL

    # --- Programming ---

    def program(self, target: Configuration, present: Mapping[str, np.ndarray] | None) -> Iterator[Write]:
        """Close the gate, write the other registers and the memories, and last give the gate its own content."""
        yield from self.begin()
        for register in self.chip.registers:
            if register.name not in self.quiet:
                yield from parts_of(register, target.registers[register.name])
        for memory in self.chip.memories:
            yield from self._memory(
                memory, target.memories[memory.name], None if present is None else present[memory.name]
            )
        yield from self.end(target)

    def begin(self) -> Iterator[Write]:
        for name, content in self.quiet.items():
            yield RegisterWrite(name, 0, content)

    def end(self, target: Configuration) -> Iterator[Write]:
        for name in reversed(list(self.quiet)):
            yield from parts_of(self.chip.register(name), target.registers[name])

    def _memory(self, memory: Memory, target: np.ndarray, present: np.ndarray | None) -> Iterator[MemoryWrite]:
        n_bytes = memory.width // BYTE
        contents = _bytes_of(target)[:, :n_bytes]
        is_different = np.ones(contents.shape, bool) if present is None else contents != _bytes_of(present)[:, :n_bytes]
        for word in np.flatnonzero(is_different.any(axis=1)).tolist():
            some = np.flatnonzero(is_different[word]).tolist()
            yield from self.word_writes(memory, word, contents[word].tolist(), some)

    def word_writes(
        self, memory: Memory, word: int, contents: list[int], byte_indices: list[int]
    ) -> Iterator[MemoryWrite]:
        """Yield the writes of some bytes of a word.

        word : 0..depth - 1; contents : all bytes of the word; byte_indices : the bytes to write
        """
        for byte in byte_indices:
            yield MemoryWrite(memory.name, word, byte, contents[byte])


def register_at(chip: Chip, addr: int, content: int) -> Effect:
    """Return the write of a register's address, or None, and the remarks; bits beyond the register's width are lost."""
    for register in chip.registers:
        if 0 <= addr - register.addr < register.n_addrs:
            kept_bits = content & (1 << register.width) - 1
            text = f"{content:#x} to {register.name}, which has {register.width} bits: the chip keeps {kept_bits:#x}"
            write = RegisterWrite(register.name, addr - register.addr, kept_bits)
            remark = Remark("too wide", text, f"0..{(1 << register.width) - 1:#x}")
            return write, (remark,) if kept_bits != content else ()
    text = f"no register has address {addr}: nothing is written"
    return None, (Remark("no register", text, f"an address that draupnir chips {chip.name} lists"),)


def parts_of(register: Register, contents: tuple[int, ...]) -> Iterator[RegisterWrite]:
    """Yield the writes of a whole register; contents : one for each of its addresses."""
    for i, content in enumerate(contents):
        yield RegisterWrite(register.name, i, content)


def _bytes_of(words: np.ndarray) -> np.ndarray:
    """Return words, (depth, limbs) uint32, as bytes: (depth, bytes) uint8, byte 0 the least significant one."""
    return np.ascontiguousarray(words).astype("<u4").view(np.uint8)
