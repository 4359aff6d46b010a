"""A memory of the core. The SPI reads and writes it, too, 32 bits of a word at a time.

Source: srnn.v, SRAMs, Readback.
"""

from collections.abc import Sequence
from itertools import accumulate

from amaranth import Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import SPI_BITS, SPI_WORD_ADDR
from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.lib.sram import LaneSram
from draupnir.rtl.reckon.buses import MemoryControl


class SpiMemory(wiring.Component):
    """A memory whose words consist of lanes, which can be written one by one.

    depth : the number of words, a power of 2; no lane may lie in two chunks of 32 bits
    copy : see ``Sram``

    prog, read : 1 if the SPI writes or reads a chunk of a word in this clock; the core then has no access
    core, w_lanes, w_word : the access of the core, and the lanes that it writes if ``core.we`` is 1
    control : the access that takes place
    r_word : the word last accessed, as it was before the access
    r_chunk : the chunk of this word that the SPI has addressed
    """

    def __init__(self, depth: int, lanes: Sequence[int], copy: int = 0) -> None:
        width = sum(lanes)
        super().__init__(
            {
                "prog": In(1),
                "read": In(1),
                "word": In((depth - 1).bit_length()),
                "chunk": In(SPI_WORD_ADDR["chunk"].width),
                "payload": In(SPI_BITS),
                "core": In(MemoryControl(depth)),
                "w_lanes": In(len(lanes)),
                "w_word": In(width),
                "control": Out(MemoryControl(depth)),
                "r_word": Out(width),
                "r_chunk": Out(SPI_BITS),
            }
        )
        self.sram = LaneSram(depth, lanes, copy)
        self._chunk_of = [start // SPI_BITS for start in accumulate(lanes[:-1], initial=0)]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.sram = sram = self.sram
        core, control = self.core, self.control
        by_spi = self.prog | self.read
        m.d.comb += [
            control.cs.eq(by_spi | core.cs),
            control.we.eq(self.prog | (~self.read & core.we)),
            control.addr.eq(Mux(by_spi, self.word, core.addr)),
            sram.w_lanes.eq(Mux(self.prog, Cat(self.chunk == i for i in self._chunk_of), self.w_lanes)),
            sram.w_word.eq(Mux(self.prog, self.payload.replicate(len(self.r_word) // SPI_BITS), self.w_word)),
            self.r_word.eq(sram.r_word),
            self.r_chunk.eq(sram.r_word.word_select(self.chunk, SPI_BITS)),
        ]
        forward(m, control, sram.control)
        return m
