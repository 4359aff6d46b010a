"""Writes to ReckOn's SPI: an address field and one data field in each transaction.

The chip takes up to 4,095 data fields after one address field, each for the next address. We send one at a time: every
host can do that, and such a stream can be changed write by write. ``hear`` understands both.

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

CODES = {
    layout.NEURONS.name: SpiCode.NEUR,
    layout.WINP.name: SpiCode.WINP,
    layout.WREC.name: SpiCode.WREC,
    layout.WOUT.name: SpiCode.WOUT,
}
FIELD = (1 << SPI_BITS) - 1
WRITTEN_BY_RESET = "SPI_RO_STAGE_SEL"  # the edge of RST writes it as an edge of SCK does; see ``spi.rst_rise``


class ReckonPort:
    """The port (see ``spi.port.Port``). Writes reach the memories while SPI_EN_CONF is 1, as it is after a reset."""

    chip: Chip = CHIP
    bits = 2 * SPI_BITS
    field_bits = SPI_BITS
    chunk_bits = LIMB_BITS
    form = f"an address field of {SPI_BITS} bits and as many data fields of {SPI_BITS} bits as its num_write says"
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
        """Return the address field; n : the data fields after it, 0..4095; code : 0..7; addr : the first, 16 bits."""
        return encode(SPI_HEADER, read=read, code=code, num_write=n, addr=addr)

    def at_register(self, register: str, i: int = 0) -> int:
        """Return the address field that writes address ``i`` of a configuration register, 0..n_addrs - 1."""
        return self.header(SpiCode.CONFIG, CHIP.register(register).addr + i)

    def place(self, memory: str, word: int, chunk: int) -> int:
        """Return the 16 bits of the address of a chunk of 32 bits in a word of a memory."""
        return encode(SPI_NEUR_ADDR if memory == layout.NEURONS.name else SPI_WORD_ADDR, word=word, chunk=chunk)

    def place_of_flags(self, neuron: int) -> int:
        """Return the 16 bits of the address at which a write also sets the flags of a neuron, 0..255; see ``flags``."""
        return encode(SPI_NEUR_ADDR, flags=1) | neuron

    def flags(self, neur_z: int, neur_dirty: int) -> int:
        """Return the two bits of a data field that set a neuron's spike bit and dirty bit, 0 or 1 each."""
        return encode(layout.SPI_NEUR_FLAGS, neur_z=neur_z, neur_dirty=neur_dirty)

    def header_fields(self, addr: int) -> dict[str, int]:
        """Return the fields of an address field, by name."""
        return decode(SPI_HEADER, addr)

    def hear(self, fields: Iterable[FieldAtPlace], rest: Rest | None = None) -> Iterator[Reception]:
        """Take an address field, and then the data fields that it announces."""
        iterator = iter(fields)
        for place, addr in iterator:
            header = self.header_fields(addr)
            n = header["num_write"]
            if n == 0:
                right = f"num_write = 1..{SPI_HEADER['num_write'].high}"
                remark = Remark("empty", "announces no data field: nothing is written", right)
                yield Reception(place, f"{addr:08x}", None, (remark,))
            for k in range(n):
                data_field = next(iterator, None)
                if data_field is None:
                    yield from self._end(place, addr, k, rest)
                    return
                bits = f"{addr:08x} {data_field[1]:08x}"
                yield Reception(data_field[0], bits, *_effect(header, k, data_field[1]), n_awaited=n - 1 - k)
        if rest is not None:
            yield cut(self.form, 0, rest, None)

    def _end(self, place: str, addr: int, k: int, rest: Rest | None) -> Iterator[Reception]:
        """Yield what becomes of a transaction after its first k data fields, of which it has more."""
        header = self.header_fields(addr)
        if rest is None:
            text = f"announces {header['num_write']} data fields, and the stream ends after {k}"
            yield Reception(place, f"{addr:08x}", None, (Remark("cut", text, self.form),))
            return
        is_whole = rest.n_risen == self.field_bits
        write = _effect(header, k, rest.content)[0] if is_whole else None
        yield cut(self.form, (1 + k) * self.field_bits, rest, write)
        if rest.mosi is not None and rest.n_bits == self.field_bits - 1:
            write = _effect(header, k, (rest.content << 1 | rest.mosi) & FIELD)[0]
            if isinstance(write, RegisterWrite) and write.register == WRITTEN_BY_RESET:
                text = f"ends in a reset, whose edge writes {write.register}, too"
                yield Reception(rest.place, "a transaction", write, (Remark("reset", text, self.form),))

    def encode_read(self, memory: str, word: int, chunk: int) -> int:
        return self.header(CODES[memory], self.place(memory, word, chunk), read=1) << SPI_BITS

    def answer(self, miso: int) -> int:
        """Return the data field."""
        return miso & FIELD

    def program(self, target: Configuration, present: Mapping[str, np.ndarray] | None) -> Iterator[Write]:
        """Set SPI_EN_CONF first, so that the chip takes all writes, and give it its own content last."""
        yield from self.begin()
        for register in CHIP.registers:
            if register.name != self.gate:
                for i, content in enumerate(target.registers[register.name]):
                    yield RegisterWrite(register.name, i, content)
        for memory in CHIP.memories:
            words = target.memories[memory.name]
            is_different = np.ones(words.shape, bool) if present is None else words != present[memory.name]
            for word, chunk in np.argwhere(is_different).tolist():
                yield MemoryWrite(memory.name, word, chunk, int(words[word, chunk]))
        yield from self.end(target)

    def begin(self) -> Iterator[Write]:
        yield RegisterWrite(self.gate, 0, 1)

    def end(self, target: Configuration) -> Iterator[Write]:
        yield RegisterWrite(self.gate, 0, target.registers[self.gate][0])


