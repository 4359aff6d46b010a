"""Events that are sent at rest give the same in one run and in several runs from rest to rest, at every level."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips, state
from draupnir.emulator.crossbar import network as family
from draupnir.emulator.crossbar.layout import N
from draupnir.emulator.crossbar.network import Schedule
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import runs
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.emulator.tests import sending
from draupnir.emulator.tests.crossbar_networks import Maker, Trial

CHIPS = ("odin", "tinyodin")
LEVELS = (("engine", True), ("engine", False), ("closed_loop", True), ("closed_loop", False))
FIRST = 8  # the cycle of a model after its reset


def trial(chip: str, seed: int, kind: str = "feedforward") -> Trial:
    """Return a network that comes to rest, and its inputs."""
    limits = import_module(f"draupnir.emulator.{chip}.network").LIMITS
    n = None if chip == "tinyodin" else N
    return Maker(limits, lambda rng: n or int(rng.integers(1, 60)), chip == "odin", 24).trial(kind, seed)


def chain(chip: str) -> Trial:
    """Return a short trial: each input makes neuron 3 spike, which makes the last one spike, and this one neuron 1."""
    n = N if chip == "odin" else 8
    weights, thr = np.zeros((N, n), np.int64), np.full(n, 5)
    for pre, post in ((200, 3), (3, n - 1), (n - 1, 1)):
        weights[pre, post] = 6
    zeros = np.zeros(n, np.int64)
    limits = import_module(f"draupnir.emulator.{chip}.network").LIMITS
    network = family.CrossbarNetwork(weights, thr, zeros, zeros == 0, zeros, True, limits)
    return Trial(network, np.array([200, 200, family.TIME_REFERENCE]), Schedule.AT_REST, Environment(4, 1, 2, 3), False)


def configured(chip: str, case: Trial, stretch: bool = True) -> Any:
    """Return a model with the network of a trial, after a reset."""
    model = chips.model(chip)()
    model.stretch = stretch
    model.reset()
    import_module(f"draupnir.emulator.{chip}.network").configuration(case.network).apply(model)
    return model


def mixed(case: Trial, seed: int) -> np.ndarray:
    """Return a column with AT_REST, past cycles, and cycles that the run reaches before or after its rest."""
    rng = np.random.default_rng(seed)
    column = FIRST + np.sort(rng.integers(0, 2000 * len(case.inputs), len(case.inputs)))
    column[rng.random(len(column)) < 0.2] = 0
    column[rng.random(len(column)) < rng.choice([0.2, 0.5, 0.9])] = AT_REST
    return column


def level_of(chip: str, name: str) -> Any:
    return import_module(f"draupnir.emulator.{chip}.events.{name}").run


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("chip", CHIPS)
def test_one_run_equals_the_runs_from_rest_to_rest_at_every_level(chip: str, seed: int) -> None:
    case = trial(chip, seed)
    column, reference = mixed(case, seed), configured(chip, case)
    events = family.addresses(reference.chip, case.inputs)
    expected = sending.run_from_rest_to_rest(level_of(chip, "engine"), reference, events, case.environment, column)
    for name, stretch in LEVELS if seed < 3 else LEVELS[:3:2]:
        model = configured(chip, case, stretch)
        ran = level_of(chip, name)(model, events, case.environment, not_before=column)
        assert (ran.cycles.tolist(), ran.addrs.tolist(), ran.n_cycles) == expected
        assert (ran.done, ran.n_sent) == (True, len(events))
        assert state.diff(reference.snapshot(), model.snapshot()) == []


@pytest.mark.parametrize("clocks", [1, 3, 40])
@pytest.mark.parametrize("chip", CHIPS)
def test_a_compiled_loop_that_returns_now_and_then_changes_nothing(chip: str, clocks: int) -> None:
    """It returns in the middle of a handshake, of an event, of the wait for rest, and of the gap after it."""
    case, run = chain(chip), level_of(chip, "engine")
    whole, cut = configured(chip, case), configured(chip, case)
    events = family.addresses(whole.chip, case.inputs)
    column = np.full(len(events), AT_REST)
    expected = run(whole, events, case.environment, not_before=column)
    with sending.pieces_of(run, clocks):
        ran = run(cut, events, case.environment, not_before=column)
    assert ran.addrs.tolist() == expected.addrs.tolist() == 2 * [3, case.network.n_neurons - 1, 1]
    assert ran.cycles.tolist() == expected.cycles.tolist()
    assert (ran.n_cycles, ran.n_sent) == (expected.n_cycles, len(events))
    assert state.diff(whole.snapshot(), cut.snapshot()) == []


@pytest.mark.parametrize("chip", CHIPS)
def test_a_run_that_is_stopped_at_any_clock_can_be_continued(chip: str) -> None:
    case, run = chain(chip), level_of(chip, "closed_loop")
    whole, column = configured(chip, case), np.full(3, AT_REST)
    events = family.addresses(whole.chip, case.inputs)
    expected = run(whole, events, case.environment, not_before=column)
    around_rest = int(expected.cycles[2]) - expected.first_cycle
    for n_cycles in (*range(1, 20), *range(around_rest, around_rest + 60), *range(100, expected.n_cycles, 211)):
        model = configured(chip, case)
        first = run(model, events, case.environment, n_cycles, not_before=column)
        later_events, limits = events[first.n_sent :], column[first.n_sent :]
        rest = run(model, later_events, case.environment, not_before=limits, buses=first.buses)
        assert (first.n_cycles, first.done, rest.done) == (n_cycles, False, True)
        assert [*first.cycles, *rest.cycles] == expected.cycles.tolist()
        assert first.n_cycles + rest.n_cycles == expected.n_cycles


@pytest.mark.parametrize("chip", CHIPS)
def test_the_gap_begins_at_rest(chip: str) -> None:
    """A longer gap delays each event by the difference, because no part of it passes while the chip works."""
    case, ends = chain(chip), []
    for gap in (10, 400):
        model = configured(chip, case)
        events = family.addresses(model.chip, case.inputs)
        ran = level_of(chip, "engine")(model, events, Environment(gap, 0, 0, 0), not_before=np.full(3, AT_REST))
        ends.append(ran.n_cycles)
    assert ends[1] - ends[0] == 3 * 390


def test_the_limit_of_a_run_takes_the_latest_number_whatever_comes_after_it() -> None:
    model = chips.model("tinyodin")()
    inputs = runs.run_inputs(model, np.zeros(3, np.int64), Environment(), np.array([0, 10**9, AT_REST]), None)
    plain = runs.run_inputs(model, np.zeros(3, np.int64), Environment(), np.full(3, AT_REST), None)
    budget = runs.clock_budget(plain, Environment(), 100)
    assert runs.clock_budget(inputs, Environment(), 100) == budget + 10**9 - 100


@pytest.mark.parametrize("chip", CHIPS)
def test_rests_give_what_the_integer_network_says_at_rest_and_not_back_to_back(chip: str) -> None:
    """A network for which the schedule matters: it shows that AT_REST does something."""
    case = trial(chip, 2)
    at_rest, back_to_back = (
        case.network.run(case.inputs, schedule).neurons.tolist()
        for schedule in (Schedule.AT_REST, Schedule.BACK_TO_BACK)
    )
    model, other = configured(chip, case), configured(chip, case)
    events = family.addresses(model.chip, case.inputs)
    run = level_of(chip, "engine")
    assert run(model, events, case.environment, not_before=np.full(len(events), AT_REST)).addrs.tolist() == at_rest
    assert run(other, events, case.environment).addrs.tolist() == back_to_back != at_rest
