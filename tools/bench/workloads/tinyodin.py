"""tinyODIN's workloads: spikes of random inputs as fast as the handshake allows, and time references."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from draupnir.emulator.tinyodin.layout import CHIP, NEURONS, SYNAPSES, N
from draupnir.emulator.tinyodin.port import PORT
from draupnir.golden.recipes.crossbar import Group
from draupnir.golden.recipes.tinyodin import Synapses, neurons, synapses
from draupnir.tools.bench.workloads import Silicon, Workload, Workloads
from draupnir.tools.bench.workloads.spi import configure

EVENTS = {event.name: event for event in CHIP.events}
# tinyODIN was never made in silicon. These are ODIN's figures: 75 MHz, one synaptic operation in two clocks.
SILICON = Silicon(75e6, 37.5e6)


def recurrent(n_events: int) -> Workload:
    """256 neurons whose spikes are also input of the network. Excitation and inhibition are in balance."""
    group = Group("lif", {"thr": (60, 300), "leak_str": (1, 6)})
    return _workload("recurrent", "LIF neurons, closed loop", group, Synapses((-7, 7), 0.8, N), {}, n_events)


def feedforward(n_events: int) -> Workload:
    """256 neurons that receive only input from outside."""
    group = Group("lif", {"thr": (40, 400), "leak_str": (1, 6)})
    recipe = Synapses((-6, 7), 0.8, N)
    return _workload("feedforward", "LIF neurons, open loop", group, recipe, {"SPI_OPEN_LOOP": 1}, n_events)


WORKLOADS = Workloads((recurrent, feedforward), SILICON)


def _workload(
    name: str, description: str, group: Group, recipe: Synapses, registers: Mapping[str, int], n_events: int
) -> Workload:
    rng = np.random.default_rng(1)
    memories = {NEURONS.name: neurons((group,), rng), SYNAPSES.name: synapses(recipe, rng)}
    events = rng.integers(N, size=n_events)  # the address of a spike is that of its neuron
    events[rng.random(n_events) < 1 / 16] = EVENTS["tref_all"].encode()
    rows = configure(PORT, {"SPI_MAX_NEUR": N - 1, **registers})
    return Workload(CHIP, name, description, memories, *rows, events)
