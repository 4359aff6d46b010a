"""Whole rows against the leaf functions that update one neuron, one synapse."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from emulator.kernel.jit import outlined
from emulator.odin import lanes as lane
from emulator.odin import sdsp, sweep
from emulator.odin.layout import N
from emulator.tests.odin.helpers import izh_updates, lif_updates
from emulator.tests.odin.populations import Population
from emulator.tests.odin.test_lanes import filled

SEEDS = range(20)


@outlined
def synapses_next(synapses: np.ndarray, bist: int, v_up: np.ndarray, v_down: np.ndarray, out: np.ndarray) -> None:
    for i in range(len(synapses)):
        out[i] = sdsp.synapse_next(synapses[i], bist, v_up[i], v_down[i])


def lif_stimuli(weight: np.ndarray, sign: int, time_ref: int) -> np.ndarray:
    return np.stack([weight, np.full(N, sign), np.ones(N, int), np.full(N, time_ref)], axis=1)


@pytest.mark.parametrize("event", ["excite", "inhibit", "tref"])
@pytest.mark.parametrize("seed", SEEDS)
def test_all_lif_neurons_at_once(seed: int, event: str) -> None:
    model, lanes, _, word = filled(Population(seed, 1.0, 0.5, bool(seed % 2), False))
    neurons, ls = model.memories["neurons"], lanes[0]
    expected, out = neurons.copy(), np.zeros((N, 3), np.int64)
    weight = np.random.default_rng(seed).integers(0, 8, N)
    lif_updates(expected, word, lif_stimuli(weight, int(event == "inhibit"), int(event == "tref")), out)
    if event == "tref":
        sweep.leak_lif(ls)
    else:
        ls.weight[:] = weight
        sweep.stimulate_lif(ls, int(event == "inhibit"))
    for n in range(N):
        lane.flush_neuron(ls, neurons, n)
    enabled = 1 - (neurons[:, 3] >> 31).astype(int)
    np.testing.assert_array_equal(neurons, expected)
    np.testing.assert_array_equal(ls.spike, out[:, 0] & enabled)
    np.testing.assert_array_equal([ls.v_up, ls.v_down], out[:, 1:].T)


@pytest.mark.parametrize("seed", SEEDS)
def test_all_izhikevich_neurons_at_once(seed: int) -> None:
    """Events one after the other, since what an event finds quiet decides how the next one is computed."""
    model, lanes, _, word = filled(Population(seed, 0.0, 0.5, False, True))
    neurons, ls = model.memories["neurons"], lanes[0]
    expected, out = neurons.copy(), np.zeros((N, 5), np.int64)
    rng = np.random.default_rng(seed)
    scratch = sweep.new_scratch()
    for time_ref in (0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0):
        weight, sign = rng.integers(0, 8, N) * (rng.random(N) < 0.7), int(rng.integers(2))
        izh_updates(expected, word, np.pad(lif_stimuli(weight, sign, time_ref), ((0, 0), (0, 1))), out)
        ls.spike[:] = 0
        if time_ref:
            sweep.tref_izh(ls, neurons, scratch)
        else:
            ls.weight[:] = weight
            sweep.stimulate_izh(ls, neurons, sign, scratch)
        for n in range(N):
            lane.flush_neuron(ls, neurons, n)
        enabled = 1 - (neurons[:, 3] >> 31).astype(int)
        np.testing.assert_array_equal(neurons, expected)
        np.testing.assert_array_equal(ls.spike, out[:, 0] & enabled)
        np.testing.assert_array_equal([ls.v_up, ls.v_down], out[:, 1:3].T)


# All kinds of synapse under all kinds of flags, 64, four times over.
SYNAPSE, V_UP, V_DOWN = (
    np.array(column * 4) for column in zip(*itertools.product(range(16), (0, 1), (0, 1)), strict=True)
)


@pytest.mark.parametrize("update", [0, 1])
@pytest.mark.parametrize("propagate", [0, 1])
def test_sdsp_on_every_kind_of_synapse(propagate: int, update: int) -> None:
    lanes = lane.new_lanes()
    ls, row, out = lanes[0], SYNAPSE.astype(np.uint8), np.zeros(N, np.int64)
    ls.v_up[:], ls.v_down[:] = V_UP, V_DOWN
    synapses_next(SYNAPSE, 0, V_UP, V_DOWN, out)
    sweep.plastic_row(ls, row, propagate, update)
    mapped = SYNAPSE >> 3
    np.testing.assert_array_equal(row, np.where(mapped | update, out, SYNAPSE))
    np.testing.assert_array_equal(ls.weight, np.where(mapped | propagate, SYNAPSE & 7, 0))
    np.testing.assert_array_equal(ls.moved, row != SYNAPSE)


@pytest.mark.parametrize("update", [0, 1])
def test_bistability_on_every_kind_of_synapse(update: int) -> None:
    lanes = lane.new_lanes()
    ls, row, out = lanes[0], SYNAPSE.astype(np.uint8), np.zeros(N, np.int64)
    synapses_next(SYNAPSE, 1, V_UP, V_DOWN, out)
    sweep.bistable_row(ls, row, update)
    np.testing.assert_array_equal(row, np.where((SYNAPSE >> 3) | update, out, SYNAPSE))
    np.testing.assert_array_equal(ls.moved, row != SYNAPSE)


def test_a_sum_counts_all_lanes() -> None:
    lanes = lane.new_lanes()
    lanes[0].spike[:] = 1
    assert sweep.total(lanes[0].spike) == N
