"""ODIN's workloads.

Each is ordinary traffic for the chip: spikes of random inputs as fast as the handshake allows, sometimes a time
reference to all neurons, and the network's own spikes as further input.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.odin.layout import CHIP, NEURONS, SYNAPSES, N
from draupnir.emulator.odin.port import PORT
from draupnir.golden.ranges import Range
from draupnir.golden.recipes.crossbar import Group
from draupnir.golden.recipes.odin_contents import Synapses, neurons, synapses
from draupnir.tools.bench.workloads import Silicon, Workload, Workloads
from draupnir.tools.bench.workloads.spi import configure

RESET_CLOCKS = 4
EVENTS = {event.name: event for event in CHIP.events}
# 75 MHz at 0.55 V, with one synaptic operation in two clocks (C. Frenkel et al., IEEE TBioCAS 13(1), 2019).
SILICON = Silicon(75e6, 37.5e6)


def lif(n_events: int) -> Workload:
    """256 LIF neurons that learn by SDSP. Half of them are inhibitory, so that the network does not spike without end.

    n_events : the number of events, at least 1
    """
    learning: dict[str, Range] = {
        "ca_en": 1,
        "thetamem": (10, 40),
        "ca_theta1": (0, 1),
        "ca_theta2": (3, 5),
        "ca_theta3": (4, 7),
        "caleak": (1, 4),
    }
    group = Group("lif", {"thr": (24, 100), "leak_str": (2, 8), "leak_en": 1, **learning})
    rng = np.random.default_rng(1)
    registers = {"SPI_SYN_SIGN": half_inhibitory(rng)}
    return _workload("lif", "LIF neurons that learn (SDSP)", (group,), Synapses(mapped=0.6), registers, n_events, rng)


def izhikevich(n_events: int) -> Workload:
    """256 Izhikevich neurons with five behaviours and single spikes. n_events : at least 1"""
    base: dict[str, Range] = {"leak_str": (0, 20), "leak_en": 1, "fi_sel": (0, 2), "thr": (3, 7), "stim_thr": (1, 3)}
    groups = (
        Group("izh", {**base, "rfr": (0, 4)}),
        Group("izh", {**base, "spklat_en": 1, "dapdel": (0, 7), "rfr": (0, 3)}),
        Group("izh", {**base, "phasic_en": 1, "rfr": (0, 2)}),
        Group("izh", {**base, "thrvar_en": 1, "thr_sel_of": 1, "thrleak": (1, 15), "rfr": (0, 3)}),
        Group("izh", {**base, "acc_en": 1, "thrleak": (0, 4), "neg_en": 1}),
    )
    rng = np.random.default_rng(2)
    registers = {"SPI_SYN_SIGN": half_inhibitory(rng)}
    return _workload("izh", "Izhikevich neurons", groups, Synapses(mapped=0.5), registers, n_events, rng)


def bursts(n_events: int) -> Workload:
    """256 Izhikevich neurons. One in sixteen answers with bursts, because more would overrun the burst FIFOs."""
    base: dict[str, Range] = {"leak_str": (0, 20), "leak_en": 1, "fi_sel": (1, 3), "thr": (3, 7), "rfr": (1, 3)}
    groups = (Group("izh", base, 15), Group("izh", {**base, "spk_ref": (1, 2), "isi_ref": (0, 7)}))
    rng = np.random.default_rng(3)
    registers = {"SPI_SYN_SIGN": half_inhibitory(rng), "SPI_BURST_TIMEREF": 50}
    description = "Izhikevich neurons with bursts"
    return _workload("bursts", description, groups, Synapses(mapped=0.5), registers, n_events, rng)


def _digits(n_events: int) -> Workload:
    """The workload of ``odin_digits``, imported only here: it takes the data set, and so scikit-learn."""
    from draupnir.tools.bench.workloads.odin_digits import digits

    return digits(n_events)


WORKLOADS = Workloads((lif, izhikevich, bursts), SILICON, cocotb_test="digits.digits", for_many=(_digits,))


def half_inhibitory(rng: np.random.Generator) -> int:
    """All 256 bits of SPI_SYN_SIGN, with 128 random bits at 1."""
    return sum(1 << int(neur) for neur in rng.permutation(N)[: N // 2])


def _workload(
    name: str,
    description: str,
    groups: tuple[Group, ...],
    recipe: Synapses,
    registers: dict[str, int],
    n_events: int,
    rng: np.random.Generator,
) -> Workload:
    memories = {NEURONS.name: neurons(groups, rng), SYNAPSES.name: synapses(recipe, rng)}
    events = np.array([EVENTS["spike"].encode(pre_neur=pre) for pre in range(N)])[rng.integers(N, size=n_events)]
    events[rng.random(n_events) < 1 / 16] = EVENTS["tref_all"].encode()
    return Workload(CHIP, name, description, memories, *configure(PORT, registers), events)
