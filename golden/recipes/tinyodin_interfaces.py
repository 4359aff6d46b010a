"""Recipes for the pins: SPI, resets, the gate, and handshakes that break the rules."""

from __future__ import annotations

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.tinyodin.layout import NEURONS
from draupnir.golden.ranges import Range
from draupnir.golden.recipes import crossbar
from draupnir.golden.recipes.crossbar import Group
from draupnir.golden.recipes.crossbar_recipes import Cast, recipes
from draupnir.golden.recipes.tinyodin import Synapses, TinyOdinRecipe, Traffic
from draupnir.golden.recipes.tinyodin_network import (
    ALL,
    ALL_EVENTS,
    DISABLED,
    EAGER,
    LIF,
    MIXED,
    RANDOM,
    SHORT_EVENTS,
    SMALL,
)
from draupnir.golden.spi_host import SpiHostTraffic

# All registers, with the ranges in which the network goes on spiking.
_ANY: dict[str, Range] = {
    "SPI_OPEN_LOOP": (0, 1),
    "SPI_AER_SRC_CTRL_nNEUR": (0, 1),
    "SPI_MAX_NEUR": (0, 255),
}

SPI_RECIPES = {
    "spi_registers": TinyOdinRecipe(
        "All register addresses rewritten at any value while the network runs, and addresses of no register.",
        Traffic(ALL_EVENTS),
        registers=_ANY,
        neurons=MIXED,
        host=SpiHostTraffic({"config": 8, "odd": 2}, gap=Clocks(10, 1200), retune=_ANY),
    ),
    "spi_program": TinyOdinRecipe(
        "A network programmed through SPI alone, then run.",
        Traffic({"virtual": 8, "tref": 3, "spike": 2}, hot=12, pre=1),
        registers={"SPI_MAX_NEUR": 11, "SPI_OPEN_LOOP": 1},
        neurons=(LIF,),
        synapses=Synapses(pre=1),
        program=12,
        host=crossbar.PROGRAMMED,
    ),
    "spi_spurious_spikes": TinyOdinRecipe(
        "In closed loop, SPI writes to neurons at their threshold (a zeroed memory) put spikes into the scheduler.",
        Traffic({"virtual": 4, "tref": 1}, hot=16),
        n_cycles=50_000,
        registers=SMALL,
        host=SpiHostTraffic({"session": 1}, gap=Clocks(2000, 6000), session=(10, 50)),
    ),
    "spi_masks": TinyOdinRecipe(
        "A masked write to a neuron or to weights keeps each bit that the mask protects, whatever the word contains.",
        Traffic({"virtual": 1}, hot=8),
        n_cycles=30_000,
        registers={"SPI_MAX_NEUR": 8, "SPI_OPEN_LOOP": 1},
        neurons=(RANDOM,),
        synapses=Synapses(density=1.0, pre=256),
        host=SpiHostTraffic({"session": 1}, gap=Clocks(1, 40), half=Clocks(1, 1), session=(10, 30)),
    ),
    "spi_fast_frames": TinyOdinRecipe(
        "Frames at the highest speed, one after the other, and gates and resets between any two of them: each takes "
        "effect at its own clock.",
        Traffic({"virtual": 8, "tref": 2, "tref_all": 0.2, "spike": 1}, hot=8, weight=(-2, 7)),
        n_cycles=40_000,
        registers={"SPI_MAX_NEUR": 8, "SPI_OPEN_LOOP": (0, 1), "SPI_AER_SRC_CTRL_nNEUR": (0, 1)},
        neurons=(EAGER, RANDOM),
        synapses=Synapses(weight=(-8, 7), density=1.0, pre=256),
        receiver=ReceiverTiming(latency=Clocks(0, 3, 0.1, 20, 100)),
        host=crossbar.FAST_FRAMES,
    ),
    "spi_near_threshold": TinyOdinRecipe(
        "An SPI write to a neuron compares its potential with the threshold as it is: no weight and no leak is added.",
        Traffic({"virtual": 4, "tref": 1, "spike": 2}, hot=8, pre=4, weight=(-8, 7)),
        n_cycles=30_000,
        registers={"SPI_MAX_NEUR": 8},
        neurons=(Group("lif", {"thr": (1, 12), "core": (0, 14), "leak_str": (1, 9)}),),
        synapses=Synapses(weight=(-8, -1), density=1.0, pre=4),
        host=SpiHostTraffic({"session": 1}, gap=Clocks(20, 400), half=Clocks(1, 1), session=(2, 6)),
    ),
}

_CAST = Cast(
    neurons=NEURONS,
    traffic=Traffic(ALL_EVENTS),
    short=Traffic(SHORT_EVENTS),
    waiting=Traffic({"tref": 1, "tref_all": 1}),
    calm=(LIF,),
    lively=(LIF, EAGER),
    eager=(EAGER, LIF),
    silent=(LIF, DISABLED),
    mixed=MIXED,
    changing=_ANY,
    gap=Clocks(2000, 6000),
    otherwise={
        "spi_while_running": {
            "why": "Memory frames without the gate write nothing and read what was read last; odd commands, and "
            "pauses anywhere."
        },
        "spi_near_misses": {
            "traffic": Traffic({"virtual": 6, "tref_all": 1, "spike": 3}, hot=16, weight=(2, 7)),
            "n_cycles": 20_000,
            "neurons": (EAGER,),
        },
        "reset_in_flight": {
            "n_cycles": 50_000,
            "registers": {"SPI_MAX_NEUR": (30, 255), "SPI_OPEN_LOOP": (0, 1)},
        },
        "address_changed": {"traffic": Traffic({"tref": 4, "tref_all": 4, "virtual": 4, "spike": 1})},
        "everything": {"n_cycles": 60_000},
        "unconfigured": {
            "why": "No register is ever written: undefined in the Verilog, but here all start at 0, and one neuron "
            "runs.",
            "n_cycles": 10_000,
        },
        "unreset": {
            "why": "Without a reset, undefined in the Verilog, here from zeros: the empty scheduler claims an event.",
            "n_cycles": 10_000,
        },
    },
    few=SMALL,
    whole=ALL,
)
SHARED_RECIPES = recipes(_CAST, TinyOdinRecipe)

ABUSE_RECIPES = {
    "gate_toggles": TinyOdinRecipe(
        "The gate closes in mid-event too: neurons still to be visited get the SPI's last byte written over theirs, "
        "and the output bus stops at once.",
        Traffic(ALL_EVENTS),
        n_cycles=50_000,
        registers=ALL,
        neurons=(LIF, EAGER),
        receiver=ReceiverTiming(latency=Clocks(0, 3, 0.05, 20, 300)),
        host=SpiHostTraffic({"gate": 6, "session": 1}, gap=Clocks(1, 700), session=(1, 3)),
    ),
    "address_ones": TinyOdinRecipe(
        "An address whose lower eight bits become ones during a time reference, whatever the others say: "
        "it goes to all.",
        Traffic({"tref_all": 1, "tref": 1, "virtual": 5}, hot=256, weight=(-1, -1)),
        registers={"SPI_MAX_NEUR": (4, 40)},
        neurons=(LIF,),
        sender=SenderTiming(change=0.8, change_after=Clocks(0, 8, 0.6, 9, 60)),
        host=crossbar.RESCUE,
    ),
}
