"""The chips' memories in what an FPGA has: lanes of block RAM, and single-port RAM without initial content.

Source: Lattice FPGA-TN-02204 (ECP5 memories), FPGA-TN-02002 (iCE40 UltraPlus single-port RAM, SB_SPRAM256KA).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from amaranth import ClockSignal, Const, Instance, Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from draupnir.rtl.lib.sram import Sram, SramControl

LANE_BITS = 16  # one block RAM of either family, as wide as a port that reads a word before it overwrites it
SPRAM_DEPTH = 1 << 14
SPRAM_FROM = 1 << 16  # bits; a smaller memory would leave most of two SPRAMs unused
FINGERPRINT_SEED = 0x0D1


def fingerprint(depth: int, width: int) -> list[int]:
    """Random words, always the same for a shape: wherever they turn up in a netlist or a bitstream, the memory is."""
    rng = np.random.default_rng((FINGERPRINT_SEED, depth, width))
    return [int.from_bytes(rng.bytes(-(-width // 8)), "little") & ((1 << width) - 1) for _ in range(depth)]


class BlockMemories:
    """A mixin for Amaranth's platforms, and a platform for a chip alone: every ``Sram`` in lanes of block RAM.

    Their initial content is a fingerprint, for rtl/fpga/content.py to find and replace.
    placed : (depth, width) of each memory that has been asked for
    """

    placed: frozenset[tuple[int, int]] = frozenset()

    def get_sram(self, sram: Sram) -> wiring.Component:
        self.placed |= {(sram.depth, sram.width)}
        return LanedSram(sram.depth, sram.width)

    def has_initial_content(self, depth: int, width: int) -> bool:
        """Tell whether a bitstream can hold the words of a memory of this shape."""
        return True


class BlockAndSpram(BlockMemories):
    """Likewise for an iCE40 UP5K; large memories in SPRAM."""

    def get_sram(self, sram: Sram) -> wiring.Component:
        if self.has_initial_content(sram.depth, sram.width):
            return super().get_sram(sram)
        self.placed |= {(sram.depth, sram.width)}
        return SpramBank(sram.depth, sram.width)

    def has_initial_content(self, depth: int, width: int) -> bool:
        return depth * width < SPRAM_FROM or depth > SPRAM_DEPTH


class LanedSram(wiring.Component):
    """``Sram``, a memory for every 16 bits of the word.

    Wider ones would be put by Yosys into block RAMs that read and write at separate ports, where reading the word
    that is written is undefined; it would then go round them with a register and a multiplexer for each bit.
    """

    def __init__(self, depth: int, width: int) -> None:
        self._depth, self._width = depth, width
        super().__init__({"control": In(SramControl(exact_log2(depth))), "w_word": In(width), "r_word": Out(width)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        content = fingerprint(self._depth, self._width)
        for lane, start in enumerate(range(0, self._width, LANE_BITS)):
            end = min(start + LANE_BITS, self._width)
            init = [word >> start & ((1 << end - start) - 1) for word in content]
            m.submodules[f"lane_{lane}"] = words = memory.Memory(
                shape=end - start, depth=self._depth, init=init, attrs={"ram_style": "block"}
            )
            read, write = words.read_port(), words.write_port()
            m.d.comb += [
                read.addr.eq(self.control.addr),
                read.en.eq(self.control.cs),
                self.r_word[start:end].eq(read.data),
                write.addr.eq(self.control.addr),
                write.en.eq(self.control.cs & self.control.we),
                write.data.eq(self.w_word[start:end]),
            ]
        return m


class SpramBank(wiring.Component):
    """``Sram`` in SPRAMs side by side; its words are unknown at first.

    An SPRAM has no output while it writes, where an ``Sram`` shows the word that was there before. That word is known
    as long as a write goes to the address of the access before it, and it is remembered. In the chips it always
    does: a word is read in one clock and written in the next ones. Only an event whose AERIN_ADDR changes while
    AERIN_REQ is up, against the bus's protocol, would show the difference.
    """

    def __init__(self, depth: int, width: int) -> None:
        self._width = width
        super().__init__({"control": In(SramControl(exact_log2(depth))), "w_word": In(width), "r_word": Out(width)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        cs, we = self.control.cs, self.control.we
        was_written = Signal(reset_less=True)  # the last access was a write
        last_written = Signal(self._width, reset_less=True)
        old_word = Signal(self._width, reset_less=True)  # what was in the word that was last written
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
