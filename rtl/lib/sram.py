"""A single-port synchronous memory with chip select, as SRAM macros and FPGA block memories have it."""

from amaranth import Cat, Module, Mux, Value
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2


class SramControl(wiring.Signature):
    """What a memory is asked to do in this clock.

    cs : access the word at ``addr``: at the clock's edge it appears at the memory's output
    we : together with ``cs``: also write it; the output then shows the word as it was before
    """

    def __init__(self, addr_bits: int) -> None:
        super().__init__({"cs": Out(1), "we": Out(1), "addr": Out(addr_bits)})


class Sram(wiring.Component):
    """``depth`` words (a power of 2) of ``width`` bits, all 0 at first.

    ``r_word`` is valid one clock after ``cs`` and stays until the next access; no reset touches it.
    A write at the same clock is not seen by the read.
    """

    def __init__(self, depth: int, width: int) -> None:
        self.words = memory.Memory(shape=width, depth=depth, init=[])
        super().__init__({"control": In(SramControl(exact_log2(depth))), "w_word": In(width), "r_word": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.words = self.words
        read = self.words.read_port()
        write = self.words.write_port()
        m.d.comb += [
            read.addr.eq(self.control.addr),
            read.en.eq(self.control.cs),
            self.r_word.eq(read.data),
            write.addr.eq(self.control.addr),
            write.en.eq(self.control.cs & self.control.we),
            write.data.eq(self.w_word),
        ]
        return m


def merge_byte(word: Value, byte_idx: Value, byte: Value, mask: Value) -> Value:
    """``word`` with the byte ``byte_idx`` (0 least significant) replaced by ``byte``, except where ``mask`` is 1.

    An index beyond the word changes nothing.
    """
    merged_bytes = []
    for i in range(len(word) // 8):
        old = word[8 * i : 8 * i + 8]
        merged_bytes.append(Mux(byte_idx == i, byte & ~mask | old & mask, old))
    return Cat(merged_bytes)
