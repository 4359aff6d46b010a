"""Synaptic plasticity: SDSP and bistability move weights as the model does, and as we have computed by hand."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.odin.bench import LIMIT, Bench
from draupnir.emulator.codec import decode, encode
from draupnir.emulator.odin.layout import LIF, N_SYN, SYN, SYN_ADDR

PRE, NEUR = 17, 40
WORD = encode(SYN_ADDR, pre=PRE, post_group=NEUR // N_SYN)
WEIGHTS = {(PRE, NEUR + i): i for i in range(N_SYN)}  # one synapse with each weight, 0..7
LEARNING = encode(LIF, lif_izh_sel=1, thr=255, ca_en=1, thetamem=100, ca_theta1=0, ca_theta2=7, ca_theta3=7, calcium=3)


def weights(bench: Bench) -> list[int]:
    """Return the eight weights in WORD."""
    fields = decode(SYN, bench.word("synapses", WORD))
    return [fields[f"syn_weight{i}"] for i in range(N_SYN)]


async def learn(dut: Any, core: int) -> list[int]:
    """Return the weights after a time reference and a spike of PRE; core : the potential of the eight neurons."""
    neurons = {NEUR + i: LEARNING | encode(LIF, core=core) for i in range(N_SYN)}
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, neurons, Bench.synapses(WEIGHTS)) as bench:
        await bench.event("tref_all")
        await bench.event("spike", pre_neur=PRE)
        await bench.clock.cycles(600)
        return weights(bench)


@cocotb.test(**LIMIT)
async def test_sdsp_potentiates_above_thetamem(dut: Any) -> None:
    """Every weight goes up by one, and stops at 7."""
    assert await learn(dut, core=150) == [1, 2, 3, 4, 5, 6, 7, 7]


@cocotb.test(**LIMIT)
async def test_sdsp_depresses_below_thetamem(dut: Any) -> None:
    """Every weight goes down by one, and stops at 0."""
    assert await learn(dut, core=50) == [0, 0, 1, 2, 3, 4, 5, 6]


@cocotb.test(**LIMIT)
async def test_bistability_parts_weights(dut: Any) -> None:
    """Weights from 4 on go up, those below down."""
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, {}, Bench.synapses(WEIGHTS)) as bench:
        await bench.event("bist", neur=PRE)
        await bench.clock.cycles(10)
        assert weights(bench) == [0, 0, 1, 2, 5, 6, 7, 7]


@cocotb.test(**LIMIT)
async def test_unmapped_synapses_learn_only_if_told(dut: Any) -> None:
    """SPI_UPDATE_UNMAPPED_SYN decides whether SDSP changes a synapse with mapping bit 0."""
    neurons = {NEUR + i: LEARNING | encode(LIF, core=150) for i in range(N_SYN)}
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, neurons, Bench.synapses(WEIGHTS, mapping=0)) as bench:
        await bench.event("tref_all")
        await bench.event("spike", pre_neur=PRE)
        await bench.clock.cycles(600)
        assert weights(bench) == list(range(N_SYN))
        await bench.write_register("SPI_UPDATE_UNMAPPED_SYN", 1)
        await bench.event("spike", pre_neur=PRE)
        await bench.clock.cycles(600)
        assert weights(bench) == [1, 2, 3, 4, 5, 6, 7, 7]


@cocotb.test(**LIMIT)
async def test_synapse_events_teach_only_if_told(dut: Any) -> None:
    """SPI_SDSP_ON_SYN_STIM lets a single-synapse event move its one weight."""
    neurons = {NEUR + 2: LEARNING | encode(LIF, core=150)}
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, neurons, Bench.synapses(WEIGHTS)) as bench:
        await bench.event("tref_all")
        for enable, expected in ((0, 2), (1, 3)):
            await bench.write_register("SPI_SDSP_ON_SYN_STIM", enable)
            await bench.event("synapse", pre_neur=PRE, post_neur=NEUR + 2)
            await bench.clock.cycles(10)
            assert weights(bench)[2] == expected
