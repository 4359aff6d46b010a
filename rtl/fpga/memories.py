"""The chips' memories in an FPGA: lanes of block RAM, or single-port RAM without initial content.

Source: Lattice FPGA-TN-02204 (ECP5 memories), FPGA-TN-02002 (iCE40 UltraPlus single-port RAM, SB_SPRAM256KA).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from amaranth import ClockSignal, Const, Instance, Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2, exact_log2

from draupnir.emulator.errors import InputError
from draupnir.rtl.lib.sram import LaneSram, Sram, SramControl, access_by_lanes

LANE_BITS = 16  # the widest port of a block RAM, in both families, that reads a word before it overwrites it
BYTE_BITS = 8  # a part of such a port that has a write enable of its own
FIXED_LANE_BITS = 36  # the widest port of an ECP5's block RAM, for bits that nothing writes
SPRAM_DEPTH = 1 << 14
SPRAM_FROM = 1 << 16  # in bits; a smaller memory would use only a small part of two SPRAMs
FINGERPRINT_SEED = 0x0D1
FEWEST_WORDS = (
    64  # A column with fewer random bits could be found in a block RAM by chance, which has more words anyway.
)


class MemoryShape(NamedTuple):
    """The shape of a memory: ``depth`` words of ``width`` bits; ``copy`` is its number among those that are alike."""

    depth: int
    width: int
    copy: int = 0


def numbered(sizes: Iterable[tuple[str, int, int]]) -> dict[str, MemoryShape]:
    """Return name -> shape; memories that are alike have the numbers 0, 1, ... in this order, as their ``Sram``s have.

    sizes : name, depth and width of each memory, or of each copy of a memory
    """
    shapes: dict[str, MemoryShape] = {}
    n_alike: Counter[tuple[int, int]] = Counter()
    for name, depth, width in sizes:
        shapes[name] = MemoryShape(depth, width, n_alike[depth, width])
        n_alike[depth, width] += 1
    return shapes


def check_placed(subject: str, shapes: Mapping[str, MemoryShape], placed: frozenset[MemoryShape], source: str) -> None:
    """Raise InputError if the design has a memory whose content we cannot find and replace.

    placed : the shapes that a platform has replaced; source : where the content should come from, and a remedy
    """
    absent = [name for name, shape in shapes.items() if shape not in placed]
    if absent:
        raise InputError(f"{subject}: {', '.join(absent)} cannot be filled from {source}")


def fingerprint(depth: int, width: int, copy: int = 0) -> list[int]:
    """Return random words, which are always the same for a shape; they mark the memory in a netlist or a bitstream.

    depth : the number of words; width : bits of a word; copy : the number among memories of this shape
    The result has at least FEWEST_WORDS words.
    """
    depth = max(depth, FEWEST_WORDS)
    rng = np.random.default_rng((FINGERPRINT_SEED, depth, width, *([copy] if copy else [])))
    return [int.from_bytes(rng.bytes(-(-width // 8)), "little") & ((1 << width) - 1) for _ in range(depth)]


class BlockMemories:
    """A mixin for Amaranth's platforms, or a platform for a chip alone: it puts each memory into lanes of block RAM.

    The initial content is a fingerprint, which rtl/fpga/content.py finds and replaces.

    placed : the shape of each memory that the design has requested so far
    """

    placed: frozenset[MemoryShape] = frozenset()

    def get_sram(self, sram: Sram) -> wiring.Component:
        self.placed |= {MemoryShape(sram.depth, sram.width, sram.copy)}
        return LanedSram(sram.depth, sram.width, sram.written_bits, sram.copy)

    def get_lane_sram(self, sram: LaneSram) -> wiring.Component | None:
        shape = MemoryShape(sram.depth, sum(sram.lanes), sram.copy)
        if not self.has_initial_content(shape.depth, shape.width):
            return None
        self.placed |= {shape}
        return PartedSram(sram)

    def has_initial_content(self, depth: int, width: int) -> bool:
        """Tell whether a bitstream can hold the words of a memory of this shape."""
        return True


class BlockAndSpram(BlockMemories):
    """A mixin for an iCE40 UP5K: large memories are in SPRAM, all others in lanes of block RAM."""

    def get_sram(self, sram: Sram) -> wiring.Component:
        if self.has_initial_content(sram.depth, sram.width):
            return super().get_sram(sram)
        self.placed |= {MemoryShape(sram.depth, sram.width, sram.copy)}
        return SpramBank(sram.depth, sram.width)

    def has_initial_content(self, depth: int, width: int) -> bool:
        return depth * width < SPRAM_FROM or depth > SPRAM_DEPTH


def lanes(width: int, written_bits: range) -> list[range]:
    """Return the bits of each lane of a word: 16 bits that a write may change, or 36 bits that no write changes."""
    starts = [
        *range(0, written_bits.start, FIXED_LANE_BITS),
        *range(written_bits.start, written_bits.stop, LANE_BITS),
        *range(written_bits.stop, width, FIXED_LANE_BITS),
    ]
    return [range(start, end) for start, end in pairwise([*starts, width])]


class LanedSram(wiring.Component):
    """An ``Sram`` that consists of one memory for each lane of the word.

    Why are the lanes that are written not wider? Yosys would put wider memories into block RAMs with separate ports for
    reading and writing, where the result is undefined if both have the same address. It would then add a register and a
    multiplexer for each bit.
    """

    def __init__(self, depth: int, width: int, written_bits: range | None = None, copy: int = 0) -> None:
        self._depth, self._width, self._copy = depth, width, copy
        self._written_bits = range(width) if written_bits is None else written_bits
        super().__init__({"control": In(SramControl(ceil_log2(depth))), "w_word": In(width), "r_word": Out(width)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        content = fingerprint(self._depth, self._width, self._copy)
        for lane, bits in enumerate(lanes(self._width, self._written_bits)):
            start, end = bits.start, bits.stop
            init = [word >> start & ((1 << end - start) - 1) for word in content]
            m.submodules[f"lane_{lane}"] = words = memory.Memory(
                shape=end - start, depth=len(content), init=init, attrs={"ram_style": "block"}
            )
            read = words.read_port()
            m.d.comb += [
                read.addr.eq(self.control.addr),
                read.en.eq(self.control.cs),
                self.r_word[start:end].eq(read.data),
            ]
            if start not in self._written_bits:
                continue
            write = words.write_port()
            m.d.comb += [
                write.addr.eq(self.control.addr),
                write.en.eq(self.control.cs & self.control.we),
                write.data.eq(self.w_word[start:end]),
            ]
        return m


def parts(widths: Sequence[int]) -> list[range]:
    """Return the lanes of each block RAM, by number: two neighbours if each has room in a byte of its port, else one.

    widths : the width of each lane that is written alone
    """
    blocks: list[range] = []
    for lane, width in enumerate(widths):
        joins = blocks and len(blocks[-1]) == 1 and max(width, widths[lane - 1]) <= BYTE_BITS
        blocks.append(range(blocks.pop().start if joins else lane, lane + 1))
    return blocks


class PartedSram(wiring.Component):
    """A ``LaneSram`` that consists of one memory for each one or two of its lanes.

    A port that reads a word before it overwrites it has a write enable for each of its two bytes. So no lane needs a
    detour, and none is wider than such a port.
    """

    def __init__(self, sram: LaneSram) -> None:
        self._depth, self.lanes, self._copy = sram.depth, sram.lanes, sram.copy
        super().__init__(sram.signature)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        content = fingerprint(self._depth, sum(self.lanes), self._copy)
        start = 0
        for block, lanes_of_block in enumerate(parts(self.lanes)):
            width = sum(self.lanes[lane] for lane in lanes_of_block)
            init = [word >> start & ((1 << width) - 1) for word in content]
            m.submodules[f"block_{block}"] = words = memory.Memory(
                shape=width, depth=len(content), init=init, attrs={"ram_style": "block"}
            )
            access_by_lanes(m, words, self, lanes_of_block)
            start += width
        return m


class SpramBank(wiring.Component):
    """An ``Sram`` that consists of SPRAMs side by side; its words are unknown at first.

    An ``Sram`` shows the old word when it writes; an SPRAM has no output then. The bank remembers the old word. It
    knows this word if a write has the address of the access before it. In the chips this is always so: they read a word
    in one clock and write it in the next ones. The only exception is an event whose AERIN_ADDR changes while AERIN_REQ
    is 1, which breaks the bus's protocol.
    """

    def __init__(self, depth: int, width: int) -> None:
        self._width = width
        super().__init__({"control": In(SramControl(exact_log2(depth))), "w_word": In(width), "r_word": Out(width)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        cs, we = self.control.cs, self.control.we
        was_written = Signal(reset_less=True)  # 1 if the last access was a write
        last_written = Signal(self._width, reset_less=True)
        old_word = Signal(self._width, reset_less=True)  # the word before the last write
        content = Signal(self._width)
        with m.If(cs):
            m.d.sync += was_written.eq(we)
            with m.If(we):
                m.d.sync += [last_written.eq(self.w_word), old_word.eq(Mux(was_written, last_written, content))]
        m.d.comb += self.r_word.eq(Mux(was_written, old_word, content))
        for lane, start in enumerate(range(0, self._width, LANE_BITS)):
            end = min(start + LANE_BITS, self._width)
            output = Signal(LANE_BITS)
            m.submodules[f"spram_{lane}"] = Instance(
                "SB_SPRAM256KA",
                i_ADDRESS=self.control.addr,
                i_DATAIN=self.w_word[start:end],
                i_MASKWREN=Const(0b1111, 4),
                i_WREN=we,
                i_CHIPSELECT=cs,
                i_CLOCK=ClockSignal("sync"),
                i_STANDBY=0,
                i_SLEEP=0,
                i_POWEROFF=1,  # active low
                o_DATAOUT=output,
            )
            m.d.comb += content[start:end].eq(output)
        return m