def _effect(header: dict[str, int], k: int, content: int) -> Effect:
    """Return the write of data field k, from 0, or None, and the remarks."""
    if header["read"]:
        return None, (Remark("read", f"{_reading(header, k)}: nothing is written"),)
    if header["code"] == SpiCode.CONFIG:
        text = "writes the same register again, because its address does not move on: the last field counts"
        remark = Remark("again", text, "num_write = 1")
        write, remarks = register_at(CHIP, header["addr"], content)
        return write, (*remarks, remark) if k == 1 else remarks
    if header["code"] == SpiCode.ONEUR:
        return None, (Remark("output neuron", "writes an output neuron's potential, which no configuration has"),)
    memory = next((name for name, code in CODES.items() if code == header["code"]), None)
    if memory is None:
        codes = ", ".join(f"{code:d} {name}" for name, code in CODES.items())
        text = f"no memory has code {header['code']}: nothing is written"
        return None, (Remark("no code", text, f"code = {SpiCode.CONFIG:d} registers, {codes}"),)
    return _to_memory(memory, header["addr"] + k & SPI_HEADER["addr"].high, content)


def _reading(header: dict[str, int], k: int) -> str:
    """Return what data field k, from 0, reads, in words."""
    memory = next((name for name, code in CODES.items() if code == header["code"]), None)
    if memory is None:
        return "reads" if header["code"] == SpiCode.ONEUR else "reads no memory"
    addr = header["addr"] + k & SPI_HEADER["addr"].high
    return f"reads {memory}[{SPI_WORD_ADDR['word'].take(addr) % CHIP.memory(memory).depth}]"


def _to_memory(memory: str, addr: int, content: int) -> Effect:
    """Return the write of a memory's chunk, and the remarks; address bits that the memory does not need are lost."""
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
        remarks.append(Remark("beyond", text, f"word = 0..{depth - 1}"))
    return MemoryWrite(memory, word, place["chunk"], content), tuple(remarks)


PORT = ReckonPort()
