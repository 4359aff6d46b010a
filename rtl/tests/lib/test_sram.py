import random
from typing import Any

from amaranth import Const, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.rtl.lib.sram import LaneSram, Sram, merge_byte
from draupnir.rtl.tests.simulate import evaluate, run_clocked


def test_read_is_valid_one_clock_later_and_holds() -> None:
    sram = Sram(16, 8)

    async def bench(ctx: Any) -> None:
        await _access(ctx, sram, addr=3, write=0x5A)
        await _access(ctx, sram, addr=3)
        assert ctx.get(sram.r_word) == 0x5A
        ctx.set(sram.control.cs, 0)
        ctx.set(sram.control.addr, 4)
        await ctx.tick().repeat(3)
        assert ctx.get(sram.r_word) == 0x5A

    run_clocked(sram, bench)


def test_a_write_reads_the_word_as_it_was() -> None:
    sram = Sram(16, 8)

    async def bench(ctx: Any) -> None:
        await _access(ctx, sram, addr=7, write=1)
        await _access(ctx, sram, addr=7, write=2)
        assert ctx.get(sram.r_word) == 1
        await _access(ctx, sram, addr=7, write=3)
        assert ctx.get(sram.r_word) == 2

    run_clocked(sram, bench)


def test_nothing_is_written_without_chip_select() -> None:
    sram = Sram(16, 8)

    async def bench(ctx: Any) -> None:
        ctx.set(sram.control.we, 1)
        ctx.set(sram.w_word, 0xFF)
        await ctx.tick()
        await _access(ctx, sram, addr=0)
        assert ctx.get(sram.r_word) == 0

    run_clocked(sram, bench)


def test_lanes_are_written_one_by_one() -> None:
    sram, widths, rng, expected = LaneSram(4, [8, 4, 20]), (8, 4, 20), random.Random(2), [0] * 4

    async def bench(ctx: Any) -> None:
        for _ in range(300):
            cs, we, addr, word, lanes = (rng.getrandbits(n) for n in (1, 1, 2, 32, 3))
            ctx.set(sram.w_lanes, lanes)
            for name, level in (("cs", cs), ("we", we), ("addr", addr)):
                ctx.set(getattr(sram.control, name), level)
            ctx.set(sram.w_word, word)
            old_word = ctx.get(sram.r_word)
            await ctx.tick()
            assert ctx.get(sram.r_word) == (expected[addr] if cs else old_word)
            if cs and we:
                mask = sum(((1 << w) - 1) << sum(widths[:i]) for i, w in enumerate(widths) if lanes >> i & 1)
                expected[addr] = expected[addr] & ~mask | word & mask

    run_clocked(sram, bench)


def test_merge_byte_replaces_what_the_mask_does_not_keep() -> None:
    class Merge(wiring.Component):
        byte_idx: In(3)
        byte: In(8)
        mask: In(8)
        merged_word: Out(32)

        def elaborate(self, platform: object) -> Module:
            m = Module()
            merge_byte(m, self.merged_word, Const(0x44332211, 32), self.byte_idx, self.byte, self.mask)
            return m

    merge = Merge()
    rows = [
        {"byte_idx": 0, "byte": 0xAB, "mask": 0},
        {"byte_idx": 2, "byte": 0xFF, "mask": 0xF0},
        {"byte_idx": 3, "byte": 0xAB, "mask": 0xFF},
        {"byte_idx": 4, "byte": 0xAB, "mask": 0},
        {"byte_idx": 7, "byte": 0xAB, "mask": 0},
    ]
    answers = evaluate(merge, rows, lambda ctx: ctx.get(merge.merged_word))
    assert answers == [0x443322AB, 0x443F2211, 0x44332211, 0x44332211, 0x44332211]


async def _access(ctx: Any, sram: Sram, addr: int, write: int | None = None) -> None:
    ctx.set(sram.control.cs, 1)
    ctx.set(sram.control.we, write is not None)
    ctx.set(sram.control.addr, addr)
    ctx.set(sram.w_word, write or 0)
    await ctx.tick()
