import random
from typing import Any

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.rtl.reckon.flags import Flags, Write
from draupnir.rtl.tests.simulate import run_clocked

N = 64


class TwoWrites(wiring.Component):
    """A component that writes a single flag and a pair in the same clock."""

    one: In(1)
    one_idx: In(8)
    one_flag: In(1)
    two: In(1)
    two_idx: In(7)
    two_flags: In(2)
    read_idx: In(8)
    flag: Out(1)
    pair: Out(2)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        flags = Flags(N, "flags")
        flags.write(
            m, "sync", Write(self.one, self.one_idx, self.one_flag), Write(self.two, self.two_idx, self.two_flags, 2)
        )
        m.d.comb += [self.flag.eq(flags.read(self.read_idx)), self.pair.eq(flags.read(self.read_idx[1:], 2))]
        return m


def test_the_last_of_two_writes_counts_and_an_index_wraps() -> None:
    dut, rng, expected = TwoWrites(), random.Random(1), [0] * N

    async def bench(ctx: Any) -> None:
        for _ in range(600):
            one, two = rng.randrange(2), rng.randrange(2)
            one_idx, two_idx = rng.randrange(256), rng.randrange(128)
            if rng.random() < 0.5:
                two_idx = one_idx // 2
            one_flag, two_flags = rng.randrange(2), rng.randrange(4)
            for name in ("one", "two", "one_idx", "two_idx", "one_flag", "two_flags"):
                ctx.set(getattr(dut, name), locals()[name])
            await ctx.tick()
            if one:
                expected[one_idx % N] = one_flag
            if two:
                expected[2 * two_idx % N], expected[2 * two_idx % N + 1] = two_flags & 1, two_flags >> 1
            for idx in (one_idx, 2 * two_idx, rng.randrange(256)):
                ctx.set(dut.read_idx, idx)
                even = idx % N & ~1
                assert ctx.get(dut.flag) == expected[idx % N]
                assert ctx.get(dut.pair) == expected[even] | expected[even + 1] << 1

    run_clocked(dut, bench)
