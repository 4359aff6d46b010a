"""Neurons of ODIN alone, by hand and in lockstep; the rest is in ``cocotb_tests/crossbar/test_neurons.py``."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import OPEN_LOOP, QUIET
from draupnir.cocotb_tests.odin.bench import LIMIT, Bench
from draupnir.emulator.codec import encode
from draupnir.emulator.odin.layout import IZH

NEUR, PRE = 77, 5


def lif(**fields: int) -> dict[int, int]:
    """Return neurons with one leaky integrate-and-fire neuron, at NEUR."""
    return {NEUR: Bench.lif(**fields)}


@cocotb.test(**LIMIT)
async def test_inhibition_stops_at_zero(dut: Any) -> None:
    """An inhibitory pre-synaptic neuron never lets the potential below 0, so one event of weight 7 still reaches 7."""
    sign = {**OPEN_LOOP, "SPI_SYN_SIGN": 1 << PRE}
    async with Bench(dut, sign, lif(thr=7, core=3), Bench.synapses({(PRE, NEUR): 7, (PRE + 1, NEUR): 7})) as bench:
        await bench.event("synapse", pre_neur=PRE, post_neur=NEUR)
        await bench.clock.cycles(QUIET)
        assert bench.output.addrs == []
        await bench.event("synapse", pre_neur=PRE + 1, post_neur=NEUR)
        await bench.clock.cycles(QUIET)
        assert bench.output.addrs == [NEUR]


@cocotb.test(**LIMIT)
async def test_leak_is_taken_at_time_references(dut: Any) -> None:
    """Three leaks of 6 leave 2 of 20, and one more leaves 0; the core is read through the back door."""
    async with Bench(dut, OPEN_LOOP, lif(thr=255, core=20, leak_en=1, leak_str=6)) as bench:
        cores = []
        for _ in range(4):
            await bench.event("tref", neur=NEUR)
            await bench.clock.cycles(QUIET)
            cores.append(bench.core(NEUR))
        assert cores == [14, 8, 2, 0]


@cocotb.test(**LIMIT)
async def test_unmapped_synapse_stimulates_only_if_told(dut: Any) -> None:
    """A mapping bit of 0 blocks the synapse until SPI_PROPAGATE_UNMAPPED_SYN is set."""
    async with Bench(dut, OPEN_LOOP, lif(thr=7), Bench.synapses({(PRE, NEUR): 7}, mapping=0)) as bench:
        await bench.event("synapse", pre_neur=PRE, post_neur=NEUR)
        await bench.clock.cycles(QUIET)
        assert bench.output.addrs == []
        await bench.write_register("SPI_PROPAGATE_UNMAPPED_SYN", 1)
        await bench.event("synapse", pre_neur=PRE, post_neur=NEUR)
        await bench.clock.cycles(QUIET)
        assert bench.output.addrs == [NEUR]


IZH_FEATURES: dict[str, dict[str, int]] = {
    "tonic": {},
    "burst": {"spk_ref": 3, "isi_ref": 1},
    "phasic": {"phasic_en": 1, "stim_thr": 2},
    "mixed": {"mixed_en": 1, "stim_thr": 2, "spk_ref": 2},
    "class2": {"class2_en": 1, "stim_thr": 3},
    "latency": {"spklat_en": 1, "dapdel": 4},
    "dap": {"dap_en": 1, "dapdel": 3, "rfr": 3},
    "resonator": {"reson_en": 1, "rfr": 3, "neg_en": 1},
    "sharp_resonator": {"reson_sharp_en": 1, "reson_sharp_amt": 2},
    "rebound": {"rebound_en": 1, "stim_thr": 1, "neg_en": 1},
    "inhibition_induced": {"inhin_en": 1, "stim_thr": 1, "neg_en": 1},
    "bistable": {"bist_en": 1, "stim_thr": 1},
    "adaptation": {"thrvar_en": 1, "thr_sel_of": 1, "thrleak": 3},
    "variability": {"thrvar_en": 1, "thrleak": 2},
    "accommodation": {"acc_en": 1, "thrvar_en": 1, "thrleak": 2},
    "refractory": {"rfr": 4, "neg_en": 1},
}


@cocotb.test(**LIMIT)
async def test_izhikevich_behaviours(dut: Any) -> None:
    """One neuron of each behaviour, through excitation, inhibition and rest."""
    neurons = {
        8 * i: encode(IZH, fi_sel=0, thr=2, leak_en=1, leak_str=3, **fields)
        for i, fields in enumerate(IZH_FEATURES.values())
    }
    async with Bench(dut, {**OPEN_LOOP, "SPI_BURST_TIMEREF": 25}, neurons) as bench:
        for sign, n_stimuli in ((0, 6), (1, 4), (0, 2)):
            for neur in neurons:
                for _ in range(n_stimuli):
                    await bench.event("virtual", neur=neur, weight=7, sign=sign)
                await bench.event("tref", neur=neur)
        await bench.event("tref_all")
        assert bench.output.events, "not one of them spiked"
