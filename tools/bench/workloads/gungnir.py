"""Gungnir's workloads: ODIN's first one with e-prop off, and steps of learning by e-prop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from draupnir.emulator.gungnir.layout import CHIP, FRACTIONS, NEURONS, SYNAPSES, N
from draupnir.emulator.gungnir.port import PORT
from draupnir.golden.recipes.crossbar import Group, neurons
from draupnir.golden.recipes.gungnir import EVENTS
from draupnir.golden.recipes.odin_contents import Synapses, synapses
from draupnir.tools.bench.workloads import Workload, Workloads, odin
from draupnir.tools.bench.workloads.spi import configure

SPIKES = 20  # spikes of a step; then come the feedback of two errors, a time reference, and the synapses learn
REGISTERS = {
    "SPI_OPEN_LOOP": 1,  # in a closed loop such a network learns to spike without end
    "SPI_EPROP_EN": 1,
    "SPI_TRACE_INCR": 60,
    "SPI_TRACE_DECAY": 40,
    "SPI_PSEUDO_SHIFT": 2,
    "SPI_LEARN_SHIFT": 9,
}


def lif(n_events: int) -> Workload:
    """ODIN's LIF neurons with SDSP, while e-prop is off. n_events : at least 1"""
    same = odin.lif(n_events)
    memories = {**same.memories, FRACTIONS.name: np.zeros(FRACTIONS.shape, np.uint32)}
    return replace(same, chip=CHIP, description="LIF neurons that learn (SDSP), e-prop off", memories=memories)


def eprop(n_events: int) -> Workload:
    """256 LIF neurons that learn by e-prop, step by step. n_events : at least 1"""
    rng = np.random.default_rng(1)
    group = Group("lif", {"thr": (24, 100), "leak_str": (2, 8), "leak_en": 1, "eprop_en": 1, "readout": (0, 1)})
    memories = {
        NEURONS.name: neurons(NEURONS, (group,), rng),
        SYNAPSES.name: synapses(Synapses(mapped=0.6), rng),
        FRACTIONS.name: rng.integers(1 << 32, size=FRACTIONS.shape, dtype=np.uint32),
    }
    rows = configure(PORT, {**REGISTERS, "SPI_SYN_SIGN": odin.half_inhibitory(rng)})
    description = "LIF neurons that learn (e-prop)"
    return Workload(
        CHIP, "eprop", description, memories, *rows, _steps(n_events, 0), stream=lambda s: _steps(n_events, s)
    )


def _steps(n_events: int, seed: int) -> np.ndarray:
    """Return the addresses of the events of some steps, (n_events,) int64; the last step may be cut."""
    rng = np.random.default_rng((seed, N))
    events: list[int] = []
    while len(events) < n_events:
        events += [EVENTS["spike"].encode(pre_neur=int(neur)) for neur in rng.integers(N, size=SPIKES)]
        events += [EVENTS["feedback"].encode(neur=int(rng.integers(N)), minus=minus, gain=1) for minus in (0, 1)]
        events += [EVENTS["tref_all"].encode(), EVENTS["learn_all"].encode()]
    return np.array(events[:n_events], np.int64)


WORKLOADS = Workloads((lif, eprop))
