"""Neurons without learning: threshold, reset, leakage, noise, numbers of neurons, and the winner."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from draupnir.cocotb_tests.reckon.bench import LIMIT, Bench, weights
from draupnir.emulator.codec import decode, encode, to_limbs
from draupnir.emulator.reckon import layout
from draupnir.golden.recipes.reckon_contents import Network

NO_LEARNING = {"SPI_DO_EPROP": 0, "SPI_EN_STOCH_ROUND": 0}
ONE = 0xFFF  # With this alpha, potentials hardly decay.


def neurons(thr: int, n: int) -> np.ndarray:
    """Return a neuron memory with ``n`` neurons of the same threshold."""
    memory = np.zeros((layout.NEURONS.depth, layout.NEURONS.n_limbs), np.uint32)
    memory[: (n + 1) // 2] = to_limbs(encode(layout.PAIR, thr=thr, alpha=ONE), layout.NEURONS.n_limbs)
    return memory


@cocotb.test(**LIMIT)
async def test_a_neuron_spikes_at_its_threshold_and_its_output_neuron_wins(dut: Any) -> None:
    """The third of three input events passes the threshold; the spike reaches output neuron 2, whose label is sent."""
    contents = {
        "neurons": neurons(1600, 4),
        "winp": weights("winp", {(0, 3): 100}),
        "wrec": weights("wrec", {}),
        "wout": weights("wout", {(3, 2): 50}),
    }
    async with Bench(dut, Network(n_inp=2, n_rec=4, n_out=4), NO_LEARNING, contents) as bench:
        await bench.begin()
        for n_events in range(1, 5):
            assert not bench.model.registers[0].oneur_u.any(), f"a spike after {n_events - 1} events"
            await bench.event(0)
            await bench.timestep()
            bench.lockstep.compare()
        potentials = bench.model.registers[0].oneur_u
        assert potentials[2] > 0 and not potentials[[0, 1, 3]].any()
        bench.set(INFER_ACC=1)
        await bench.timestep()
        await bench.end()
        assert bench.answers.addrs == [2]


@cocotb.test(**LIMIT)
async def test_reset_modes(dut: Any) -> None:
    """The potential loses the threshold after a spike, or becomes 0."""
    potentials = []
    contents = {"neurons": neurons(500, 2), "winp": weights("winp", {(0, 0): 100}), "wrec": weights("wrec", {})}
    async with Bench(dut, Network(n_inp=1, n_rec=2, n_out=1), NO_LEARNING, contents) as bench:
        for mode in (0, 1):
            await bench.write_register("SPI_RST_MODE", mode)
            await bench.begin()
            await bench.event(0)
            for _ in range(2):
                await bench.timestep()
            potentials.append(bench.word("neurons", 0) & layout.PAIR["neur_u0"].high)
            await bench.end()
    assert potentials[0] in range(250, 301) and potentials[1] == 0


@cocotb.test(**LIMIT)
async def test_potentials_saturate(dut: Any) -> None:
    """Large weights drive potentials and output potentials to both ends."""
    ends = {(pre, post): 127 if post % 2 else -128 for pre in range(4) for post in range(4)}
    contents = {
        "neurons": neurons(32767, 4),
        "winp": weights("winp", ends),
        "wrec": weights("wrec", {}),
        "wout": weights("wout", ends),
    }
    registers = {
        **NO_LEARNING,
        "SPI_FP_LOC_WINP": 7,
        "SPI_FP_LOC_WOUT": 7,
        "SPI_RST_MODE": 1,
        "SPI_KAPPA": layout.KAPPA_ONE,
        "SPI_SEND_LABEL_ONLY": 0,
    }
    async with Bench(dut, Network(n_inp=4, n_rec=4, n_out=4), registers, contents) as bench:
        await bench.begin()
        for _ in range(6):
            for neur in range(4):
                await bench.event(neur)
            await bench.timestep()
        words = [decode(layout.PAIR, bench.word("neurons", addr)) for addr in (0, 1)]
        potentials = [word[name] for word in words for name in ("neur_u0", "neur_u1")]
        await bench.end()
    lowest, highest = -(1 << 15), (1 << 15) - 1
    assert potentials == [lowest, highest] * 2
    bus_potentials = np.array(bench.answers.addrs, np.uint8).view("<i2")
    assert bus_potentials.tolist() == [lowest, highest] * 2  # These are the potentials of the output neurons.


@cocotb.test(**LIMIT)
async def test_noise_and_rounding(dut: Any) -> None:
    """Noise moves potentials even without weights, rounding is random, and the seeds are the written ones."""
    registers = {"SPI_DO_EPROP": 0, "SPI_FORCE_TRACES": 1, "SPI_NOISE_EN": 1, "SPI_NOISE_STR": 2}
    network = Network(n_inp=5, n_rec=9, n_out=2, winp=0, thr=(1000, 3000))
    async with Bench(dut, network, registers) as bench:
        await bench.sample(8, n_events=3)
        assert bench.n_changed("neurons")


@cocotb.test(**LIMIT)
async def test_odd_numbers_of_neurons(dut: Any) -> None:
    """There are more input than recurrent neurons, an odd number of these, and events of neurons that do not exist."""
    async with Bench(dut, Network(n_inp=19, n_rec=5, n_out=1, winp=(20, 90)), {"SPI_FORCE_TRACES": 1}) as bench:
        await bench.begin()
        for neur in (0, 4, 5, 18, 19, 255):
            await bench.event(neur)
        for _ in range(3):
            await bench.timestep()
        await bench.end()
