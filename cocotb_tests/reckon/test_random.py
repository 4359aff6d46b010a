"""Random traffic with idle, back pressure, resets at any moment, and broken rules: golden recipes and cocotb's seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cocotb
import numpy as np

from draupnir.cocotb_tests.lib.bench import ChipBench
from draupnir.cocotb_tests.lib.play import play
from draupnir.cocotb_tests.reckon.bench import LIMIT, UNDEFINED
from draupnir.emulator.reckon.chip import Model
from draupnir.golden.recipes.reckon import prepare
from draupnir.golden.recipes.reckon_table import RECIPES

N_CYCLES = 6000


class Played(ChipBench):
    """A bench in which a recipe does everything, also the first reset and the configuration."""

    undefined = UNDEFINED

    def __init__(self, dut: Any, recipe: str) -> None:
        super().__init__(dut, Model())
        self.stimulus, self._contents = prepare(RECIPES[recipe], self.session.seed)
        self.hold(())

    def initial(self) -> Mapping[str, np.ndarray]:
        return self._contents

    async def prepare(self) -> None:
        pass


async def holds(dut: Any, recipe: str) -> None:
    async with Played(dut, recipe) as bench:
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
