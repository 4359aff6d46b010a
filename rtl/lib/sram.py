"""A single-port synchronous memory with chip select, like SRAM macros and FPGA block memories."""

import math
from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Module, Value
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import ceil_log2, exact_log2


class SramControl(wiring.Signature):
    """The request to a memory in this clock.

    cs : 1 accesses the word at ``addr``; after the clock's edge it is at the memory's output
    we : 1 together with ``cs`` also writes the word; the output then shows the old word
    """

    def __init__(self, addr_bits: int) -> None:
        super().__init__({"cs": Out(1), "we": Out(1), "addr": Out(addr_bits)})


class Sram(wiring.Component):
    """``depth`` words of ``width`` bits, all 0 at first.

    ``r_word`` is valid one clock after ``cs``, and stays until the next access; no reset changes it. A write in the
    same clock does not change the word that is read.

    init : the initial words from address 0 on; all others are 0
    written_bits : the bits that a write may change, None for all of them. All other bits of ``w_word`` must be those of
        the word at ``addr``
    copy : the number of this memory among those that are alike, by which a platform may tell them apart

    A platform with a method ``get_sram`` may return another component with the same signature, or None.
    """

    def __init__(
        self, depth: int, width: int, init: Sequence[int] = (), written_bits: range | None = None, copy: int = 0
    ) -> None:
        self.depth, self.width, self.copy = depth, width, copy
        self.written_bits = range(width) if written_bits is None else written_bits
        self._init = init
        super().__init__({"control": In(SramControl(ceil_log2(depth))), "w_word": In(width), "r_word": Out(width)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        substitute = platform.get_sram(self) if hasattr(platform, "get_sram") else None
        if substitute is not None:
            m.submodules.device = substitute
            connect(m, flipped(self), substitute)
            return m
        m.submodules.words = words = memory.Memory(shape=self.width, depth=self.depth, init=self._init)
        read = words.read_port()
        write = words.write_port()
        m.d.comb += [
            read.addr.eq(self.control.addr),
            read.en.eq(self.control.cs),
            self.r_word.eq(read.data),
            write.addr.eq(self.control.addr),
            write.en.eq(self.control.cs & self.control.we),
            write.data.eq(self.w_word),
        ]
        return m


class LaneSram(wiring.Component):
    """An ``Sram`` in which a write may change a part of the word: the lanes that are 1 in ``w_lanes``.

    lanes : the width of each lane, from the lowest bit on; their sum is the word's width

    It is still one array, whose write port has an enable for each lane, like block memories.
    """

    def __init__(self, depth: int, lanes: Sequence[int]) -> None:
        self.words = memory.Memory(shape=sum(lanes), depth=depth, init=[])
        self._lanes = tuple(lanes)
        super().__init__(
            {
                "control": In(SramControl(exact_log2(depth))),
                "w_lanes": In(len(lanes)),
                "w_word": In(sum(lanes)),
                "r_word": Out(sum(lanes)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.words = self.words
        granularity = math.gcd(*self._lanes)
        read = self.words.read_port()
        write = self.words.write_port(granularity=granularity)
        # This is an expression and no If, so that the enables of a lane's parts are one net, and tools make one enable.
        w_lanes = self.w_lanes & (self.control.cs & self.control.we).replicate(len(self._lanes))
        m.d.comb += [
            read.addr.eq(self.control.addr),
            read.en.eq(self.control.cs),
            self.r_word.eq(read.data),
            write.addr.eq(self.control.addr),
            write.en.eq(Cat(w_lanes[i].replicate(width // granularity) for i, width in enumerate(self._lanes))),
            write.data.eq(self.w_word),
        ]
        return m


def merge_byte(m: Module, merged_word: Value, word: Value, byte_idx: Value, byte: Value, mask: Value) -> None:
    """Assign ``word`` to ``merged_word``, with one byte replaced by ``byte`` where ``mask`` is 0.

    byte_idx : index of the byte, 0 is the least significant; an index beyond the word changes nothing
    """
    m.d.comb += merged_word.eq(word)
    with m.Switch(byte_idx):
        for i in range(len(word) // 8):
            with m.Case(i):
                m.d.comb += merged_word.word_select(i, 8).eq(byte & ~mask | word.word_select(i, 8) & mask)
