"""Gungnir's event level does what its clocks do: e-prop events among all others, whole, cut, and with e-prop off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from draupnir.emulator import state
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.gungnir.chip import Model
from draupnir.emulator.gungnir.events import closed_loop, engine
from draupnir.emulator.gungnir.layout import CHIP, IZH, LIF, NEURONS, N
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.emulator.tests.gungnir.test_witness import any_witness, configuration_of, events_of

N_EVENTS = 120
AT_ONCE = ("POP_NEUR", "TREF", "FEEDBACK", "LEARN")


def configured(seed: int, stretch: bool = True) -> Any:
    """Return a chip with a random network, of which odd seeds have Izhikevich neurons, bursts and own spikes."""
    rng = np.random.default_rng(seed)
    model = Model(stretch=stretch)
    model.reset()
    configuration_of(any_witness(rng)).apply(model)
    if seed % 2:
        is_izh = rng.random(N) < 0.2
        words = rng.integers(0, 1 << 32, (N, NEURONS.n_limbs), dtype=np.uint32)
        words[:, 0] &= ~np.uint32(1 << IZH["lif_izh_sel"].lsb)
        model.memories[NEURONS.name][is_izh] = words[is_izh]
        model.registers.spi_open_loop = 0
        model.registers.spi_burst_timeref = int(rng.integers(0, 60))
    return model


def stimulus(seed: int) -> tuple[np.ndarray, np.ndarray, Environment]:
    """Return events, when they are sent, and the speed of both sides."""
    rng = np.random.default_rng(seed)
    addrs, _ = events_of(any_witness(rng), rng, N_EVENTS)
    not_before = np.where(rng.random(N_EVENTS) < 0.5, AT_REST, 0) if seed % 2 == 0 else np.zeros(N_EVENTS, np.int64)
    return np.array(addrs), not_before, Environment(*(int(clocks) for clocks in rng.integers(0, 4, 4)))


@pytest.mark.parametrize("seed", range(8))
def test_a_run_is_that_of_the_closed_loop(seed: int) -> None:
    quick, slow = configured(seed), configured(seed)
    quick.registers.spi_eprop_en = slow.registers.spi_eprop_en = int(seed < 6)
    events, not_before, environment = stimulus(seed)
    limit = None if seed % 2 == 0 else 100_000  # own spikes may go on for ever
    expected = closed_loop.run(slow, events, environment, limit, not_before=not_before)
    ran = engine.run(quick, events, environment, limit, not_before=not_before)
    assert ran.addrs.tolist() == expected.addrs.tolist()
    assert ran.cycles.tolist() == expected.cycles.tolist()
    assert (ran.n_cycles, ran.n_sent, ran.buses) == (expected.n_cycles, expected.n_sent, expected.buses)
    assert state.diff(quick.snapshot(), slow.snapshot()) == []
    assert ran.statistics.n_sweeps > 20
    if seed in (0, 2, 4):
        assert min(ran.statistics.cycles[name] for name in AT_ONCE) > 500
        assert ran.statistics.weight_steps > 10


@pytest.mark.parametrize("seed", range(4))
def test_a_run_in_pieces_is_the_whole_run(seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole, cut, plain = configured(seed), configured(seed), configured(seed, stretch=False)
    events, _, environment = stimulus(seed)
    expected = engine.run(whole, events, environment, 60_000, finish=False)
    spikes, n_cycles, n_sent, buses = [], 0, 0, None
    while n_cycles < expected.n_cycles:
        limit = min(int(rng.integers(1, 9_000)), expected.n_cycles - n_cycles)
        ran = engine.run(cut, events[n_sent:], environment, limit, buses=buses, finish=False)
        spikes += ran.addrs.tolist()
        n_cycles, n_sent, buses = n_cycles + ran.n_cycles, n_sent + ran.n_sent, ran.buses
    assert (spikes, n_sent) == (expected.addrs.tolist(), expected.n_sent)
    assert state.diff(whole.snapshot(), cut.snapshot()) == []
    by_clocks = engine.run(plain, events, environment, 60_000, finish=False)
    assert by_clocks.statistics.n_sweeps == 0 < expected.statistics.n_sweeps
    assert by_clocks.statistics.weight_steps == expected.statistics.weight_steps
    assert state.diff(whole.snapshot(), plain.snapshot()) == []


@pytest.mark.parametrize("name", ["tref_all", "spike"])
def test_the_memory_shows_the_last_neuron_as_it_is_read(name: str) -> None:
    """The last event changes the learning state of neuron 255, and the memory's output register has it before."""
    (event,) = (event for event in CHIP.events if event.name == name)
    last = np.array([event.encode(**({"pre_neur": N - 1} if name == "spike" else {}))])
    quick, slow = configured(0), configured(0)
    for model in (quick, slow):
        model.registers.spi_eprop_en = 1
        model.registers.spi_trace_incr, model.registers.spi_trace_decay = 5, 1
        words = model.memories[NEURONS.name]
        words[N - 1] = to_limbs(encode(LIF, lif_izh_sel=1, neur_disable=1, trace=100, fired=1), NEURONS.n_limbs)
    old_word = slow.memories[NEURONS.name][N - 1].copy()
    closed_loop.run(slow, last, Environment())
    engine.run(quick, last, Environment())
    assert state.diff(quick.snapshot(), slow.snapshot()) == []
    assert not np.array_equal(slow.memories[NEURONS.name][N - 1], old_word)
    assert slow.registers[0].neur_state.tolist() == old_word.tolist()
