"""Event level, compiled closed loop, and handshakes in plain Python around ``Model.step`` give the same.

DRAUPNIR_EXAMPLES=3000 tries 3000 journeys instead of the usual number.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draupnir.emulator import state
from draupnir.emulator.codec import encode
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import AT_REST, EventRun
from draupnir.emulator.tests import crossbar_journeys
from draupnir.emulator.tests.crossbar_journeys import LONG, Leg, assert_same
from draupnir.emulator.tests.naive_loop import naive
from draupnir.emulator.tests.tinyodin.helpers import EVENT, ready
from draupnir.emulator.tinyodin.chip import Model
from draupnir.emulator.tinyodin.events import closed_loop, engine
from draupnir.emulator.tinyodin.layout import LIF, N

N_EXAMPLES = int(os.environ.get("DRAUPNIR_EXAMPLES", "40"))
SPIKE = EVENT["spike"].encode(pre_neur=5)
TREF_ALL = EVENT["tref_all"].encode()
FAST, SLOW = Environment(0, 0, 0, 0), Environment(60, 60, 60, 60)


@dataclass(frozen=True)
class Journey:
    """A network, and runs on it, one after the other."""

    seed: int
    thr: tuple[int, int]
    weight: tuple[int, int]
    legs: list[Leg]

    def model(self) -> Model:
        """Return a model at rest with this network."""
        return ready(self.seed, self.thr, self.weight)


delays = st.integers(0, 9)
events = st.lists(
    st.one_of(st.sampled_from([TREF_ALL, SPIKE]), st.integers(0, 1023), st.integers(0, 255)), min_size=1, max_size=12
)
registers = st.fixed_dictionaries(
    {
        "spi_open_loop": st.integers(0, 1),
        "spi_aer_src_ctrl_nneur": st.sampled_from([0, 0, 0, 1]),
        "spi_max_neur": st.one_of(st.sampled_from([0, 1, 7, 8, 254, 255]), st.integers(0, 255)),
    }
)
legs = st.builds(
    Leg,
    registers,
    st.none(),
    events,
    st.builds(Environment, delays, delays, delays, delays),
    st.one_of(st.just(20_000), st.integers(1, 3_000)),
    st.one_of(st.just(()), st.lists(st.one_of(st.just(AT_REST), st.integers(0, 2_000)), min_size=1).map(tuple)),
    st.booleans(),
)
journeys = st.builds(
    Journey,
    seed=st.integers(0, 1 << 30),
    thr=st.sampled_from([(0, 4), (2, 30), (5, 80), (100, 400), (0, 4095)]),
    weight=st.sampled_from([(-8, 7), (-8, 1), (0, 3), (-3, 4)]),
    legs=st.lists(legs, min_size=1, max_size=3),
)


def walk(journey: Journey) -> list[EventRun]:
    return crossbar_journeys.walk(journey, engine, closed_loop)


@settings(max_examples=N_EXAMPLES)
@given(journeys)
def test_event_level_equals_clock_level(journey: Journey) -> None:
    walk(journey)


def test_a_run_goes_on_where_it_was_cut() -> None:
    """The cuts are at every clock of a handshake, and at some clocks of an event."""
    environment = Environment(3, 2, 1, 4)
    whole = walk(
        Journey(1, (20, 60), (-7, 7), [Leg({"spi_open_loop": 1}, None, [SPIKE, TREF_ALL, SPIKE], environment)])
    )[0]
    for n_cycles in (*range(1, 25), *range(515, 600, 7)):
        cut = Leg({"spi_open_loop": 1}, None, [SPIKE, TREF_ALL, SPIKE], environment, n_cycles)
        first, rest = walk(Journey(1, (20, 60), (-7, 7), [cut, Leg({}, None, [], environment)]))
        assert (first.done, rest.done) == (False, True)
        assert [*first.cycles, *rest.cycles] == whole.cycles.tolist()
        assert first.n_sent + rest.n_sent == 3


def test_no_event_is_sent_before_its_cycle() -> None:
    late = 100_000
    legs = [Leg({"spi_open_loop": 1}, None, [SPIKE] * 2, FAST, LONG, (0, late))]
    (run,) = walk(Journey(1, (1, 1), (7, 7), legs))
    first = int(np.argmax(run.cycles >= late))
    assert run.addrs[0] <= run.addrs[first] + 1  # one of the first neurons again
    assert late < run.cycles[first] - run.first_cycle < late + 100


@pytest.mark.parametrize("environment", [FAST, SLOW, Environment(0, 60, 0, 60), Environment(60, 0, 60, 0)])
@pytest.mark.parametrize("neurons", [range(1), range(N - 1, N), range(N - 2, N), range(N - 3, N - 1), range(N)])
def test_spikes_of_these_neurons(neurons: range, environment: Environment) -> None:
    models = [ready(spi_open_loop=1) for _ in range(2)]
    for model in models:
        for neur in range(N):
            model.memories["neurons"][neur] = encode(LIF, thr=7 if neur in neurons else 4095)
        model.memories["synapses"][:] = 0x77777777
    by_clock = closed_loop.run(models[0], np.array([SPIKE, SPIKE]), environment, LONG)
    by_event = engine.run(models[1], np.array([SPIKE, SPIKE]), environment, LONG)
    assert_same(by_clock, by_event)
    assert by_clock.addrs.tolist() == 2 * list(neurons)
    assert by_event.statistics.n_sweeps == 2
    assert by_event.statistics.synaptic_operations == 2 * N


def test_a_full_scheduler_loses_spikes() -> None:
    model = ready(thr=(1, 2), weight=(4, 7))
    result = engine.run(model, np.array([SPIKE]), FAST, 20_000)
    assert result.statistics.fifo_high_water == 128
    assert not result.done


@pytest.mark.parametrize(("open_loop", "n_dropped"), [(0, N - 1 - 127), (1, 0)])
def test_spikes_that_a_full_scheduler_drops_are_counted(open_loop: int, n_dropped: int) -> None:
    """All others spike at the spike of neuron 5, which has one of the 128 places until all have been visited."""
    models = [ready(spi_open_loop=open_loop) for _ in range(2)]
    models[1].stretch = False
    for model in models:
        model.memories["neurons"][:] = encode(LIF, thr=7)
        model.memories["neurons"][5] = encode(LIF, thr=4095)
        model.memories["synapses"][:] = 0
        model.memories["synapses"][5 * 32 : 6 * 32] = 0x77777777
        run = engine.run(model, np.array([SPIKE]), FAST)
        assert len(run.addrs) == N - 1
        assert run.statistics.dropped_spikes == n_dropped == model.registers[0].n_dropped
        assert engine.run(model, np.array([TREF_ALL]), FAST).statistics.dropped_spikes == 0
    assert state.diff(models[0].snapshot(), models[1].snapshot()) == []


def test_all_is_swept_but_virtual_and_single_events() -> None:
    model = ready(thr=(4000, 4095))
    addrs = [SPIKE, TREF_ALL, EVENT["virtual"].encode(neur=1, weight=3), EVENT["tref"].encode(neur=9)]
    result = engine.run(model, np.array(addrs), Environment(), LONG)
    assert result.done and result.statistics.n_sweeps == 2
    assert result.statistics.cycles["POP_NEUR"] == result.statistics.cycles["TREF"] - 2 == 2 * N
    assert result.statistics.cycles["AER_POP"] == 1


@settings(max_examples=6)
@given(environment=st.builds(Environment, delays, delays, delays, delays), seed=st.integers(0, 99))
def test_the_closed_loop_is_what_the_handshakes_say(environment: Environment, seed: int) -> None:
    addrs = [SPIKE, EVENT["virtual"].encode(neur=3, weight=7), TREF_ALL, 0x17F]
    fast, slow = ready(seed, spi_max_neur=40), ready(seed, spi_max_neur=40)
    result = closed_loop.run(fast, np.array(addrs), environment, 2_000, record_rows=True)
    spikes, rows = naive(slow, addrs, environment, result.n_cycles)
    assert list(zip(result.cycles.tolist(), result.addrs.tolist(), strict=True)) == spikes
    assert result.rows.tolist() == rows
    assert state.diff(fast.snapshot(), slow.snapshot()) == []
