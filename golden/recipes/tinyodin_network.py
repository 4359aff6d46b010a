"""Recipes for neurons, events, the scheduler and the output bus."""

from __future__ import annotations

from dataclasses import replace

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.golden.ranges import Range
from draupnir.golden.recipes.crossbar import Group
from draupnir.golden.recipes.tinyodin import Synapses, TinyOdinRecipe, Traffic
from draupnir.golden.spi_host import SpiHostTraffic

ALL_EVENTS = {"virtual": 8, "tref": 4, "tref_all": 1, "spike": 3}
SHORT_EVENTS = {"virtual": 8, "tref": 4, "spike": 0.3}

LIF = Group("lif", {"thr": (6, 60), "leak_str": (0, 9), "core": (-8, 5)})
EAGER = Group("lif", {"thr": (1, 8), "leak_str": (0, 2)})
DISABLED = Group("lif", {"thr": (1, 10), "leak_str": (0, 9), "neur_disable": 1}, share=0.15)
RANDOM = Group(
    "lif", {"core": (-2048, 2047), "thr": (0, 4095), "leak_str": (0, 127), "neur_disable": (0, 1)}, share=0.3
)  # any bits
MIXED = (LIF, DISABLED, RANDOM)
ALL: dict[str, Range] = {"SPI_MAX_NEUR": 255}
SMALL: dict[str, Range] = {"SPI_MAX_NEUR": (20, 40)}  # With few neurons, events are short.

NETWORK_RECIPES = {
    "lif_extremes": TinyOdinRecipe(
        "Potentials near -2048 and 2047 saturate there, leakage stops at 0 from either side, and a disabled neuron "
        "falls back to 0 in silence.",
        Traffic({"virtual": 10, "tref": 3, "tref_all": 0.3, "spike": 2}),
        registers={**SMALL, "SPI_OPEN_LOOP": 1},
        neurons=(
            Group("lif", {"thr": (2040, 2060), "core": (2020, 2047), "leak_str": (0, 12)}),
            Group("lif", {"thr": (2047, 4095), "core": (-2048, -2020), "leak_str": (0, 12)}),
            Group("lif", {"thr": (1, 30), "core": (-60, 29), "leak_str": (20, 127)}),
            Group("lif", {"thr": (1, 30), "core": (0, 29), "neur_disable": 1}),
        ),
    ),
    "threshold_unsigned": TinyOdinRecipe(
        "The threshold is compared without its sign: from 2048 on it is never met; 0 is met at every access that finds "
        "the potential not negative.",
        Traffic(ALL_EVENTS, hot=24),
        registers={**SMALL, "SPI_OPEN_LOOP": 1},
        neurons=(
            Group("lif", {"thr": (2048, 4095), "core": (1900, 2047)}),
            Group("lif", {"thr": 0, "core": (-20, 4), "leak_str": (0, 3)}),
            Group("lif", {"thr": (1, 3), "core": (-20, 4), "leak_str": (0, 3)}),
        ),
    ),
    "tref_addresses": TinyOdinRecipe(
        "A time reference goes to all neurons at address 255 only: an address with one more 0 is a neuron.",
        Traffic({"tref": 6, "virtual": 1}, hot=256),
        n_cycles=30_000,
        registers={"SPI_MAX_NEUR": (4, 8), "SPI_OPEN_LOOP": 1},
        neurons=(LIF,),
    ),
    "virtual_events": TinyOdinRecipe(
        "Virtual events of every weight reach the first 16 neurons; one of weight 0 is taken for the neuron's spike.",
        Traffic({"virtual": 1}, weight=(-8, 7)),
        registers={**SMALL, "SPI_OPEN_LOOP": (0, 1)},
        neurons=(LIF,),
        synapses=Synapses(weight=(-3, 3), pre=16),
    ),
    "max_neur": TinyOdinRecipe(
        "SPI_MAX_NEUR bounds the neurons visited; lowered below the one whose turn it is, the event wraps around.",
        Traffic({"spike": 5, "tref_all": 4, "virtual": 2}),
        n_cycles=60_000,
        registers={"SPI_MAX_NEUR": (0, 255), "SPI_OPEN_LOOP": 1},
        neurons=(LIF,),
        host=SpiHostTraffic({"config": 1}, gap=Clocks(10, 900), half=Clocks(1, 2), retune={"SPI_MAX_NEUR": (0, 255)}),
    ),
    "fifo_overflow": TinyOdinRecipe(
        "More neurons spike than the scheduler has words: SCHED_FULL rises, the rest is lost, and input has to wait.",
        Traffic({"tref_all": 1, "virtual": 6, "spike": 6}, weight=(-2, 7)),
        n_cycles=80_000,
        registers=ALL,
        neurons=(replace(EAGER, share=2.0), LIF),
        synapses=Synapses(weight=(0, 7), density=0.8),
    ),
    "fifo_words": TinyOdinRecipe(
        "Each word of the scheduler has held each bit as 0 and as 1: short events turn its 128 words again and again, "
        "and the output bus names each event that leaves it.",
        Traffic({"spike": 2, "virtual": 1}, pre=256),
        registers={"SPI_MAX_NEUR": (0, 2), "SPI_OPEN_LOOP": 1, "SPI_AER_SRC_CTRL_nNEUR": 1},
        neurons=(LIF,),
    ),
    "push_priority": TinyOdinRecipe(
        "A sender that lowers REQ for one clock only keeps pushing before anything is popped, until the FIFO is full.",
        Traffic({"virtual": 12, "tref": 1, "spike": 0.2}),
        n_cycles=30_000,
        registers=SMALL,
        neurons=(LIF,),
        sender=SenderTiming(
            setup=Clocks(0, 0), req_hold=Clocks(0, 0), impatient=0.97, impatient_low=Clocks(1, 1, 0.01, 2, 9)
        ),
    ),
    "aer_src_controller": TinyOdinRecipe(
        "SPI_AER_SRC_CTRL_nNEUR = 1: output events name the neuron whose spike has been processed, input spikes too.",
        Traffic(ALL_EVENTS),
        registers={**SMALL, "SPI_AER_SRC_CTRL_nNEUR": 1},
        neurons=(LIF, EAGER),
        receiver=ReceiverTiming(latency=Clocks(0, 8, 0.05, 40, 200)),
        host=SpiHostTraffic(
            {"config": 1}, gap=Clocks(2000, 6000), retune={"SPI_OPEN_LOOP": (0, 1), "SPI_AER_SRC_CTRL_nNEUR": (0, 1)}
        ),
    ),
    "back_pressure": TinyOdinRecipe(
        "A receiver that lets the chip wait stalls it in every state, and nothing is lost or done twice.",
        Traffic(ALL_EVENTS),
        n_cycles=60_000,
        registers={"SPI_MAX_NEUR": (40, 120)},
        neurons=(LIF, EAGER),
        receiver=ReceiverTiming(latency=Clocks(0, 60, 0.02, 500, 3000), hold=Clocks(0, 40, 0.01, 200, 1000)),
        host=SpiHostTraffic({"config": 1}, retune={"SPI_AER_SRC_CTRL_nNEUR": (0, 1)}, gap=Clocks(4000, 9000)),
    ),
}
