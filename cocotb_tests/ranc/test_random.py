"""Golden recipes, on the clocks of the bench."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.lib.play import play
from draupnir.cocotb_tests.ranc.bench import LIMIT, Played

EDGES = 3000


@cocotb.test(**LIMIT)
@cocotb.parametrize(recipe=["network", "congested", "outside", "everything"])
async def test_a_random_network(dut: Any, recipe: str) -> None:
    async with Played(dut, recipe) as bench:
        await play(bench.pins, bench.edges, bench.stimulus, bench.length(EDGES))
    assert bench.lockstep.counts.cycles >= bench.length(EDGES) / 2
