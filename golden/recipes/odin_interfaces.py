"""Recipes for the pins: output bus, monitoring, SPI, resets, and handshakes that break the rules."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming
from draupnir.emulator.odin.layout import NEURONS
from draupnir.golden.ranges import Range
from draupnir.golden.recipes import crossbar, odin_izh
from draupnir.golden.recipes.crossbar import Group
from draupnir.golden.recipes.crossbar_recipes import Cast, recipes
from draupnir.golden.recipes.odin import OdinRecipe, Traffic
from draupnir.golden.recipes.odin_contents import Synapses
from draupnir.golden.recipes.odin_lif import (
    ALL_EVENTS,
    LIF,
    LIF_DISABLED,
    LIF_EAGER,
    LIF_HIGH,
    LIF_SDSP,
    SHORT_EVENTS,
    SPARSE,
)
from draupnir.golden.recipes.odin_scheduler import MIXED
from draupnir.golden.spi_host import SpiHostTraffic

_MONITOR: dict[str, Range] = {
    "SPI_OPEN_LOOP": 1,
    "SPI_OUT_AER_MONITOR_EN": 1,
    "SPI_MONITOR_NEUR_ADDR": (0, 7),
    "SPI_MONITOR_SYN_ADDR": (0, 3),
    "SPI_UPDATE_UNMAPPED_SYN": 1,
    "SPI_SDSP_ON_SYN_STIM": 1,
}
_MONITORED = Traffic(
    {"synapse": 6, "volley": 2, "tref": 2, "tref_all": 0.2, "spike": 1, "bist": 1}, hot=8, pre=4, weight=(3, 7)
)

# All registers, with the ranges in which the network goes on spiking.
_ANY: dict[str, Range] = {
    "SPI_OPEN_LOOP": (0, 1),
    "SPI_SYN_SIGN": (0, 0xFFFF),
    "SPI_BURST_TIMEREF": (0, 0xFFFFF),
    "SPI_AER_SRC_CTRL_nNEUR": (0, 1),
    "SPI_OUT_AER_MONITOR_EN": (0, 1),
    "SPI_MONITOR_NEUR_ADDR": (0, 255),
    "SPI_MONITOR_SYN_ADDR": (0, 255),
    "SPI_UPDATE_UNMAPPED_SYN": (0, 1),
    "SPI_PROPAGATE_UNMAPPED_SYN": (0, 1),
    "SPI_SDSP_ON_SYN_STIM": (0, 1),
}

AEROUT_RECIPES = {
    "aer_src_controller": OdinRecipe(
        "SPI_AER_SRC_CTRL_nNEUR = 1: output events appear when the controller processes them, at the monitored "
        "neuron's turn.",
        Traffic(ALL_EVENTS),
        registers={"SPI_AER_SRC_CTRL_nNEUR": 1, "SPI_MONITOR_NEUR_ADDR": (0, 255)},
        neurons=(LIF, odin_izh.PLAIN),
        synapses=SPARSE,
        host=SpiHostTraffic(
            {"config": 1},
            gap=Clocks(3000, 9000),
            retune={"SPI_OPEN_LOOP": (0, 1), "SPI_MONITOR_NEUR_ADDR": (0, 255), "SPI_AER_SRC_CTRL_nNEUR": (0, 1)},
        ),
    ),
    "monitor_lif": OdinRecipe(
        "Monitor mode: two packets when the neuron is written, one for the synapse, also when both change at once.",
        _MONITORED,
        registers=_MONITOR,
        neurons=(LIF_SDSP,),
        synapses=Synapses(mapped=0.7),
    ),
    "monitor_high": OdinRecipe(
        "Monitor mode on neurons with high potentials, and on each of the eight synapses of a word: all bits of both "
        "are sent.",
        Traffic({"synapse": 6, "volley": 2, "tref": 2, "spike": 1, "bist": 1}, hot=8, pre=4, weight=(5, 7)),
        n_cycles=40_000,
        registers=_MONITOR,
        neurons=(LIF_HIGH,),
        synapses=Synapses(mapped=0.7),
        host=SpiHostTraffic(
            {"config": 1},
            gap=Clocks(500, 1500),
            retune={"SPI_MONITOR_NEUR_ADDR": (0, 7), "SPI_MONITOR_SYN_ADDR": (0, 3)},
        ),
    ),
    "monitor_izh": OdinRecipe(
        "Monitor mode on Izhikevich neurons: potential in 4 bits, the resonator's sign, and addresses switched "
        "while running.",
        _MONITORED,
        registers=_MONITOR,
        neurons=(odin_izh.PLAIN, Group("random")),
        synapses=Synapses(mapped=0.7),
        host=SpiHostTraffic(
            {"config": 1},
            gap=Clocks(1500, 4000),
            retune={
                "SPI_MONITOR_NEUR_ADDR": (0, 7),
                "SPI_MONITOR_SYN_ADDR": (0, 3),
                "SPI_OUT_AER_MONITOR_EN": (0, 1),
                "SPI_SDSP_ON_SYN_STIM": (0, 1),
            },
        ),
    ),
    "monitor_switched": OdinRecipe(
        "Monitor mode switched while packets are due: a packet that was due at the switch is not sent later.",
        _MONITORED,
        n_cycles=40_000,
        registers=_MONITOR,
        neurons=(LIF_SDSP, odin_izh.PLAIN),
        synapses=Synapses(mapped=0.7),
        receiver=ReceiverTiming(latency=Clocks(0, 60)),
        host=SpiHostTraffic(
            {"config": 1}, gap=Clocks(1, 60), half=Clocks(1, 1), retune={"SPI_OUT_AER_MONITOR_EN": (0, 1)}
        ),
    ),
    "monitor_controller": OdinRecipe(
        "Monitor mode with SPI_AER_SRC_CTRL_nNEUR = 1: the spike flag is set when the monitored neuron's own spike "
        "is processed.",
        Traffic({"synapse": 6, "volley": 2, "tref_all": 0.2, "spike": 2, "bist": 1}, hot=8, pre=4, weight=(3, 7)),
        n_cycles=60_000,
        registers={**_MONITOR, "SPI_OPEN_LOOP": 0, "SPI_AER_SRC_CTRL_nNEUR": 1, "SPI_MONITOR_NEUR_ADDR": (0, 3)},
        neurons=(LIF_SDSP, odin_izh.PLAIN),
        synapses=Synapses(weight=(0, 3), mapped=0.3),
        receiver=ReceiverTiming(latency=Clocks(0, 2, 0.02, 10, 100)),
    ),
    "back_pressure": OdinRecipe(
        "A receiver that lets the chip wait stalls it in every state, and nothing is lost or done twice.",
        Traffic(ALL_EVENTS),
        n_cycles=80_000,
        registers={"SPI_BURST_TIMEREF": 0},
        neurons=(LIF, odin_izh.PLAIN),
        synapses=SPARSE,
        receiver=ReceiverTiming(latency=Clocks(0, 60, 0.02, 500, 5000), hold=Clocks(0, 40, 0.01, 200, 1000)),
        host=SpiHostTraffic({"config": 1}, retune={"SPI_AER_SRC_CTRL_nNEUR": (0, 1)}, gap=Clocks(4000, 9000)),
    ),
}

SPI_RECIPES = {
    "spi_registers": OdinRecipe(
        "All 26 register addresses rewritten at any value while the network runs, and addresses of no register.",
        Traffic(ALL_EVENTS),
        n_cycles=80_000,
        registers=_ANY,
        neurons=(LIF, LIF_SDSP, odin_izh.PLAIN),
        synapses=SPARSE,
        sign=0.5,
        host=SpiHostTraffic({"config": 8, "odd": 2}, gap=Clocks(10, 1500), retune=_ANY),
    ),
    "spi_register_bits": OdinRecipe(
        "Every bit of every register is written 1 and then 0 while events arrive: no bit of a register is stuck, or "
        "taken for another one.",
        Traffic(ALL_EVENTS),
        n_cycles=45_000,
        neurons=(LIF, odin_izh.PLAIN),
        synapses=SPARSE,
        host=SpiHostTraffic({"bits": 1}, gap=Clocks(200, 1000)),
    ),
    "spi_program": OdinRecipe(
        "A network programmed through SPI alone, then run: also what programming does to the SDSP flags.",
        Traffic({"synapse": 5, "virtual": 5, "tref": 3, "spike": 1}, hot=12, pre=12, opening=()),
        n_cycles=70_000,
        registers={"SPI_OPEN_LOOP": 1, "SPI_UPDATE_UNMAPPED_SYN": 1},
        neurons=(LIF_SDSP, odin_izh.PLAIN),
        synapses=Synapses(),
        program=12,
        host=crossbar.PROGRAMMED,
    ),
    "spi_spurious_spikes": OdinRecipe(
        "In closed loop, SPI writes to neurons at their threshold (a zeroed memory) put spikes into the scheduler.",
        Traffic({"virtual": 3, "synapse": 3, "tref": 1}, hot=16),
        n_cycles=90_000,
        host=SpiHostTraffic({"session": 1}, gap=Clocks(2000, 9000), session=(10, 50)),
    ),
    "spi_masks": OdinRecipe(
        "A masked write to a neuron or to weights keeps each bit that the mask protects, whatever the word contains, "
        "and every byte can be read.",
        Traffic({"virtual": 1}, hot=8),
        n_cycles=30_000,
        registers={"SPI_OPEN_LOOP": 1},
        neurons=(Group("random"),),
        synapses=Synapses(),
        program=1,
        host=SpiHostTraffic({"fast_session": 1}, gap=Clocks(1, 40), per_clock=Clocks(1, 2), session=(10, 30)),
    ),
    "spi_fast_frames": OdinRecipe(
        "Frames at the highest speed, one after the other, and gates and resets between any two of them: each takes "
        "effect at its own clock.",
        Traffic({"synapse": 6, "virtual": 8, "tref": 2, "tref_all": 0.1, "spike": 0.3}, hot=8, weight=(3, 7)),
        n_cycles=40_000,
        registers={"SPI_OPEN_LOOP": (0, 1), "SPI_AER_SRC_CTRL_nNEUR": (0, 1)},
        neurons=(LIF_EAGER, Group("random")),
        synapses=Synapses(),
        program=1,
        receiver=ReceiverTiming(latency=Clocks(0, 3, 0.1, 20, 100)),
        host=replace(crossbar.FAST_FRAMES, retune={"SPI_OPEN_LOOP": (0, 1), "SPI_AER_SRC_CTRL_nNEUR": (0, 1)}),
    ),
    "spi_near_threshold": OdinRecipe(
        "An SPI write to a neuron compares its potential with the threshold as it is: no weight and no leak is added.",
        Traffic({"synapse": 4, "virtual": 4, "tref": 2}, hot=16, pre=4, weight=(0, 7)),
        n_cycles=30_000,
        neurons=(
            Group("lif", {"thr": (1, 12), "core": (0, 14), "leak_en": 1, "leak_str": (1, 9)}),
            Group("izh", {"thr": (1, 7), "core": (0, 7), "leak_en": 1, "leak_str": (1, 9), "fi_sel": (0, 3)}),
        ),
        synapses=Synapses(mapped=0.5),
        program=1,
        host=SpiHostTraffic({"session": 1}, gap=Clocks(20, 400), half=Clocks(1, 1), session=(2, 6)),
    ),
}

ABUSE_RECIPES = {
    "gate_toggles": OdinRecipe(
        "The gate closes only between events, stops the output bus at once, and everything waits behind it.",
        Traffic(ALL_EVENTS),
        n_cycles=80_000,
        neurons=(LIF, odin_izh.PLAIN),
        synapses=SPARSE,
        receiver=ReceiverTiming(latency=Clocks(0, 3, 0.05, 20, 300)),
        host=SpiHostTraffic({"gate": 1}, gap=Clocks(1, 700)),
    ),
    "ack_glitches_monitor": OdinRecipe(
        "The same in monitor mode, where an ACK without REQ also loses or repeats packets.",
        _MONITORED,
        n_cycles=60_000,
        registers=_MONITOR,
        neurons=(LIF_SDSP, odin_izh.PLAIN),
        synapses=Synapses(mapped=0.7),
        receiver=ReceiverTiming(pulse=0.3, glitch=Clocks(0, 80), glitch_clocks=Clocks(1, 4, 0.1, 5, 40)),
    ),
}

_CAST = Cast(
    neurons=NEURONS,
    traffic=Traffic(ALL_EVENTS),
    short=Traffic(SHORT_EVENTS),
    waiting=Traffic({"tref": 1, "tref_all": 1, "bist": 1, "bist_all": 1}),
    calm=(LIF, odin_izh.PLAIN),
    lively=(LIF, odin_izh.PLAIN),
    eager=(LIF_EAGER, LIF),
    silent=(LIF, LIF_DISABLED),
    mixed=MIXED,
    changing={name: span for name, span in _ANY.items() if name != "SPI_BURST_TIMEREF"},
    gap=Clocks(3000, 8000),
    otherwise={
        "spi_memories": {"n_cycles": 80_000},
        "spi_while_running": {"n_cycles": 80_000},
        "spi_near_misses": {
            "traffic": Traffic(
                {"synapse": 16, "virtual": 4, "volley": 4, "tref": 2, "spike": 0.5}, hot=8, weight=(3, 7)
            ),
            "n_cycles": 60_000,
            "registers": {**_MONITOR, "SPI_BURST_TIMEREF": (0, 100)},
            "neurons": (LIF_SDSP, *odin_izh.BURSTING),
            "synapses": Synapses(mapped=0.7),
            "host": replace(
                crossbar.NEAR_MISSES,
                actions={"near_miss": 20, "config": 1},
                retune={"SPI_OUT_AER_MONITOR_EN": (0, 1), "SPI_OPEN_LOOP": (0, 1)},
            ),
        },
        "reset_in_flight": {
            "n_cycles": 80_000,
            "registers": {"SPI_BURST_TIMEREF": (0, 300), "SPI_OPEN_LOOP": (0, 1)},
            "neurons": (LIF_EAGER, odin_izh.PLAIN),
        },
        "address_changed": {
            "traffic": Traffic(
                {
                    "synapse": 6,
                    "tref": 3,
                    "tref_all": 2,
                    "bist": 3,
                    "bist_all": 0.2,
                    "virtual": 4,
                    "spike": 1,
                    "other": 1,
                }
            ),
            "n_cycles": 80_000,
            "neurons": (LIF, LIF_SDSP),
        },
        "ack_glitches": {"n_cycles": 80_000},
        "everything": {
            "traffic": Traffic({**ALL_EVENTS, "volley": 4, "bist_all": 0.02}, inhibitory=0.3),
            "n_cycles": 100_000,
            "registers": {**_ANY, "SPI_BURST_TIMEREF": 0},
        },
        "unconfigured": {"n_cycles": 20_000},
        "unreset": {"n_cycles": 20_000},
    },
)
SHARED_RECIPES = recipes(_CAST, partial(OdinRecipe, synapses=SPARSE))

INTERFACE_RECIPES = AEROUT_RECIPES | SPI_RECIPES | ABUSE_RECIPES | SHARED_RECIPES
