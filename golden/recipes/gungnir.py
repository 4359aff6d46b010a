"""Gungnir's recipes: e-prop on, with every event, register and memory that ODIN does not have.

ODIN's recipes are not here: ODIN's recordings hold on Gungnir as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.gungnir import layout
from draupnir.emulator.gungnir.port import PORT
from draupnir.golden.ranges import Range, draw
from draupnir.golden.recipes import RecipeBook, crossbar, odin
from draupnir.golden.recipes.crossbar import Group, Memories
from draupnir.golden.recipes.odin import OdinRecipe, Traffic
from draupnir.golden.recipes.odin_contents import Synapses, synapses
from draupnir.golden.recipes.odin_lif import ALL_EVENTS, LIF_SDSP, SPARSE
from draupnir.golden.spi_host import SpiHostTraffic
from draupnir.golden.stimulus import HostPiece, Stimulus

EVENTS = {event.name: event for event in layout.EVENTS}
ENABLE = "SPI_EPROP_EN"


class Actions(odin.Actions):
    """The actions of the host, with those for e-prop, which every reset turns off, and which is on after the last."""

    _port_of_chip = PORT

    def program(self) -> HostPiece:
        yield from self.eprop()
        yield from super().program()

    def eprop(self) -> HostPiece:
        """Turn e-prop on, and write each other register that a reset clears, as the recipe configures it."""
        yield from self.register(ENABLE, 1)
        for register in layout.LEARNING_REGISTERS:
            if register.reset is not None and register.name != ENABLE:
                yield from self.register(register.name, self._contents[register.name, 0])

    def off(self) -> HostPiece:
        """Turn e-prop off for a while, in any state of the chip."""
        yield from self.register(ENABLE, 0)
        yield from self._host.wait(draw((1, 600), self._rng))
        yield from self.register(ENABLE, 1)


_prepare = crossbar.preparer(layout.CHIP, synapses, partial(odin.events, table=EVENTS), Actions)


def prepare(recipe: OdinRecipe, seed: int) -> tuple[Stimulus, Memories]:
    """Return a recipe's stimulus and the memories to load before the first clock; both depend on the seed alone."""
    stimulus, memories = _prepare(recipe, seed)
    rng = np.random.default_rng((seed, len(memories)))
    memory = layout.FRACTIONS
    memories[memory.name] = rng.integers(1 << 32, size=memory.shape, dtype=np.uint32)
    return stimulus, memories


# --- Neurons and registers --------------------------------------------------------------------------------------

EPROP: Mapping[str, Range] = {
    "leak_str": (0, 10),
    "leak_en": 1,
    "thr": (8, 60),
    "core": (0, 10),
    "eprop_en": 1,
    "readout": (0, 1),
    "trace": (0, 255),
    "signal": (-127, 127),
    "fired": (0, 1),
}
LEARNER = Group("lif", EPROP)
BOTH_RULES = Group("lif", {**EPROP, **LIF_SDSP.fields, "eprop_en": (0, 1)})
SILENT_LEARNER = Group("lif", {**EPROP, "neur_disable": 1, "thr": (1, 20)}, share=0.2)
RANDOM = Group("random", share=0.5)
RATES: dict[str, Range] = {
    "SPI_OPEN_LOOP": 1,
    "SPI_TRACE_INCR": (10, 120),
    "SPI_TRACE_DECAY": (10, 120),
    "SPI_PSEUDO_SHIFT": (0, 3),
    "SPI_LEARN_SHIFT": (4, 11),
}
ANY_RATES: dict[str, Range] = {
    "SPI_TRACE_INCR": (0, 255),
    "SPI_TRACE_DECAY": (0, 255),
    "SPI_PSEUDO_SHIFT": (0, 7),
    "SPI_LEARN_SHIFT": (0, 15),
    "SPI_UPDATE_UNMAPPED_SYN": (0, 1),
    "SPI_PROPAGATE_UNMAPPED_SYN": (0, 1),
}
STEP = {"spike": 8, "signal": 20, "feedback": 3, "tref_all": 2, "learn": 20, "seed": 1}
EVERY_EVENT = {**ALL_EVENTS, "signal": 6, "feedback": 1, "learn": 6, "seed": 1}

