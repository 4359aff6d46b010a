"""The event-level engine against the clock-level model: spikes, cycle numbers, memories, registers, statistics.

DRAUPNIR_EXAMPLES=3000 tries 3000 journeys instead of the usual few hundred.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.events import closed_loop, engine
from draupnir.emulator.odin.events.statistics import Statistics
from draupnir.emulator.odin.layout import EVENTS, LIF, MAIN_DEPTH, NEURONS, N
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import EventRun
from draupnir.emulator.tests import crossbar_journeys
from draupnir.emulator.tests.crossbar_journeys import LONG, Contents, Leg
from draupnir.emulator.tests.odin.populations import (
    ENOUGH,
    Journey,
    Population,
    bursting,
    environments,
    events,
    journeys,
)

N_EXAMPLES = int(os.environ.get("DRAUPNIR_EXAMPLES", "300"))
EVENT = {event.name: event for event in EVENTS}
SPIKE = EVENT["spike"].encode(pre_neur=5)
TREF = EVENT["tref_all"].encode()
BIST = EVENT["bist_all"].encode()
FAST = Environment(0, 0, 0, 0)
SLOW = Environment(60, 60, 60, 60)


def walk(journey: Journey) -> list[EventRun]:
    return crossbar_journeys.walk(journey, engine, closed_loop)


LIVELY = Population(1, lif=0.5, disabled=0.1, quiet=False, single=False)
CLOSED, OPEN = {"spi_open_loop": 0}, {"spi_open_loop": 1}


@settings(max_examples=N_EXAMPLES)
@example(Journey(0, [Leg(CLOSED, LIVELY, [SPIKE, TREF, SPIKE, BIST], FAST, LONG)]))
@example(Journey(0, [Leg(OPEN, LIVELY, [SPIKE, TREF] * 10, SLOW, LONG), Leg(CLOSED, None, [SPIKE], FAST, LONG)]))
@example(Journey(0, [Leg({"spi_burst_timeref": 1}, LIVELY, [SPIKE, TREF] * 5, FAST, LONG)]))
@example(Journey(0, [Leg({"spi_out_aer_monitor_en": 1}, LIVELY, [SPIKE, TREF] * 3, SLOW, LONG)]))
@example(Journey(0, [Leg({"spi_aer_src_ctrl_nneur": 1}, LIVELY, [SPIKE, TREF] * 3, SLOW, LONG)]))
@given(journeys)
def test_event_level_equals_clock_level(journey: Journey) -> None:
    walk(journey)


@settings(max_examples=N_EXAMPLES // 3)
@example(1, LIVELY, [SPIKE, TREF] * 4, FAST, 1)
@given(st.integers(1, 300), bursting, st.lists(events, min_size=1, max_size=25), environments, st.integers(0, 1 << 32))
def test_event_level_equals_clock_level_with_bursts(
    timeref: int, population: Population, addrs: list[int], environment: Environment, seed: int
) -> None:
    """The turn of the burst FIFOs moves during events, and sometimes to a word that changes them."""
    registers = {"spi_open_loop": 0, "spi_burst_timeref": timeref}
    walk(Journey(seed, [Leg(registers, population, addrs, environment, ENOUGH)]))


# --- Edges ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spiking:
    """A population in which these neurons spike at each spike of neuron 5 only, and all others never."""

    neurons: range

    def put(self, model: Model) -> None:
        for neur in range(N):
            thr = 7 if neur in self.neurons else 255
            model.memories["neurons"][neur] = to_limbs(encode(LIF, lif_izh_sel=1, thr=thr), NEURONS.n_limbs)
        model.memories["synapses"][:] = 0x88888888
        model.memories["synapses"][5 * 32 : 6 * 32] = 0xFFFFFFFF


@pytest.mark.parametrize("registers", [CLOSED, OPEN])
@pytest.mark.parametrize(
    "environment", [FAST, Environment(), SLOW, Environment(0, 60, 0, 60), Environment(60, 0, 60, 0)]
)
@pytest.mark.parametrize("neurons", [range(1), range(N - 1, N), range(N - 2, N), range(16), range(N)])
def test_spikes_of_these_neurons(neurons: range, environment: Environment, registers: dict) -> None:
    (run,) = walk(Journey(0, [Leg(registers, Spiking(neurons), [SPIKE] * 2, environment, LONG)]))
    assert run.done
    assert run.addrs[: len(neurons)].tolist() == list(neurons)
    assert run.statistics.n_sweeps >= 2


def test_the_fifo_fills_and_the_rest_is_lost() -> None:
    (run,) = walk(Journey(0, [Leg(CLOSED, Spiking(range(10, N)), [SPIKE], FAST, LONG)]))
    assert run.statistics.fifo_high_water == MAIN_DEPTH
    assert len(run.addrs) == N - 10
    # The event itself has one of the 32 places until its last neuron has been visited; neuron 255 needs none.
    assert run.statistics.n_sweeps == 1 + MAIN_DEPTH - 1
    assert run.statistics.dropped_spikes == (N - 10) - (MAIN_DEPTH - 1)


def test_each_run_counts_the_spikes_that_it_dropped_itself() -> None:
    leg = Leg(CLOSED, Spiking(range(10, N)), [SPIKE], FAST, LONG)
    runs = walk(Journey(0, [leg, Leg(CLOSED, None, [], FAST, LONG), leg]))
    assert [run.statistics.dropped_spikes for run in runs] == [215, 0, 215]


def test_nothing_is_dropped_in_open_loop() -> None:
    (run,) = walk(Journey(0, [Leg(OPEN, Spiking(range(N)), [SPIKE], FAST, LONG)]))
    assert (len(run.addrs), run.statistics.dropped_spikes) == (N, 0)


def test_a_run_may_be_cut_at_every_clock_of_an_event() -> None:
    """The cuts are at its beginning, at some clocks of its middle, and at its end with 6 spikes."""
    cuts = [*range(20), *range(20, 500, 37), *range(500, 600)]
    legs = [Leg(OPEN, Spiking(range(250, N)), [SPIKE], Environment(), n) for n in cuts]
    ends = [walk(Journey(0, [leg]))[0].done for leg in legs]
    assert not any(ends[: cuts.index(520)])
    assert ends == sorted(ends) and ends[-1]


def test_a_run_goes_on_where_it_was_cut() -> None:
    """This also holds for a cut during a handshake, and with another configuration."""
    events, population = [SPIKE, TREF, SPIKE, BIST], Spiking(range(250, N))
    first = [Leg(OPEN, population, events, Environment(3, 2, 1, 4), n) for n in (*range(25), *range(515, 600, 7))]
    for leg in first:
        cut, end = walk(Journey(0, [leg, Leg(CLOSED, None, [], Environment(), LONG)]))
        assert (cut.done, end.done) == (False, True)
        assert cut.n_sent + end.n_sent == len(events)


def test_a_run_may_end_with_the_last_request() -> None:
    legs = [Leg(OPEN, Spiking(range(16)), [SPIKE], Environment(), LONG, finish=False)]
    legs += [Leg(OPEN, None, [SPIKE], Environment(), LONG, finish=False), Leg(OPEN, None, [], Environment(), LONG)]
    whole = walk(Journey(0, [Leg(OPEN, Spiking(range(16)), [SPIKE] * 2, Environment(), LONG)]))
    parts = walk(Journey(0, legs))
    assert np.concatenate([run.cycles for run in parts]).tolist() == whole[0].cycles.tolist()
    assert sum(run.n_cycles for run in parts) == whole[0].n_cycles


def test_no_event_is_sent_before_its_cycle() -> None:
    """REQ is 1 in exactly this clock if the chip is idle; two clocks later it has passed the flip-flops."""
    late = 1_000_000
    (run,) = walk(Journey(0, [Leg(OPEN, Spiking(range(1)), [SPIKE] * 2, FAST, 2 * late, pauses=(0, late))]))
    first, second = run.cycles - run.first_cycle
    assert second - first == late
    assert run.statistics.cycles["WAIT"] > late - 1000


def test_there_is_a_limit_for_each_event() -> None:
    with pytest.raises(InputError, match="not_before: 1 cycles for 2 events; right is one for each"):
        engine.run(Model(), np.array([SPIKE] * 2), FAST, not_before=np.array([3]))


def test_no_events_take_no_clock() -> None:
    (run,) = walk(Journey(0, [Leg({}, LIVELY, [], FAST, LONG)]))
    assert (run.n_cycles, run.done) == (0, True)


def test_a_closed_gate_is_waited_at_clock_by_clock() -> None:
    (run,) = walk(Journey(0, [Leg({"spi_gate_activity": 1}, LIVELY, [SPIKE], FAST, 3000)]))
    assert (run.n_cycles, run.done, run.statistics.n_sweeps) == (3000, False, 0)


# --- Statistics, by hand ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Halfway:
    """A population with all weights 3, and all synapses mapped."""

    def put(self, model: Model) -> None:
        model.memories["synapses"][:] = 0xBBBBBBBB


def statistics(events: list[int], population: Contents, **registers: int) -> Statistics:
    (run,) = walk(Journey(0, [Leg(OPEN | registers, population, events, Environment(), LONG)]))
    assert run.done
    return run.statistics


@pytest.mark.parametrize(
    ("event", "state_name", "n_operations"),
    [
        (SPIKE, "POP_NEUR", N),
        (TREF, "TREF", 0),
        (BIST, "BIST", 0),
        (EVENT["bist"].encode(neur=3), "BIST", 0),
        (EVENT["tref"].encode(neur=3), "TREF", 0),
        (EVENT["virtual"].encode(neur=3, weight=7), "POP_VIRT", 0),
        (EVENT["synapse"].encode(pre_neur=3, post_neur=4), "SYNAPSE", 1),
    ],
)
def test_an_event_takes_its_declared_clocks(event: int, state_name: str, n_operations: int) -> None:
    kind = next(e for e in EVENTS if e.matches(event))
    counts = statistics([event], Spiking(range(0)))
    assert counts.cycles[state_name] == kind.cycles
    assert counts.synaptic_operations == n_operations
    assert counts.stalls == 0


def test_weights_that_move_are_counted() -> None:
    """All 256 weights of row 5 are 7 and do not change; all others are 0 and mapped, and do not change either."""
    assert statistics([BIST], Spiking(range(0))).weight_steps == 0
    assert statistics([BIST], Halfway()).weight_steps == N * N
