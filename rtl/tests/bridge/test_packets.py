"""The FIFO, the levels and the observer of the bridge, each beside a plain list; and a clock with both edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from draupnir.rtl.bridge.chip_clock import ChipClockGate
from draupnir.rtl.bridge.packets import LevelObserver, LevelSetter, PacketFifo
from draupnir.rtl.tests.simulate import run_clocked

BITS = 9
N_CLOCKS = 400
FIRST = (1 << 32) - 50  # so that the number of the clock wraps


def timed(n: int, longest_gap: int) -> list[tuple[int, int]]:
    """Items with their clocks, counted from FIRST on; some have the same one."""
    rng = np.random.default_rng(n)
    clocks = np.cumsum(rng.integers(0, longest_gap, n))
    return list(zip(clocks.tolist(), rng.integers(1 << BITS, size=n).tolist(), strict=True))


async def chip_clock(ctx: Any, component: Any) -> None:
    """Pass from the change of the inputs to just before the rise of the chip's clock."""
    ctx.set(component.stb, 1)
    await ctx.tick()
    ctx.set(component.stb, 0)
    await ctx.tick()


def put(ctx: Any, component: Any, items: list[tuple[int, int]]) -> None:
    """Show the first of the items in the queue."""
    ctx.set(component.i.valid, bool(items))
    if items:
        ctx.set(component.i.payload, {"cycle": (FIRST + items[0][0]) % (1 << 32), "addr": items[0][1]})


def test_a_packet_is_in_the_fifo_from_its_clock_on_until_it_is_pulled() -> None:
    fifo, rng, items = PacketFifo(BITS), np.random.default_rng(1), timed(60, 8)

    async def bench(ctx: Any) -> None:
        queue, data, n_pulled = list(items), 0, 0
        for clock in range(N_CLOCKS):
            put(ctx, fifo, queue)
            ctx.set(fifo.now, (FIRST + clock) % (1 << 32))
            assert ctx.get(fifo.starved) == (not queue)
            await chip_clock(ctx, fifo)
            is_empty = not (queue and queue[0][0] <= clock)
            assert (ctx.get(fifo.empty), ctx.get(fifo.data)) == (is_empty, data)
            pull = int(rng.random() < 0.4)
            ctx.set(fifo.pull, pull)
            ctx.set(fifo.rise, 1)
            takes = bool(pull and not is_empty)
            assert ctx.get(fifo.i.ready) == takes
            await ctx.tick()
            ctx.set(fifo.rise, 0)
            if takes:
                data = queue.pop(0)[1]
                n_pulled += 1
        assert n_pulled == len(items)
        put(ctx, fifo, [(N_CLOCKS, 5)])
        ctx.set(fifo.now, (FIRST + N_CLOCKS) % (1 << 32))
        await chip_clock(ctx, fifo)
        assert ctx.get(fifo.empty) == 0
        ctx.set(fifo.forget, 1)
        await ctx.tick()
        assert ctx.get(fifo.empty) == 1

    run_clocked(fifo, bench)


def test_levels_are_set_at_their_clock_and_one_a_clock() -> None:
    setter, items = LevelSetter(BITS), timed(60, 6)

    async def bench(ctx: Any) -> None:
        queue, n_late = list(items), 0
        for clock in range(N_CLOCKS):
            put(ctx, setter, queue)
            ctx.set(setter.now, (FIRST + clock) % (1 << 32))
            assert (ctx.get(setter.set), ctx.get(setter.starved)) == (0, not queue)
            ctx.set(setter.stb, 1)
            is_due = bool(queue and queue[0][0] <= clock)
            assert (ctx.get(setter.set), ctx.get(setter.i.ready)) == (is_due, is_due)
            await ctx.tick()
            ctx.set(setter.stb, 0)
            if is_due:
                n_late += queue.pop(0)[0] < clock
        assert not queue and n_late > 3

    run_clocked(setter, bench)


def test_levels_are_reported_when_they_change() -> None:
    observer, rng = LevelObserver(BITS), np.random.default_rng(2)
    levels = np.repeat(rng.integers(1 << BITS, size=80), rng.integers(1, 5, 80)).tolist()

    async def bench(ctx: Any) -> None:
        last, n_reported = 0, 0
        for clock, level in enumerate(levels):
            ctx.set(observer.levels, int(rng.integers(1 << BITS)))  # Between two rises nobody looks.
            await ctx.tick()
            ctx.set(observer.levels, level)
            ctx.set(observer.now, clock)
            ctx.set(observer.rise, 1)
            assert ctx.get(observer.o.valid) == (level != last)
            if level != last:
                report = ctx.get(observer.o.payload)
                assert (report.cycle, report.addr) == (clock, level)
                n_reported += 1
            await ctx.tick()
            ctx.set(observer.rise, 0)
            last = level
        assert n_reported > 50
        ctx.set(observer.forget, 1)
        await ctx.tick()
        ctx.set(observer.forget, 0)
        ctx.set(observer.rise, 1)
        assert ctx.get(observer.o.valid) == (last != 0)

    run_clocked(observer, bench)


@pytest.mark.parametrize(("half", "settle"), [(2, 1), (4, 2), (5, 1)])
def test_inputs_change_between_two_edges_and_the_clock_stops_only_while_it_is_high(half: int, settle: int) -> None:
    clock = ChipClockGate(half, settle)

    async def bench(ctx: Any) -> None:
        rng, levels, strobes, rises = np.random.default_rng(3), [], [], []
        for _ in range(600):
            ctx.set(clock.go, int(rng.random() < 0.5))
            levels.append(ctx.get(clock.clk))
            strobes.append(ctx.get(clock.stb))
            rises.append(ctx.get(clock.rise))
            await ctx.tick()
        changes = [i + 1 for i in np.flatnonzero(strobes).tolist()][1:]  # At the first one the clock is low.
        falls = (np.flatnonzero(np.diff(levels) < 0) + 1).tolist()
        ups = (np.flatnonzero(np.diff(levels) > 0) + 1).tolist()
        assert falls == [i + settle for i in changes][: len(falls)] and len(falls) > 20
        assert ups[1:] == [i + half for i in falls][: len(ups) - 1]
        assert ups == [i + 1 for i in np.flatnonzero(rises).tolist()][: len(ups)]
        assert min(fall - up for up, fall in zip(ups, falls, strict=False)) >= half

    run_clocked(clock, bench)