RECIPES: dict[str, OdinRecipe] = {
    "eprop_steps": OdinRecipe(
        "Spikes raise traces, signals and feedback teach neurons, a time reference keeps their errors, and learn "
        "events move the weights of one row.",
        Traffic(STEP, pre=32),
        neurons=(LEARNER, SILENT_LEARNER),
        registers=RATES,
        synapses=Synapses(mapped=0.8),
    ),
    "eprop_all_rows": OdinRecipe(
        "One event learns all rows: those without a trace take 2 clocks, and the weights stop at 0 and at 7 15/16.",
        Traffic({"spike": 12, "signal": 30, "feedback": 4, "tref_all": 2, "learn_all": 1}, pre=48),
        n_cycles=120_000,
        neurons=(LEARNER,),
        registers={**RATES, "SPI_LEARN_SHIFT": (2, 6)},
        synapses=Synapses(mapped=0.9),
    ),
    "eprop_closed_loop": OdinRecipe(
        "In closed loop learning waits for the scheduler, and the network's own spikes raise traces, with both rules "
        "on.",
        Traffic({**EVERY_EVENT, "volley": 4}),
        neurons=(BOTH_RULES, LEARNER),
        registers={**RATES, "SPI_OPEN_LOOP": 0, "SPI_BURST_TIMEREF": (0, 200)},
        synapses=SPARSE,
    ),
    "eprop_any_word": OdinRecipe(
        "Any neuron word, Izhikevich too, and rates that change while the network runs.",
        Traffic(EVERY_EVENT, pre=64),
        neurons=(RANDOM, LEARNER),
        registers={**ANY_RATES, "SPI_OPEN_LOOP": 1},
        synapses=Synapses(mapped=0.7),
        host=SpiHostTraffic({"config": 1}, retune={**ANY_RATES, ENABLE: 1}),
    ),
    "eprop_spi": OdinRecipe(
        "Masked writes and read-back of the fractions, with the gate and without, and with e-prop off.",
        Traffic({"signal": 6, "learn": 3, "spike": 1, "tref": 2}, pre=32),
        neurons=(LEARNER,),
        registers=RATES,
        synapses=Synapses(mapped=0.8),
        host=SpiHostTraffic({"session": 6, "stray": 1, "odd": 1, "off": 1, "fast": 1, "fast_session": 1}),
    ),
    "eprop_monitored": OdinRecipe(
        "The output bus shows a synapse that learns, but no neuron that is taught; learning waits while it is busy.",
        Traffic({"spike": 1, "signal": 8, "feedback": 1, "tref": 4, "tref_all": 0.3, "learn": 10}, hot=8, pre=4),
        neurons=(LEARNER,),
        registers={
            **RATES,
            "SPI_OUT_AER_MONITOR_EN": 1,
            "SPI_MONITOR_NEUR_ADDR": (0, 7),
            "SPI_MONITOR_SYN_ADDR": (0, 3),
            "SPI_UPDATE_UNMAPPED_SYN": 1,
        },
        synapses=Synapses(mapped=0.8),
    ),
    "eprop_off": OdinRecipe(
        "E-prop is turned off and on in any state: an event of e-prop ends at once, and its code is ODIN's again.",
        Traffic({**EVERY_EVENT, "learn_all": 1}, pre=64),
        neurons=(BOTH_RULES,),
        registers=RATES,
        synapses=Synapses(mapped=0.8),
        host=SpiHostTraffic({"off": 1}, gap=Clocks(100, 900)),
    ),
    "eprop_everything": OdinRecipe(
        "All of it at once: any neuron, any register, any abuse, resets.",
        Traffic({**EVERY_EVENT, "learn_all": 0.2, "volley": 3}),
        n_cycles=80_000,
        neurons=(RANDOM, BOTH_RULES, LEARNER),
        registers={**ANY_RATES, "SPI_OPEN_LOOP": (0, 1), "SPI_BURST_TIMEREF": (0, 300)},
        synapses=SPARSE,
        sender=crossbar.ANY_SENDER,
        receiver=crossbar.ANY_RECEIVER,
        host=SpiHostTraffic(
            {**crossbar.ANY_ACTIONS, "eprop": 6, "off": 1},
            retune={**ANY_RATES, "SPI_OPEN_LOOP": (0, 1), "SPI_AER_SRC_CTRL_nNEUR": (0, 1)},
            gap=crossbar.ANY_GAP,
        ),
    ),
}
BOOK = RecipeBook(RECIPES, prepare, in_icarus=("eprop_steps", "eprop_spi"), uncompiled=("eprop_steps", 3_000))
