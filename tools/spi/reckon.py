"""How ReckOn's SPI is written: an address field and one data field a transaction.

The chip takes up to 4,095 data fields in a row; one at a time is what every host can do, and what can be patched.

Source: ReckOn doc v1.0, 2.1; spi_slave.v.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from emulator.codec import LIMB_BITS, decode, encode
from emulator.declare import Chip
from emulator.reckon import layout
from emulator.reckon.layout import CHIP, SPI_BITS, SPI_HEADER, SPI_NEUR_ADDR, SPI_WORD_ADDR, SpiCode
from tools.config.configuration import Configuration
from tools.spi.bytewise import register_at
from tools.spi.writes import MemoryWrite, RegisterWrite, Write

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
    chunk_bits = LIMB_BITS
    gate = "SPI_EN_CONF"

    def encode(self, write: Write) -> int:
        if isinstance(write, RegisterWrite):
            addr, code, content = CHIP.register(write.register).addr + write.i, SpiCode.CONFIG, write.content
        else:
            if write.keep:
                raise ValueError(f"{write.memory}: ReckOn has no masks; a write takes all {LIMB_BITS} bits")
            addr, code, content = _addr(write.memory, write.word, write.chunk), CODES[write.memory], write.content
        return encode(SPI_HEADER, addr=addr, num_write=1, code=code) << SPI_BITS | content

    def decode(self, content: int) -> Write:
        header, taken = decode(SPI_HEADER, content >> SPI_BITS), content & FIELD
        if header["read"]:
            raise ValueError("reads, where only writes belong")
        if header["num_write"] != 1:
            raise ValueError(f"announces {header['num_write']} data fields; here it is one a transaction")
        if header["code"] == SpiCode.CONFIG:
            return register_at(CHIP, header["addr"], taken)
        memory = next((name for name, code in CODES.items() if code == header["code"]), None)
        if memory is None:
            raise ValueError(f"code {header['code']} is no memory's")
        if memory == layout.NEURONS.name and decode(SPI_NEUR_ADDR, header["addr"])["flags"]:
            raise ValueError("sets a neuron's spike and dirty bits, which no configuration has")
        place = decode(SPI_WORD_ADDR, header["addr"])
        if place["word"] >= CHIP.memory(memory).depth:
            raise ValueError(f"{memory}[{place['word']}]; there are {CHIP.memory(memory).depth} words")
        return MemoryWrite(memory, place["word"], place["chunk"], taken)

    def encode_read(self, memory: str, word: int, chunk: int) -> int:
        header = encode(SPI_HEADER, addr=_addr(memory, word, chunk), num_write=1, code=CODES[memory], read=1)
        return header << SPI_BITS

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


def _addr(memory: str, word: int, chunk: int) -> int:
    return encode(SPI_NEUR_ADDR if memory == layout.NEURONS.name else SPI_WORD_ADDR, word=word, chunk=chunk)


PORT = ReckonPort()
