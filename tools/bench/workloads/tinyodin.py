"""tinyODIN's workloads: spikes at a random neuron's synapses as fast as the handshake allows, and time references."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from draupnir.emulator.tinyodin.layout import CHIP, NEURONS, SYNAPSES, N
from draupnir.emulator.tinyodin.port import PORT
from draupnir.golden.recipes.tinyodin import Group, Synapses, neurons, synapses
from draupnir.tools.bench.workloads import Silicon, Workload, Workloads
from draupnir.tools.bench.workloads.spi import configure

EVENTS = {event.name: event for event in CHIP.events}
# There is no silicon of its own: ODIN's, at 75 MHz and a synaptic operation in two clocks.
SILICON = Silicon(75e6, 37.5e6)


def recurrent(n_events: int) -> Workload:
    """256 neurons whose spikes come back into the network; excitation and inhibition are balanced."""
    group = Group({"thr": (60, 300), "leak_str": (1, 6)})
    return _workload("recurrent", "LIF neurons, closed loop", group, Synapses((-7, 7), 0.8, N), {}, n_events)


def feedforward(n_events: int) -> Workload:
    """256 neurons that answer the outside only."""
    group = Group({"thr": (40, 400), "leak_str": (1, 6)})
    connected = Synapses((-6, 7), 0.8, N)
    return _workload("feedforward", "LIF neurons, open loop", group, connected, {"SPI_OPEN_LOOP": 1}, n_events)


WORKLOADS = Workloads((recurrent, feedforward), SILICON)


def _workload(
    name: str, what: str, group: Group, connected: Synapses, registers: Mapping[str, int], n_events: int
) -> Workload:
    rng = np.random.default_rng(1)
    memories = {NEURONS.name: neurons((group,), rng), SYNAPSES.name: synapses(connected, rng)}
    events = rng.integers(N, size=n_events)  # a spike's address is its neuron's
    events[rng.random(n_events) < 1 / 16] = EVENTS["tref_all"].encode()
    rows = configure(PORT, {"SPI_MAX_NEUR": N - 1, **registers})
    return Workload(CHIP, name, what, memories, *rows, events)
