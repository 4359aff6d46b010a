"""Random traffic with idle, back pressure, resets at any moment, and broken rules: golden recipes and cocotb's seed."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.lib.play import play
from draupnir.cocotb_tests.lib.recipe import RecipeBench
from draupnir.cocotb_tests.reckon.bench import LIMIT, UNDEFINED
from draupnir.emulator.reckon.chip import Model

N_CYCLES = 6000


class Played(RecipeBench):
    """A bench in which a recipe does everything, also the first reset and the configuration."""

    undefined = UNDEFINED


async def holds(dut: Any, recipe: str) -> None:
    async with Played(dut, Model(), recipe) as bench:
        await play(bench.pins, bench.edges, bench.stimulus, bench.length(N_CYCLES) + 2000)


@cocotb.test(**LIMIT)
async def test_random_learning(dut: Any) -> None:
    await holds(dut, "eprop")


@cocotb.test(**LIMIT)
async def test_random_timing_errors(dut: Any) -> None:
    await holds(dut, "timing_error")


@cocotb.test(**LIMIT)
async def test_random_transfers_in_mid_timestep(dut: Any) -> None:
    await holds(dut, "spi_while_running")


@cocotb.test(**LIMIT)
async def test_random_resets_in_flight(dut: Any) -> None:
    await holds(dut, "reset_in_flight")


@cocotb.test(**LIMIT)
async def test_random_abuse_of_handshakes(dut: Any) -> None:
    await holds(dut, "silly_handshakes")


@cocotb.test(**LIMIT)
async def test_random_everything(dut: Any) -> None:
    await holds(dut, "everything")
