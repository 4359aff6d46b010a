"""Writes to ReckOn's SPI: an address field and one data field a transaction.

The chip takes up to 4,095 data fields in a row, each for the next address; one at a time is what every host can do, and
what can be patched. All of it is understood.

Source: ReckOn doc v1.0, 2.1; spi_slave.v.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from draupnir.emulator.codec import decode, encode
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import LIMB_BITS, Chip
from draupnir.emulator.reckon import layout
from draupnir.emulator.reckon.layout import CHIP, SPI_BITS, SPI_HEADER, SPI_NEUR_ADDR, SPI_WORD_ADDR, SpiCode
from draupnir.emulator.spi.bytewise import register_at
from draupnir.emulator.spi.port import Heard, Made, MemoryWrite, Placed, RegisterWrite, Remark, Write

CODES = {
    layout.NEURONS.name: SpiCode.NEUR,
    layout.WINP.name: SpiCode.WINP,
    layout.WREC.name: SpiCode.WREC,
    layout.WOUT.name: SpiCode.WOUT,
}
FIELD = (1 << SPI_BITS) - 1


class ReckonPort:
    """The port. A write to a memory is heard while SPI_EN_CONF is 1, as it is after a reset."""

    chip: Chip = CHIP
    bits = 2 * SPI_BITS
    field_bits = SPI_BITS
    chunk_bits = LIMB_BITS
    gate = "SPI_EN_CONF"
    silence = ""

    def encode(self, write: Write) -> int:
        if isinstance(write, RegisterWrite):
            return self.at_register(write.register, write.i) << SPI_BITS | write.content
        if write.keep:
            raise ValueError(f"{write.memory}: ReckOn has no masks; a write takes all {LIMB_BITS} bits")
        addr = self.place(write.memory, write.word, write.chunk)
        return self.header(CODES[write.memory], addr) << SPI_BITS | write.content

    def header(self, code: int, addr: int, n: int = 1, read: int = 0) -> int:
        """The field that announces ``n`` data fields, 0..4095. code : 0..7; addr : of the first, any 16 bits."""
        return encode(SPI_HEADER, read=read, code=code, num_write=n, addr=addr)

    def at_register(self, register: str, i: int = 0) -> int:
        """The address field that writes a configuration register, at the ``i``-th of its addresses."""
        return self.header(SpiCode.CONFIG, CHIP.register(register).addr + i)

    def place(self, memory: str, word: int, chunk: int) -> int:
        """The 16 bits that say which 32 bits of which word of a memory."""
        return encode(SPI_NEUR_ADDR if memory == layout.NEURONS.name else SPI_WORD_ADDR, word=word, chunk=chunk)

    def place_of_flags(self, neuron: int) -> int:
        """The 16 bits at which a write also sets the flags of a neuron, 0..255; see ``flags``."""
        return encode(SPI_NEUR_ADDR, flags=1) | neuron

    def flags(self, neur_z: int, neur_dirty: int) -> int:
        """The two bits of a data field that set a neuron's spike and dirty bits."""
        return encode(layout.SPI_NEUR_FLAGS, neur_z=neur_z, neur_dirty=neur_dirty)

    def told(self, addr: int) -> dict[str, int]:
        """Return what an address field says, field by field."""
        return decode(SPI_HEADER, addr)

    def hear(self, fields: Iterable[Placed]) -> Iterator[Heard]:
        """An address field, and as many data fields as it announces."""
        rest = iter(fields)
        for where, first in rest:
            header = self.told(first)
            n = header["num_write"]
            if n == 0:
                empty = Remark("empty", "announces no data field: nothing is written")
                yield Heard(where, f"{first:08x}", None, (empty,))
            for k in range(n):
                placed = next(rest, None)
                if placed is None:
                    cut = Remark("cut", f"announces {n} data fields, and the stream ends after {k}")
                    yield Heard(where, f"{first:08x}", None, (cut,))
                    return
                yield Heard(placed[0], f"{first:08x} {placed[1]:08x}", *_made_of(header, k, placed[1]))

    def encode_read(self, memory: str, word: int, chunk: int) -> int:
        return self.header(CODES[memory], self.place(memory, word, chunk), read=1) << SPI_BITS

    def answer(self, received: int) -> int:
        """The data field."""
        return received & FIELD

    def program(self, wanted: Configuration, present: Mapping[str, np.ndarray] | None) -> Iterator[Write]:
        """SPI_EN_CONF first, so that all is heard, and last as it is wanted."""
        yield from self.begin()
        for register in CHIP.registers:
            if register.name != self.gate:
                for i, content in enumerate(wanted.registers[register.name]):
                    yield RegisterWrite(register.name, i, content)
        for memory in CHIP.memories:
            words = wanted.memories[memory.name]
            differing = np.ones(words.shape, bool) if present is None else words != present[memory.name]
            for word, chunk in np.argwhere(differing).tolist():
                yield MemoryWrite(memory.name, word, chunk, int(words[word, chunk]))
        yield from self.end(wanted)

    def begin(self) -> Iterator[Write]:
        yield RegisterWrite(self.gate, 0, 1)

    def end(self, wanted: Configuration) -> Iterator[Write]:
        yield RegisterWrite(self.gate, 0, wanted.registers[self.gate][0])


def _made_of(header: dict[str, int], k: int, content: int) -> Made:
    """Return what the k-th data field writes, or None, and remarks."""
    if header["read"]:
        return None, (Remark("read", "reads: nothing is written"),)
    if header["code"] == SpiCode.CONFIG:
        again = Remark("again", "writes the same register again, as its address does not move on: the last field holds")
        write, remarks = register_at(CHIP, header["addr"], content)
        return write, (*remarks, again) if k == 1 else remarks
    if header["code"] == SpiCode.ONEUR:
        return None, (Remark("output neuron", "writes an output neuron's potential, which no configuration has"),)
    memory = next((name for name, code in CODES.items() if code == header["code"]), None)
    if memory is None:
        return None, (Remark("no code", f"code {header['code']} is no memory's: nothing is written"),)
    return _to_memory(memory, header["addr"] + k & SPI_HEADER["addr"].high, content)


def _to_memory(memory: str, addr: int, content: int) -> Made:
    """The write of a memory's chunk, and remarks: of the address the chip takes as many bits as the memory needs."""
    place = decode(SPI_WORD_ADDR, addr)
    depth = CHIP.memory(memory).depth
    word = place["word"] % depth
    remarks = []
    if memory == layout.NEURONS.name and decode(SPI_NEUR_ADDR, addr)["flags"]:
        addr ^= SPI_NEUR_ADDR["flags"].high << SPI_NEUR_ADDR["flags"].lsb
        text = "also sets a neuron's spike and dirty bits, which no configuration has"
        remarks.append(Remark("flags", text))
    if addr >> SPI_WORD_ADDR["word"].lsb != word:
        text = f"address {addr:#x}: {memory} has {depth} words, and the chip takes {memory}[{word}]"
        remarks.append(Remark("beyond", text))
    return MemoryWrite(memory, word, place["chunk"], content), tuple(remarks)


PORT = ReckonPort()
