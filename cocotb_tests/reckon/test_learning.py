"""e-prop: each kind of weights learns only with its bit; regularisation and regression."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.reckon.bench import LIMIT, Bench
from draupnir.golden.recipes.reckon_contents import Network

EAGER = Network(n_inp=8, n_rec=12, n_out=3, winp=(40, 120), thr=(200, 500))
MEMORIES = ("winp", "wrec", "wout")
QUICK = {**{f"SPI_H_{i}": 7 for i in range(5)}, "SPI_LR_P_WINP": 14, "SPI_LR_P_WREC": 14, "SPI_LR_P_WOUT": 16}


async def learns(dut: Any, do_eprop: int, **registers: int) -> None:
    """Two samples change the weights whose bits in SPI_DO_EPROP are 1, and no others."""
    async with Bench(dut, EAGER, {**QUICK, "SPI_DO_EPROP": do_eprop, **registers}) as bench:
        for label in (1, 2):
            await bench.sample(bench.length(6) + 2, label=label, teach=2)
        for i, memory in enumerate(MEMORIES):
            assert bool(bench.n_changed(memory)) == bool(do_eprop >> i & 1), memory


@cocotb.test(**LIMIT)
async def test_input_weights_learn(dut: Any) -> None:
    await learns(dut, 0b001)


@cocotb.test(**LIMIT)
async def test_recurrent_weights_learn(dut: Any) -> None:
    await learns(dut, 0b010)


@cocotb.test(**LIMIT)
async def test_output_weights_learn_alone(dut: Any) -> None:
    await learns(dut, 0b100)


@cocotb.test(**LIMIT)
async def test_all_weights_learn_with_a_label_at_each_timestep(dut: Any) -> None:
    await learns(dut, 0b111, SPI_SINGLE_LABEL=0)


@cocotb.test(**LIMIT)
async def test_regularisation_without_a_target(dut: Any) -> None:
    """Weights fall at each timestep with bits 2 and 1 of SPI_REGUL_MODE, although TARGET_VALID never rises."""
    registers = {"SPI_REGUL_MODE": 0b110, "SPI_REGUL_W": 0b11, "SPI_REGUL_F0": 2, "SPI_REGUL_K_INP_P": 24}
    async with Bench(dut, EAGER, registers) as bench:
        await bench.begin()
        for _ in range(5):
            await bench.events(4)
            await bench.timestep([1])
        assert bench.n_changed("winp") and not bench.n_changed("wout")
        await bench.end()


@cocotb.test(**LIMIT)
async def test_both_regularisations(dut: Any) -> None:
    await learns(dut, 0b111, SPI_REGUL_MODE=0b011, SPI_REGUL_W=0b11)


@cocotb.test(**LIMIT)
async def test_regression(dut: Any) -> None:
    """Targets of two bytes go in at each timestep, and potentials come out."""
    registers = {
        **QUICK,
        "SPI_REGRESSION": 1,
        "SPI_SINGLE_LABEL": 0,
        "SPI_NO_OUT_ACT": 1,
        "SPI_SEND_PER_TIMESTEP": 1,
        "SPI_SEND_LABEL_ONLY": 0,
    }
    async with Bench(dut, EAGER, registers) as bench:
        await bench.begin(TARGET_VALID=1)
        for _ in range(4):
            await bench.events(4)
            await bench.timestep([int(byte) for byte in bench.rng.integers(256, size=6)])
        assert len(bench.answers.events) == 3 * 6  # The first tick only begins the sample.
        assert all(bench.n_changed(memory) for memory in MEMORIES)
        bench.set(TARGET_VALID=0)
        await bench.end()
