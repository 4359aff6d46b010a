"""Recipes for leaky integrate-and-fire neurons and synaptic plasticity."""

from __future__ import annotations

from dataclasses import replace

from draupnir.emulator.buses.clocks import Clocks
from draupnir.golden.ranges import Range
from draupnir.golden.recipes.crossbar import Group
from draupnir.golden.recipes.odin import OdinRecipe, Traffic
from draupnir.golden.recipes.odin_contents import Synapses
from draupnir.golden.spi_host import SpiHostTraffic

ALL_EVENTS = {"synapse": 6, "tref": 3, "tref_all": 0.5, "bist": 1, "virtual": 6, "spike": 1, "other": 2}
SHORT_EVENTS = {"synapse": 6, "tref": 3, "virtual": 6, "other": 1}

LIF = Group("lif", {"leak_str": (0, 20), "leak_en": (0, 1), "thr": (5, 40), "core": (0, 4)})
LIF_EAGER = Group("lif", {"leak_str": (0, 3), "leak_en": 1, "thr": (1, 8)})
LIF_DISABLED = replace(LIF, fields={**LIF.fields, "thr": (1, 20), "neur_disable": 1}, share=0.1)
LIF_SDSP = Group(
    "lif",
    {
        "leak_str": (1, 10),
        "leak_en": 1,
        "thr": (12, 40),
        "ca_en": 1,
        "thetamem": (2, 25),
        "ca_theta1": (0, 3),
        "ca_theta2": (2, 7),
        "ca_theta3": (2, 7),
        "caleak": (0, 12),
    },
)
LIF_HIGH = Group("lif", {**LIF_SDSP.fields, "core": (0, 255), "thr": (200, 255), "thetamem": (60, 200)})
SPARSE = Synapses(mapped=0.01, inward=0.6)

LEARNING: dict[str, Range] = {"SPI_OPEN_LOOP": 1}
LEARNING_EVENTS = {"spike": 3, "tref_all": 1, "volley": 10, "synapse": 3}

LIF_RECIPES = {
    "lif_inhibition": OdinRecipe(
        "Inhibitory synapses and virtual events take from the potential and stop at 0; leakage stops at 0 too.",
        Traffic({"synapse": 8, "virtual": 8, "spike": 1, "tref": 4, "tref_all": 0.5}, hot=32, inhibitory=0.5),
        registers={"SPI_OPEN_LOOP": 1},
        neurons=(replace(LIF, fields={**LIF.fields, "leak_en": 1, "leak_str": (0, 127)}), LIF),
        synapses=Synapses(mapped=0.9),
        sign=0.6,
    ),
    "lif_extremes": OdinRecipe(
        "Thresholds 0 and 255, potentials near 255: excitation saturates at 255, and a threshold of 0 always spikes.",
        Traffic({**SHORT_EVENTS, "tref_all": 0.1}, hot=64, inhibitory=0.1, weight=(4, 7)),
        registers={"SPI_OPEN_LOOP": 1},
        neurons=(
            Group("lif", {"thr": (250, 255), "core": (200, 255), "leak_en": (0, 1), "leak_str": (0, 127)}),
            Group("lif", {"thr": (0, 1), "core": (0, 255), "ca_en": 1, "caleak": (0, 2)}),
        ),
        synapses=Synapses(weight=(5, 7)),
    ),
    "lif_sdsp": OdinRecipe(
        "SDSP moves weights up and down with potential and calcium, within 0..7, when a neuron spike is processed.",
        Traffic(LEARNING_EVENTS, hot=64, inhibitory=0.0, weight=(3, 7), trefs=(0, 3)),
        n_cycles=90_000,
        registers=LEARNING,
        neurons=(LIF_SDSP,),
        synapses=Synapses(mapped=0.7),
    ),
    "lif_sdsp_on_synapse": OdinRecipe(
        "With SPI_SDSP_ON_SYN_STIM a synapse event also updates its one synapse; without, it does not.",
        Traffic({"synapse": 12, "tref": 2, "volley": 2}, hot=16, pre=8, inhibitory=0.1, weight=(3, 7)),
        registers={**LEARNING, "SPI_SDSP_ON_SYN_STIM": 1},
        neurons=(LIF_SDSP,),
        synapses=Synapses(mapped=0.7),
        host=SpiHostTraffic({"config": 1}, retune={"SPI_SDSP_ON_SYN_STIM": (0, 1), "SPI_UPDATE_UNMAPPED_SYN": (0, 1)}),
    ),
    "lif_unmapped": OdinRecipe(
        "SPI_UPDATE_UNMAPPED_SYN and SPI_PROPAGATE_UNMAPPED_SYN, switched while running, decide about synapses whose "
        "mapping bit is 0.",
        Traffic(LEARNING_EVENTS, hot=64, inhibitory=0.0, weight=(3, 7)),
        n_cycles=70_000,
        registers={"SPI_OPEN_LOOP": 1, "SPI_UPDATE_UNMAPPED_SYN": 1, "SPI_PROPAGATE_UNMAPPED_SYN": 1},
        neurons=(LIF_SDSP,),
        synapses=Synapses(mapped=0.3),
        host=SpiHostTraffic(
            {"config": 1},
            gap=Clocks(1500, 4000),
            retune={"SPI_UPDATE_UNMAPPED_SYN": (0, 1), "SPI_PROPAGATE_UNMAPPED_SYN": (0, 1)},
        ),
    ),
    "bistability": OdinRecipe(
        "Bistability events push weights from 4 on up and those below down, one row or all, mapped or not, and wait "
        "until the scheduler is empty.",
        Traffic({"bist": 60, "bist_all": 1, "virtual": 30, "spike": 2}, pre=64),
        n_cycles=90_000,
        neurons=(LIF,),
        synapses=Synapses(mapped=0.6),
        host=SpiHostTraffic({"config": 1}, gap=Clocks(3000, 9000), retune={"SPI_UPDATE_UNMAPPED_SYN": (0, 1)}),
    ),
}
