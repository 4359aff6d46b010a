"""An SPI of two words a transaction, address and data, that writes memories byte by byte through a mask.

ODIN has it, and chips made of ODIN.
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
from draupnir.emulator.spi.port import Heard, Made, MemoryWrite, Placed, RegisterWrite, Remark, Write

BYTE = 8
ALL = (1 << BYTE) - 1


@dataclass(frozen=True)
class Reach:
    """The way to a memory: the command, and the word that is the address field's ``addr``."""

    cmd: int
    addr: Word


@dataclass(frozen=True)
class Bytewise:
    """The port.

    addr : first word of a transaction: addr, cmd, write, read; data : the second: byte, mask (1 keeps the bit)
    config : the command that writes a configuration register; reach : by memory
    gate : register that must be 1 for the SPI to reach the memories
    quiet : registers, with contents, that keep the chip from doing anything while it is programmed; the gate is one
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
    def of(cls, layout: ModuleType) -> Self:
        """The port of a chip whose frames are those of ``emulator/crossbar/layout.py``; layout : what declares it."""
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

    # --- Transactions ---

    def encode(self, write: Write) -> int:
        if isinstance(write, RegisterWrite):
            return self.joined(self.at_register(write.register, write.i), write.content)
        addr = self.at_memory(write.memory, self.place(write.memory, write.word, write.chunk), write=1)
        return self.joined(addr, self.content(write.content, write.keep))

    def joined(self, addr: int, content: int) -> int:
        """A transaction of an address field and a data field, whatever is in them."""
        return addr << self.data.width | content

    def at_register(self, register: str, i: int = 0) -> int:
        """The address field that writes a configuration register, at the ``i``-th of its addresses."""
        return encode(self.addr, cmd=self.config, addr=self.chip.register(register).addr + i)

    def at_memory(self, memory: str, addr: int, write: int = 0, read: int = 0) -> int:
        """The address field that reads or writes a byte of a memory; addr : from ``place``, or any 16 bits."""
        return encode(self.addr, write=write, read=read, cmd=self.reach[memory].cmd, addr=addr)

    def place(self, memory: str, word: int, byte: int) -> int:
        """The 16 bits that say which byte of which word; the byte may lie beyond the word."""
        return encode(self.reach[memory].addr, word=word, byte=byte)

    def content(self, byte: int, mask: int = 0) -> int:
        """The data field; a 1 in the mask keeps the memory's bit."""
        return encode(self.data, byte=byte, mask=mask)

    def without_register(self, addr: int) -> int:
        """An address field, which reaches an address without a register where it would write a register."""
        nowhere = 1 << self.addr["addr"].msb
        return addr | nowhere if self.addr["cmd"].take(addr) == self.config else addr

    def hear(self, fields: Iterable[Placed]) -> Iterator[Heard]:
        """Two fields a transaction; a stream that ends after an address field has not written."""
        rest = iter(fields)
        for where, first in rest:
            second = next(rest, None)
            if second is None:
                cut = Remark("cut", "is an address field, with which the stream ends: nothing is written")
                yield Heard(where, f"{first:0{self.field_bits // 4}x}", None, (cut,))
                return
            bits = f"{self.joined(first, second[1]):0{self.bits // 4}x}"
            yield Heard(where, bits, *self._made_of(decode(self.addr, first), second[1]))

    def _made_of(self, addr: dict[str, int], content: int) -> Made:
        """Return what is written, or None, and remarks; addr : the address field."""
        if addr["cmd"] == self.config:
            read = Remark("read register", "has the read bit set: a register cannot be read, and the chip writes it")
            write, remarks = register_at(self.chip, addr["addr"], content)
            return write, (*remarks, read) if addr["read"] else remarks
        memory = next((name for name, reach in self.reach.items() if reach.cmd == addr["cmd"]), None)
        if memory is None:
            return None, (Remark("no command", f"command {addr['cmd']} is none: nothing is written"),)
        place, byte = decode(self.reach[memory].addr, addr["addr"]), decode(self.data, content)
        if not addr["write"]:
            what = f"reads {memory}[{place['word']}]" if addr["read"] else "neither reads nor writes"
            return None, (Remark("read" if addr["read"] else "neither", f"{what}: nothing is written"),)
        n_bytes = self.chip.memory(memory).width // BYTE
        if place["byte"] >= n_bytes:
            text = f"byte {place['byte']} of {memory}[{place['word']}]; a word has {n_bytes}: nothing is written"
            return None, (Remark("beyond", text),)
        stored = MemoryWrite(memory, place["word"], place["byte"], byte["byte"], byte["mask"])
        text = "has the read bit set beside the write bit: the chip reads, and writes all the same"
        both = Remark("read and write", text)
        return stored, (both,) if addr["read"] else ()

    def encode_read(self, memory: str, word: int, chunk: int) -> int:
        return self.joined(self.at_memory(memory, self.place(memory, word, chunk), read=1), 0)

    def answer(self, received: int) -> int:
        """The byte comes last."""
        return received & ALL

    # --- Programming ---

    def program(self, wanted: Configuration, present: Mapping[str, np.ndarray] | None) -> Iterator[Write]:
        """The gate first and closed; then the other registers, the memories, and last the gate as it is wanted."""
        yield from self.begin()
        for register in self.chip.registers:
            if register.name not in self.quiet:
                yield from parts_of(register, wanted.registers[register.name])
        for memory in self.chip.memories:
            yield from self._memory(
                memory, wanted.memories[memory.name], None if present is None else present[memory.name]
            )
        yield from self.end(wanted)

    def begin(self) -> Iterator[Write]:
        for name, content in self.quiet.items():
            yield RegisterWrite(name, 0, content)

    def end(self, wanted: Configuration) -> Iterator[Write]:
        for name in reversed(list(self.quiet)):
            yield from parts_of(self.chip.register(name), wanted.registers[name])

    def _memory(self, memory: Memory, wanted: np.ndarray, present: np.ndarray | None) -> Iterator[MemoryWrite]:
        n_bytes = memory.width // BYTE
        contents = _bytes_of(wanted)[:, :n_bytes]
        differing = np.ones(contents.shape, bool) if present is None else contents != _bytes_of(present)[:, :n_bytes]
        for word in np.flatnonzero(differing.any(axis=1)).tolist():
            some = np.flatnonzero(differing[word]).tolist()
            yield from self.word_writes(memory, word, contents[word].tolist(), some)

    def word_writes(
        self, memory: Memory, word: int, contents: list[int], differing: list[int]
    ) -> Iterator[MemoryWrite]:
        """The writes that bring some bytes of a word to their contents."""
        for byte in differing:
            yield MemoryWrite(memory.name, word, byte, contents[byte])


def register_at(chip: Chip, addr: int, content: int) -> Made:
    """The write of a register's address, or None, and remarks: the chip takes as many bits as the register has."""
    for register in chip.registers:
        if 0 <= addr - register.addr < register.n_addrs:
            kept = content & (1 << register.width) - 1
            text = f"{content:#x} to {register.name}, which has {register.width} bits: the chip keeps {kept:#x}"
            write = RegisterWrite(register.name, addr - register.addr, kept)
            return write, (Remark("too wide", text),) if kept != content else ()
    return None, (Remark("no register", f"no register has address {addr}: nothing is written"),)


def parts_of(register: Register, contents: tuple[int, ...]) -> Iterator[RegisterWrite]:
    """The writes of a whole register."""
    for i, content in enumerate(contents):
        yield RegisterWrite(register.name, i, content)


def _bytes_of(words: np.ndarray) -> np.ndarray:
    """(depth, bytes) uint8, byte 0 least significant, of (depth, limbs) uint32."""
    return np.ascontiguousarray(words).astype("<u4").view(np.uint8)
