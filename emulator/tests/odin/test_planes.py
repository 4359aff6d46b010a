"""Planes have the same contents as the memories."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import state
from draupnir.emulator.codec import decode, from_limbs
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import IZH, LIF, NEURONS, N
from draupnir.emulator.odin.planes import memories, record
from draupnir.emulator.tests.odin.helpers import neuron_words
from draupnir.emulator.tests.odin.populations import Population

POPULATIONS = [Population(seed, lif, 0.5, False, False) for seed, lif in enumerate((0.0, 0.5, 1.0))]
STATE = {word.name: dict.fromkeys((f.name for f in word if f.kind == "state"), -1) for word in (LIF, IZH)}


def filled(population: Population) -> tuple[Model, np.recarray]:
    """Return a model with this population and random SDSP flags, and planes with its contents, with all rows."""
    model, loaded = Model(seed=population.seed), record.new_planes()
    population.put(model)
    memories.load_all(loaded[0], model.registers[0], *model.memories.values())
    for pre in range(N):
        memories.load_row(loaded[0], model.memories["synapses"], pre)
    return model, loaded


def plane(bits: np.ndarray) -> np.ndarray:
    """Return a plane of 256 bits."""
    return np.packbits(np.asarray(bits, np.uint8), bitorder="little").view(np.int64)


def bits(plane: np.ndarray) -> np.ndarray:
    """Return the 256 bits of a plane."""
    return np.unpackbits(np.ascontiguousarray(plane).view(np.uint8), bitorder="little").astype(np.int64)


def test_a_plane_is_a_bit_of_all_neurons() -> None:
    model, loaded = filled(POPULATIONS[1])
    for b in range(NEURONS.width):
        expected = model.memories["neurons"][:, b // 32] >> np.uint32(b % 32) & 1
        np.testing.assert_array_equal(bits(loaded[0].neurons[b]), expected)


def test_a_row_is_a_pre_synaptic_neuron() -> None:
    model = Model()
    model.memories["synapses"][9 << 5 | 2, 0] = 0xA << 4 * 3
    p = record.new_planes()[0]
    memories.load_row(p, model.memories["synapses"], 9)
    assert [bits(row).nonzero()[0].tolist() for row in p.rows[9]] == [[], [2 * 8 + 3], [], [2 * 8 + 3]]
    assert record.number_of(p.rows[9], 19) == 0xA


@pytest.mark.parametrize("population", POPULATIONS)
def test_loading_and_flushing_change_nothing(population: Population) -> None:
    model, loaded = filled(population)
    start = model.snapshot()
    memories.flush_all(loaded[0], model.registers[0], *model.memories.values())
    assert state.diff(start, model.snapshot()) == []


def forget(model: Model) -> None:
    """Clear all contents that an event may change."""
    lif = model.memories["neurons"][:, 0] & 1 == 1
    model.memories["neurons"][lif] &= ~neuron_words(LIF, 1, **STATE["lif"])
    model.memories["neurons"][~lif] &= ~neuron_words(IZH, 1, **STATE["izh"])
    model.memories["synapses"][:] = 0
    model.registers[0].neur_v_up[:] = 0
    model.registers[0].neur_v_down[:] = 0


@pytest.mark.parametrize("population", POPULATIONS)
def test_flushing_brings_back_all_that_events_change(population: Population) -> None:
    model, loaded = filled(population)
    start = model.snapshot()
    forget(model)
    assert state.diff(start, model.snapshot()) != []
    memories.flush_all(loaded[0], model.registers[0], *model.memories.values())
    assert state.diff(start, model.snapshot()) == []


@pytest.mark.parametrize("population", POPULATIONS)
def test_so_does_flushing_one_by_one(population: Population) -> None:
    model, loaded = filled(population)
    start = model.snapshot()
    forget(model)
    neurons, synapses = model.memories.values()
    for n in range(N):
        memories.flush_neuron(loaded[0], neurons, n)
        memories.flush_flags(loaded[0], model.registers[0], n // 8)
    for addr in range(len(synapses)):
        memories.flush_synapses(loaded[0], synapses, addr)
    assert state.diff(start, model.snapshot()) == []


def test_a_row_that_is_not_here_is_left_alone() -> None:
    model, loaded = filled(POPULATIONS[0])
    old_synapses = model.memories["synapses"].copy()
    loaded[0].rows[:] = 0
    loaded[0].row_here[:] = 0
    loaded[0].row_here[7] = 1
    memories.flush_all(loaded[0], model.registers[0], *model.memories.values())
    differs = (model.memories["synapses"] != old_synapses).reshape(N, -1).any(axis=1)
    assert differs.nonzero()[0].tolist() == [7]
    memories.load_synapses(loaded[0], old_synapses, 8 << 5)
    assert not loaded[0].rows[8].any()


def test_loading_one_neuron_takes_over_what_differs() -> None:
    """The neuron's model is also taken over."""
    model, loaded = filled(POPULATIONS[2])
    neurons, p = model.memories["neurons"], loaded[0]
    others = np.random.default_rng(1).integers(0, 1 << 32, (N, 4), dtype=np.uint32)
    others[:, 0] |= 1
    others[77, 0] &= ~np.uint32(1)
    assert (p.any_lif, p.any_izh) == (1, 0)
    for n in (0, 63, 64, 77, N - 1):
        old_word = neurons[n].astype(np.int64)
        neurons[n] = others[n]
        memories.load_neuron(p, neurons, n, old_word)
    fresh = record.new_planes()
    memories.load_all(fresh[0], model.registers[0], *model.memories.values())
    np.testing.assert_array_equal(p.neurons, fresh[0].neurons)
    assert (p.any_lif, p.any_izh) == (1, 1) == (fresh[0].any_lif, fresh[0].any_izh)


@pytest.mark.parametrize(("first", "stop"), [(0, 256), (0, 0), (8, 64), (64, 128), (56, 200), (248, 256), (255, 256)])
def test_what_was_kept_is_put_back_outside_a_range(first: int, stop: int) -> None:
    model, loaded = filled(POPULATIONS[1])
    p, pre = loaded[0], 5
    start = model.snapshot()
    record.keep(p, pre)
    for b in range(record.STATE_BEGIN, record.STATE_END):
        p.neurons[b] = ~p.neurons[b]
    for planes in (p.rows[pre], p.v_up, p.v_down):
        planes[...] = ~planes
    p.moved[:] = -1
    record.put_back(p, pre, first, stop)
    memories.flush_all(p, model.registers[0], *model.memories.values())
    expected = np.arange(N) >= first
    expected &= np.arange(N) < stop
    words = zip(model.memories["neurons"], start.memories["neurons"], strict=True)
    for n, (new_word, old_word) in enumerate(words):
        word = LIF if old_word[0] & 1 else IZH
        names = {
            f.name
            for f in word
            if decode(word, from_limbs(new_word))[f.name] != decode(word, from_limbs(old_word))[f.name]
        }
        assert names == (set(STATE[word.name]) if expected[n] else set())
    np.testing.assert_array_equal(bits(p.moved), expected)
    row = (model.memories["synapses"] ^ start.memories["synapses"]).reshape(N, -1)
    assert row.any(axis=1).nonzero()[0].tolist() == ([pre] if first < stop else [])
    nibbles = row[pre][:, np.newaxis] >> np.arange(0, 32, 4, dtype=np.uint32) & 15
    np.testing.assert_array_equal(nibbles.ravel(), 15 * expected)
