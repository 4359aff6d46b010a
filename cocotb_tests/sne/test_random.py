"""Golden recipes on two clocks that run apart, and random words in packets, in lockstep with the golden model."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.lib.play import play
from draupnir.cocotb_tests.sne.bench import LIMIT, Bench, Played
from draupnir.cocotb_tests.sne.by_hand import new_layer, packets, uniform
from draupnir.emulator.sne.layout import EventOp, LayerKind
from draupnir.emulator.sne.words import spike, word

ROWS = 3000  # moments with an edge of one clock or of both
RECIPES = {  # cocotb shows names of up to ten characters
    "conv": "convolution",
    "dense": "dense",
    "full": "fully_connected",
    "slow": "slow_receiver",
    "wrong": "wrong_packets",
    "everything": "everything",
}
KINDS = (EventOp.SPIKE, EventOp.SPIKE, EventOp.SPIKE, EventOp.ACCUMULATE, EventOp.UPDATE, EventOp.WIPE)


@cocotb.test(**LIMIT)
@cocotb.parametrize(recipe=[*RECIPES])
async def test_a_recipe(dut: Any, recipe: str) -> None:
    async with Played(dut, RECIPES[recipe]) as bench:
        await play(bench.pins, bench.edges, bench.stimulus, bench.length(ROWS))
    assert bench.lockstep.counts.cycles >= bench.length(ROWS)


@cocotb.test(**LIMIT)
async def test_random_events(dut: Any) -> None:
    """Any gaps and pauses on both streams; the speed of ``draupnir bench`` is that of this test."""
    layer = new_layer(LayerKind.OPT_CONV, uniform(3), vth=30, davth=3, tref=1, tscale=2)
    async with Bench(dut, layer) as bench:
        draw = bench.rng.integers
        for timestep in range(bench.length(60)):
            places = draw(26, size=(12, 2)).tolist()
            events = [spike(x, y, int(draw(8)), KINDS[draw(len(KINDS))]) for x, y in places]
            await bench.dst.send_all(packets(layer, (timestep, [*events, word(EventOp.IDLE)])))
        assert await bench.send([])
