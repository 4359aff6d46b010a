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
    copy : see ``Sram``

    It is still one array, whose write port has an enable for each lane, like block memories. A platform with a method
    ``get_lane_sram`` may return another component with the same signature, or None.
    """

    def __init__(self, depth: int, lanes: Sequence[int], copy: int = 0) -> None:
        self.depth, self.lanes, self.copy = depth, tuple(lanes), copy
        super().__init__(
            {
                "control": In(SramControl(exact_log2(depth))),
                "w_lanes": In(len(lanes)),
                "w_word": In(sum(lanes)),
                "r_word": Out(sum(lanes)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        substitute = platform.get_lane_sram(self) if hasattr(platform, "get_lane_sram") else None
        if substitute is not None:
            m.submodules.device = substitute
            connect(m, flipped(self), substitute)
            return m
        m.submodules.words = words = memory.Memory(shape=sum(self.lanes), depth=self.depth, init=[])
        access_by_lanes(m, words, self, range(len(self.lanes)))
        return m


def access_by_lanes(m: Module, words: memory.Memory, sram: Any, lanes: range) -> None:
    """Connect a memory that holds some lanes of a word, which lie side by side.

    sram : a component with the ports of a ``LaneSram``, and its ``lanes``; lanes : the numbers of those in the memory
    """
    widths = [sram.lanes[lane] for lane in lanes]
    start, granularity = sum(sram.lanes[: lanes.start]), math.gcd(*widths)
    bits = slice(start, start + sum(widths))
    read = words.read_port()
    write = words.write_port(granularity=granularity)
    # This is an expression and no If, so that the enables of a lane's parts are one net, and tools make one enable.
    enables = sram.w_lanes[lanes.start : lanes.stop] & (sram.control.cs & sram.control.we).replicate(len(lanes))
    m.d.comb += [
        read.addr.eq(sram.control.addr),
        read.en.eq(sram.control.cs),
        sram.r_word[bits].eq(read.data),
        write.addr.eq(sram.control.addr),
        write.en.eq(Cat(enables[i].replicate(width // granularity) for i, width in enumerate(widths))),
        write.data.eq(sram.w_word[bits]),
    ]


def merge_byte(m: Module, merged_word: Value, word: Value, byte_idx: Value, byte: Value, mask: Value) -> None:
    """Assign ``word`` to ``merged_word``, with one byte replaced by ``byte`` where ``mask`` is 0.

    byte_idx : index of the byte, 0 is the least significant; an index beyond the word changes nothing
    """
    m.d.comb += merged_word.eq(word)
    with m.Switch(byte_idx):
        for i in range(len(word) // 8):
            with m.Case(i):
                m.d.comb += merged_word.word_select(i, 8).eq(byte & ~mask | word.word_select(i, 8) & mask)
