"""Random ODINs and their inputs, for Hypothesis: registers, populations of neurons, events, handshakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import CHIP, EVENTS, IZH, LIF, NEURONS, SYNAPSES, N
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.emulator.tests.crossbar_journeys import Leg
from draupnir.emulator.trace import pack

RESET = np.array([pack(CHIP.input_word, {"RST": 1})] * 4 + [0] * 4)
SLOWEST = 60  # the longest delay in clocks
ENOUGH = 300_000  # Nearly every run takes fewer clocks.
TREF_EVERY = (1, 7, 50)  # clocks of a burst time reference minus 1, much fewer than those of an event


@dataclass(frozen=True)
class Population:
    """All 256 neurons and all synapses, random by ``seed``.

    lif : share of LIF neurons; disabled : share of neurons that never spike
    quiet : every LIF threshold is at least 192, so that spikes are rare; single : Izhikevich neurons do not burst
    """

    seed: int
    lif: float
    disabled: float
    quiet: bool
    single: bool

    def put(self, model: Model) -> None:
        """Write both memories."""
        rng = np.random.default_rng(self.seed)
        words = rng.integers(0, 1 << 32, (N, NEURONS.n_limbs), dtype=np.uint32)
        is_lif = rng.random(N) < self.lif
        _set(words, "lif_izh_sel", is_lif, np.ones(N, bool))
        _set(words, "neur_disable", rng.random(N) < self.disabled, np.ones(N, bool))
        if self.quiet:
            _set(words, "thr", rng.integers(192, 256, N), is_lif)
        if self.single:
            _set(words, "spk_ref", np.zeros(N, int), ~is_lif)
        model.memories[NEURONS.name][:] = words
        memory = model.memories[SYNAPSES.name]
        memory[:] = rng.integers(0, 1 << 32, memory.shape, dtype=np.uint32)


def _set(words: np.ndarray, name: str, column: np.ndarray, mask: np.ndarray) -> None:
    """Set a field, within one limb, of the neurons in ``mask``; if both views have it, that of a LIF word."""
    f = (LIF if name in LIF else IZH)[name]
    limb, shift = f.lsb // 32, np.uint32(f.lsb % 32)
    others = words[:, limb] & ~np.uint32(f.high << int(shift))
    words[:, limb] = np.where(mask, others | column.astype(np.uint32) << shift, words[:, limb])


@dataclass(frozen=True)
class Journey:
    """Runs on one model, one after the other. Registers without a reset have random contents at first."""

    seed: int
    legs: list[Leg]

    def model(self) -> Model:
        """Return a model after a reset, with registers and memories 0."""
        model = Model(self.seed)
        for register in CHIP.registers:
            model.registers[0][register.name.lower()] = 0
        model.drive(RESET, np.ones(len(RESET), np.uint8))
        return model


# --- Strategies -------------------------------------------------------------------------------------------------

flags = st.integers(0, 1)
rare = st.sampled_from([0, 0, 0, 0, 0, 0, 0, 1])
neurons = st.one_of(st.sampled_from([0, 7, 8, N - 1]), st.integers(0, N - 1))
delays = st.one_of(st.integers(0, 4), st.integers(0, SLOWEST))
environments = st.builds(Environment, delays, delays, delays, delays)
populations = st.builds(
    Population,
    st.integers(0, 1 << 32),
    st.sampled_from([0.0, 0.5, 0.9, 1.0, 1.0]),
    st.sampled_from([0.0, 0.1, 0.9, 1.0]),
    st.booleans(),
    st.booleans(),
)
bursting = st.builds(
    Population,
    st.integers(0, 1 << 32),
    st.sampled_from([0.0, 0.3, 0.9]),
    st.sampled_from([0.5, 0.9, 0.97]),
    st.just(True),
    st.just(False),
)
registers = st.fixed_dictionaries(
    {},
    optional={
        "spi_gate_activity": rare,
        "spi_open_loop": flags,
        "spi_syn_sign": st.lists(st.integers(0, 0xFFFF), min_size=16, max_size=16),
        "spi_burst_timeref": st.sampled_from([0, 0, 0, *TREF_EVERY]),
        "spi_aer_src_ctrl_nneur": rare,
        "spi_out_aer_monitor_en": rare,
        "spi_monitor_neur_addr": neurons,
        "spi_monitor_syn_addr": neurons,
        "spi_update_unmapped_syn": flags,
        "spi_propagate_unmapped_syn": flags,
        "spi_sdsp_on_syn_stim": flags,
    },
)
events = st.one_of(
    *(st.builds(event.encode, **{f.name: st.integers(0, f.high) for f in event.fields}) for event in EVENTS),
    st.builds(next(e for e in EVENTS if e.name == "spike").encode, pre_neur=neurons),
    st.integers(0, (1 << CHIP.pin("AERIN_ADDR").width) - 1),
)
# Most limits are large, because a run near its limit processes no event as a whole.
limits = st.sampled_from([ENOUGH] * 5 + [600, 3_000, 200_000]).flatmap(
    lambda n: st.integers(0 if n != ENOUGH else n, n)
)


pauses = st.one_of(
    st.just(()),
    st.just(()),
    st.lists(st.one_of(st.just(AT_REST), st.integers(0, 20), st.integers(0, 3000)), min_size=1).map(tuple),
)


def legs(first: bool) -> st.SearchStrategy[Leg]:
    """Return runs; the first one has a population."""
    population = populations if first else st.one_of(st.none(), populations)
    given_events = st.lists(events, min_size=1, max_size=25)
    finishes = st.sampled_from([True, True, True, False])
    return st.builds(Leg, registers, population, given_events, environments, limits, pauses, finishes)


journeys = st.builds(
    lambda seed, first, others: Journey(seed, [first, *others]),
    st.integers(0, 1 << 32),
    legs(True),
    st.lists(legs(False), max_size=2),
)
