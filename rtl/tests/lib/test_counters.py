import random
from typing import Any

from draupnir.rtl.lib.counters import CounterBank
from draupnir.rtl.tests.simulate import run_clocked


def test_any_subset_counts_and_wraps() -> None:
    n, width, rng = 9, 3, random.Random(1)
    bank = CounterBank(n, width)
    counters = [0] * n

    async def bench(ctx: Any) -> None:
        for _ in range(200):
            step = rng.getrandbits(n)
            ctx.set(bank.step, step)
            await ctx.tick()
            for j in range(n):
                counters[j] = (counters[j] + (step >> j & 1)) % (1 << width)
            planes = [ctx.get(bank.planes[b]) for b in range(width)]
            assert [sum((planes[b] >> j & 1) << b for b in range(width)) for j in range(n)] == counters

    run_clocked(bank, bench)
