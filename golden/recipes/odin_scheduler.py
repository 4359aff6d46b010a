"""Recipes for the scheduler: its FIFOs, bursts, and the order of events."""

from __future__ import annotations

from dataclasses import replace

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import SenderTiming
from draupnir.emulator.odin import layout
from draupnir.golden.recipes import odin_izh
from draupnir.golden.recipes.crossbar import Group
from draupnir.golden.recipes.odin import WRITE_FIFO, OdinRecipe, Traffic
from draupnir.golden.recipes.odin_contents import Synapses
from draupnir.golden.recipes.odin_lif import LIF, LIF_DISABLED, LIF_EAGER, SPARSE
from draupnir.golden.spi_host import SpiHostTraffic

MIXED = (LIF, LIF_DISABLED, odin_izh.PLAIN, Group("random", share=0.5))
VOLLEYS = Traffic({"volley": 1}, hot=12, inhibitory=0.0, weight=(5, 7), stims=(4, 12), trefs=(1, 6), opening=WRITE_FIFO)
FAR_VOLLEYS = replace(VOLLEYS, hot=layout.N, stims=(6, 9), trefs=(0, 2))

SCHEDULER_RECIPES = {
    "fifo_overflow": OdinRecipe(
        "More neurons spike at once than the main FIFO has words: the rest is lost, and a full FIFO goes before input.",
        Traffic({"tref_all": 1, "virtual": 10, "spike": 3, "synapse": 4, "tref": 2}, hot=256, inhibitory=0.1),
        n_cycles=120_000,
        neurons=(LIF_EAGER, replace(LIF, share=3.0)),
        synapses=Synapses(weight=(0, 3), mapped=0.2),
    ),
    "push_priority": OdinRecipe(
        "A sender that lowers REQ for one clock only keeps pushing before anything is popped, until the FIFO is full.",
        Traffic({"virtual": 12, "other": 4, "tref": 1, "synapse": 1, "bist": 0.3, "spike": 0.05}),
        neurons=(LIF, odin_izh.PLAIN),
        synapses=SPARSE,
        sender=SenderTiming(
            setup=Clocks(0, 0), req_hold=Clocks(0, 0), impatient=0.95, impatient_low=Clocks(1, 1, 0.02, 2, 9)
        ),
    ),
    "virtual_events": OdinRecipe(
        "Virtual events of every weight, sign and leak bit reach their neuron through the scheduler, in order.",
        Traffic({"virtual": 1}, inhibitory=0.4, leak=0.3),
        n_cycles=40_000,
        registers={"SPI_OPEN_LOOP": (0, 1)},
        neurons=(LIF, odin_izh.PLAIN),
        synapses=Synapses(mapped=0.1),
    ),
    "other_codes": OdinRecipe(
        "Event codes that the documentation does not list are pushed as if bits 2 to 0 did not matter.",
        Traffic({"other": 20, "virtual": 1, "tref": 2, "spike": 0.2}),
        neurons=MIXED,
        synapses=SPARSE,
    ),
    "bursts": OdinRecipe(
        "Bursts: further spikes come from the burst FIFO whose turn it is, the last one ends the burst, and each burst "
        "FIFO stays within its 4 words.",
        VOLLEYS,
        n_cycles=120_000,
        registers={"SPI_BURST_TIMEREF": (300, 900), "SPI_AER_SRC_CTRL_nNEUR": (0, 1)},
        neurons=odin_izh.BURSTING,
        synapses=Synapses(weight=(0, 2), mapped=0.1),
        sender=SenderTiming(gap=Clocks(0, 30)),
        host=SpiHostTraffic({"timeref_zero": 3, "reset": 1}, gap=Clocks(2500, 4500)),
        sign=1.0,
    ),
    "bursts_quick": OdinRecipe(
        "Priority moves on while a spike is being processed, so that what is popped is not always what was processed.",
        VOLLEYS,
        n_cycles=90_000,
        registers={"SPI_BURST_TIMEREF": (30, 200), "SPI_AER_SRC_CTRL_nNEUR": 1},
        neurons=odin_izh.BURSTING,
        synapses=Synapses(weight=(0, 2), mapped=0.1),
        sender=SenderTiming(gap=Clocks(0, 30)),
        host=SpiHostTraffic({"timeref_zero": 3, "reset": 1}, gap=Clocks(4000, 9000)),
        sign=1.0,
    ),
    "bursts_distances": OdinRecipe(
        "Bursts of many lengths and distances: nearly all of the 57 burst FIFOs are pushed, also with a last spike.",
        FAR_VOLLEYS,
        n_cycles=120_000,
        registers={"SPI_BURST_TIMEREF": (10, 20)},
        neurons=(odin_izh.BURSTING_FAR,),
        synapses=Synapses(weight=(0, 2), mapped=0.02),
        sender=SenderTiming(gap=Clocks(0, 900)),
        sign=1.0,
    ),
    "bursts_overflow": OdinRecipe(
        "Burst FIFOs beyond their 4 words, where the Verilog is undefined and simulators disagree: shows what one did.",
        Traffic({"volley": 8, "tref_all": 0.2, "spike": 1}, hot=256, inhibitory=0.1, weight=(5, 7), stims=(4, 12)),
        n_cycles=120_000,
        registers={"SPI_BURST_TIMEREF": (1000, 4000), "SPI_AER_SRC_CTRL_nNEUR": (0, 1)},
        neurons=(odin_izh.EXPLOSIVE, *odin_izh.BURSTING),
        undefined=True,
        synapses=Synapses(weight=(4, 7), mapped=0.2),
    ),
    "bursts_words": OdinRecipe(
        "Every word of every burst FIFO has nearly all bits at 0 and at 1, and resets empty the FIFOs at any fill.",
        Traffic({"synapse": 1}, hot=layout.N, opening=WRITE_FIFO),
        n_cycles=80_000,
        registers={"SPI_BURST_TIMEREF": 20},
        neurons=(odin_izh.BURSTING_READY,),
        synapses=Synapses(weight=(7, 7), mapped=1.0),
        sender=SenderTiming(setup=Clocks(0, 0), gap=Clocks(0, 0), req_hold=Clocks(0, 0)),
        host=SpiHostTraffic({"reset": 1}, gap=Clocks(1500, 2000)),
        sign=0.0,
    ),
    "bursts_wrap": OdinRecipe(
        "Every burst FIFO counts beyond its 4 words, to 32 and round again, where the Verilog is undefined.",
        FAR_VOLLEYS,
        n_cycles=1_000_000,
        registers={"SPI_BURST_TIMEREF": (10, 20)},
        undefined=True,
        neurons=(odin_izh.BURSTING_LONG,),
        synapses=Synapses(weight=(0, 0), mapped=0.0),
        sender=SenderTiming(gap=Clocks(0, 300)),
        sign=1.0,
    ),
    "burst_timeref": OdinRecipe(
        "SPI_BURST_TIMEREF rewritten while bursts run: 0 empties the burst FIFOs, a lower one is overrun.",
        VOLLEYS,
        n_cycles=90_000,
        registers={"SPI_BURST_TIMEREF": (100, 500)},
        neurons=odin_izh.BURSTING,
        synapses=Synapses(weight=(0, 2), mapped=0.1),
        sender=SenderTiming(gap=Clocks(0, 30)),
        host=SpiHostTraffic(
            {"timeref_zero": 2, "config": 1, "blink_timeref": 2},
            gap=Clocks(1000, 3000),
            retune={"SPI_BURST_TIMEREF": (0, 800)},
        ),
        sign=1.0,
    ),
}
SCHEDULER_RECIPES["bursts_turns"] = replace(
    SCHEDULER_RECIPES["bursts_wrap"],
    why="A burst of any length and distance begins at any of the 57 turns, and all of its spikes come out.",
    neurons=(odin_izh.BURSTING_READY,),
)
