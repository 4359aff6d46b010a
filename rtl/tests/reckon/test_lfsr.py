import random
from collections.abc import Callable
from typing import Any

import pytest

from draupnir.emulator.reckon.lfsrs import LFSRS, Lfsr
from draupnir.rtl.reckon.lfsr import UnfoldedLfsr
from draupnir.rtl.tests.simulate import run_clocked


def naive(lfsr: Lfsr, flip_flops: int, n: int) -> list[int]:
    """Return the sequence from time 0 on, bit by bit: y[t] = y[t - lag] ^ y[t - width]."""
    y = {time: flip_flops >> i & 1 for i, time in enumerate(lfsr.order)}
    for t in range(lfsr.lag, n):
        y[t] = y[t - lfsr.lag] ^ y[t - lfsr.width]
    return [y[t] for t in range(n)]


def as_word(bits: list[int]) -> int:
    return sum(bit << i for i, bit in enumerate(bits))


def run(lfsr: Lfsr, bench: Callable[[Any, UnfoldedLfsr], Any], gated: bool = False) -> None:
    unfolded = UnfoldedLfsr(lfsr, gated)

    async def with_lfsr(ctx: Any) -> None:
        await bench(ctx, unfolded)

    run_clocked(unfolded, with_lfsr, domains=("srst",))


@pytest.mark.parametrize("lfsr", LFSRS, ids=lambda lfsr: lfsr.name)
def test_every_lfsr_goes_on_with_its_sequence_from_the_reset_and_from_a_seed(lfsr: Lfsr) -> None:
    async def bench(ctx: Any, unfolded: UnfoldedLfsr) -> None:
        seed = random.Random(lfsr.name).getrandbits(lfsr.width)
        for flip_flops in (lfsr.reset, seed):
            expected = naive(lfsr, flip_flops, 3 * lfsr.unfold)
            ctx.set(unfolded.en, 1)
            for step in range(3):
                assert ctx.get(unfolded.rnd) == as_word(expected[step * lfsr.unfold :][: lfsr.unfold])
                await ctx.tick("srst")
            ctx.set(unfolded.seed, seed)
            ctx.set(unfolded.prog, 1)
            await ctx.tick("srst")
            ctx.set(unfolded.prog, 0)

    run(lfsr, bench)


def test_it_stands_still_without_en() -> None:
    lfsr = LFSRS[0]

    async def bench(ctx: Any, unfolded: UnfoldedLfsr) -> None:
        await ctx.tick("srst").repeat(3)
        assert ctx.get(unfolded.rnd) == as_word(naive(lfsr, lfsr.reset, lfsr.unfold))

    run(lfsr, bench)


def test_a_gated_one_shows_its_bits_only_where_they_count() -> None:
    lfsr = LFSRS[0]

    async def bench(ctx: Any, unfolded: UnfoldedLfsr) -> None:
        expected = naive(lfsr, lfsr.reset, 2 * lfsr.unfold)
        assert ctx.get(unfolded.rnd) == 0
        ctx.set(unfolded.cs, 1)
        await ctx.tick("srst")
        assert ctx.get(unfolded.rnd) == 0
        ctx.set(unfolded.en, 1)
        assert ctx.get(unfolded.rnd) == as_word(expected[: lfsr.unfold])
        await ctx.tick("srst")
        assert ctx.get(unfolded.rnd) == as_word(expected[lfsr.unfold :])

    run(lfsr, bench, gated=True)
