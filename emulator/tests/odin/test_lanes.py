"""Lanes hold what the memories hold."""

from __future__ import annotations

import numpy as np
import pytest

from emulator import state
from emulator.odin import lanes as lane
from emulator.odin.chip import Model
from emulator.odin.layout import IZH, LIF, N
from emulator.tests.odin.helpers import packed
from emulator.tests.odin.populations import Population

POPULATIONS = [Population(seed, lif, 0.5, False, False) for seed, lif in enumerate((0.0, 0.5, 1.0))]


def filled(population: Population) -> tuple[Model, np.recarray, np.ndarray, np.ndarray]:
    """A model with this population and random SDSP flags, and lanes, rows and scratch word loaded from it."""
    model, lanes = Model(seed=population.seed), lane.new_lanes()
    population.put(model)
    rows, word = np.zeros((N, N), np.uint8), np.zeros(4, np.int64)
    neurons, synapses = model.memories.values()
    lane.load_all(lanes[0], rows, model.registers[0], neurons, synapses, word)
    return model, lanes, rows, word


@pytest.mark.parametrize("population", POPULATIONS)
def test_loading_and_flushing_change_nothing(population: Population) -> None:
    model, lanes, rows, _ = filled(population)
    before = model.snapshot()
    lane.flush_all(lanes[0], rows, model.registers[0], *model.memories.values())
    assert state.diff(before, model.snapshot()) == []


@pytest.mark.parametrize("population", POPULATIONS)
def test_flushing_brings_back_all_that_lanes_hold(population: Population) -> None:
    model, lanes, rows, _ = filled(population)
    before = model.snapshot()
    lif = model.memories["neurons"][:, 0] & 1 == 1
    ones = dict.fromkeys(("core", "calcium", "caleak_cnt"), -1)
    model.memories["neurons"][lif] &= ~packed(LIF, 1, **ones)
    model.memories["neurons"][~lif] &= ~packed(IZH, 1, inacc=-1)
    model.memories["synapses"][:] = 0
    model.registers[0].neur_v_up[:] = 0
    model.registers[0].neur_v_down[:] = 0
    assert state.diff(before, model.snapshot()) != []
    lane.flush_all(lanes[0], rows, model.registers[0], *model.memories.values())
    assert state.diff(before, model.snapshot()) == []


def test_one_neuron_and_one_word_at_a_time_are_all_of_them() -> None:
    model, lanes, rows, word = filled(POPULATIONS[1])
    neurons, synapses = model.memories.values()
    again, rows_again = lane.new_lanes(), np.zeros((N, N), np.uint8)
    for n in range(N):
        lane.load_neuron(again[0], model.registers[0], neurons, n, word)
    for addr in range(len(synapses)):
        lane.load_synapses(rows_again, synapses, addr)
    assert again.tobytes() == lanes.tobytes()
    assert np.array_equal(rows, rows_again)


def test_a_row_is_a_pre_synaptic_neuron() -> None:
    model = Model()
    model.memories["synapses"][9 << 5 | 2, 0] = 0xA << 4 * 3
    rows = np.zeros((N, N), np.uint8)
    lane.load_synapses(rows, model.memories["synapses"], 9 << 5 | 2)
    assert np.argwhere(rows).tolist() == [[9, 2 * 8 + 3]]
    assert rows[9, 19] == 0xA
