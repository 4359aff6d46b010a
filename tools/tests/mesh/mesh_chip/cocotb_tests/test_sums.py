"""Sums, added up by hand, and a recipe on the clocks of the bench."""

from typing import Any

import cocotb

from draupnir.cocotb_tests.lib.play import play
from draupnir.cocotb_tests.lib.sides import BusSender
from mesh_chip.cocotb_tests.bench import Bench, Played

LIMIT: dict[str, Any] = {"timeout_time": 1, "timeout_unit": "ms"}
REQUESTS = [2 << 11 | 3 << 8 | 5, 2 << 11 | 3 << 8 | 6, 3 << 8 | 7] + [1 << 11 | 1] * 20
REPLIES = [2 << 10 | 5, 2 << 10 | 11, 7] + [1 << 10 | n for n in range(1, 21)]


@cocotb.test(**LIMIT)
async def test_the_player_sends_each_request_once(dut: Any) -> None:
    async with Bench(dut) as bench:
        await each_is_answered_once(bench, bench.i)


@cocotb.test(**LIMIT)
async def test_python_sends_each_request_once(dut: Any) -> None:
    async with Bench(dut) as bench:
        await each_is_answered_once(bench, BusSender(bench.pins.bus("i"), bench.clock, rng=bench.rng))


async def each_is_answered_once(bench: Bench, side: BusSender) -> None:
    """i_ready rises with an edge of the other clock, shortly before one of clk or long before."""
    bench.pins["vec"].value = 1 << 99 | 1
    await side.send_all(REQUESTS)
    await bench.clock.cycles(60)
    assert [bench.word("sums", 3, copy=core) for core in range(4)] == [7, 0, 11, 0]
    assert [item for _, item in bench.replies.events] == REPLIES


@cocotb.test(**LIMIT)
@cocotb.parametrize(core=[0, 3])
async def test_a_core_adds_to_its_own_word(dut: Any, core: int) -> None:
    async with Bench(dut) as bench:
        bench.pins["vec"].value = 0
        await bench.i.send_all([core << 11 | 5 << 8 | 9] * 2)
        await bench.clock.cycles(60)
        assert [bench.word("sums", 5, copy=one) for one in range(4)] == [18 * (one == core) for one in range(4)]


@cocotb.test(**LIMIT)
async def test_a_recipe_holds_on_the_clocks_of_the_bench(dut: Any) -> None:
    async with Played(dut, "rude") as bench:
        await play(bench.pins, bench.edges, bench.stimulus, 600)
    assert bench.lockstep.counts.cycles >= 600
    assert not bench.lockstep.counts.before_reset.unknown, "the recipe begins with a reset, which is active low"
