"""Updates of whole rows agree with the functions that update one neuron or one synapse."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.odin import sdsp
from draupnir.emulator.odin.layout import IZH, LIF, NEURONS, N
from draupnir.emulator.odin.planes import izh, lif, memories, record, sweep
from draupnir.emulator.tests.odin.helpers import izh_updates, lif_updates
from draupnir.emulator.tests.odin.test_planes import bits, plane

SEEDS = range(6)
SHARES = (0.0, 0.5, 1.0)  # of LIF neurons
NO_SYNAPSES = np.zeros((0, 1), np.uint32)


@outlined
def synapses_next(synapses: np.ndarray, bist: int, v_up: np.ndarray, v_down: np.ndarray, out: np.ndarray) -> None:
    for i in range(len(synapses)):
        out[i] = sdsp.synapse_next(synapses[i], bist, v_up[i], v_down[i])


class Crowd:
    """256 random neurons, in memory words and in planes.

    rare : True for small fields, and one or two behaviours at a time, as in a user's network
    """

    def __init__(self, seed: int, lif: float, rare: bool) -> None:
        self.rng = np.random.default_rng(seed)
        self.neurons = self.rng.integers(0, 1 << 32, (N, NEURONS.n_limbs), dtype=np.uint32)
        if rare:
            self.neurons &= self.rng.integers(0, 1 << 32, self.neurons.shape, dtype=np.uint32)
        self.is_lif = self.rng.random(N) < lif
        self.neurons[:, 0] = self.neurons[:, 0] & ~np.uint32(1) | self.is_lif
        self.registers = np.zeros(1, np.dtype((np.record, [(f"neur_v_{d}", np.int64, (32,)) for d in ("up", "down")])))
        self.planes = record.new_planes()[0]
        memories.load_all(self.planes, self.registers.view(np.recarray)[0], self.neurons, NO_SYNAPSES)

    def expected(self, stimuli: np.ndarray) -> np.ndarray:
        """Update all neurons one by one. Return (256, 5): spike, v_up, v_down, spk_ref, isi_ref."""
        word, by_model = np.zeros(NEURONS.n_limbs, np.int64), self.neurons.copy()
        as_lif, as_izh = np.zeros((N, 3), np.int64), np.zeros((N, 5), np.int64)
        lif_updates(by_model, word, stimuli, as_lif)
        izh_updates(self.neurons, word, stimuli, as_izh)
        self.neurons[self.is_lif] = by_model[self.is_lif]
        as_izh[self.is_lif] = np.pad(as_lif, ((0, 0), (0, 2)))[self.is_lif]
        as_izh[:, 0] &= 1 - (self.neurons[:, 3] >> 31).astype(int)
        return as_izh

    def event(self, weight: np.ndarray, sign: int, time_ref: int, burst_end: np.ndarray) -> np.ndarray:
        """Update all neurons together. Return the same."""
        p = self.planes
        for b in range(3):
            p.weight[b] = plane(weight >> b & 1)
        p.burst_end[:] = plane(burst_end)
        p.spike[:] = 0
        if time_ref:
            lif.leak_lif(p)
            izh.step_izh(p)
        else:
            lif.stimulate_lif(p, sign)
            izh.stimulate_izh(p, sign)
        refs = [sum(bits(b) << i for i, b in enumerate(ref)) for ref in (p.spk_ref, p.isi_ref)]
        return np.stack([bits(p.spike), bits(p.v_up), bits(p.v_down), *refs], axis=1)


@pytest.mark.parametrize("rare", [False, True])
@pytest.mark.parametrize("lif", SHARES)
@pytest.mark.parametrize("seed", SEEDS)
def test_all_neurons_at_once(seed: int, lif: float, rare: bool) -> None:
    crowd = Crowd(seed, lif, rare)
    rng = np.random.default_rng(seed)
    spikes = 0
    for time_ref in (0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1):
        weight, sign = rng.integers(0, 8, N) * (rng.random(N) < 0.7), int(rng.integers(2))
        burst_end = rng.integers(0, 2, N) * (1 - time_ref)
        columns = [weight, np.full(N, sign), np.ones(N, int), np.full(N, time_ref), burst_end]
        expected = crowd.expected(np.stack(columns, axis=1))
        np.testing.assert_array_equal(crowd.event(weight, sign, time_ref, burst_end), expected)
        words = np.zeros_like(crowd.neurons)
        for limb, b in itertools.product(range(NEURONS.n_limbs), range(32)):
            words[:, limb] |= (bits(crowd.planes.neurons[32 * limb + b]) << b).astype(np.uint32)
        np.testing.assert_array_equal(words, crowd.neurons)
        spikes += expected[:, 0].sum()
    assert spikes > 0


def test_every_field_of_state_is_seen_to_move() -> None:
    """Otherwise the comparison above would prove little."""
    moving_bits = {LIF.name: 0, IZH.name: 0}
    for seed, rare in itertools.product(SEEDS, (False, True)):
        crowd = Crowd(seed, 0.5, rare)
        old_planes = crowd.planes.neurons.copy()
        for time_ref in (0, 0, 1, 0, 1, 1):
            crowd.event(crowd.rng.integers(0, 8, N), seed % 2, time_ref, crowd.rng.integers(0, 2, N))
        differences = np.stack([bits(b) for b in crowd.planes.neurons ^ old_planes])
        for word, mask in ((LIF, crowd.is_lif), (IZH, ~crowd.is_lif)):
            moving_bits[word.name] |= sum(1 << int(b) for b in np.flatnonzero(differences[:, mask].any(axis=1)))
    for word in (LIF, IZH):
        assert moving_bits[word.name] == sum(((1 << f.width) - 1) << f.lsb for f in word if f.kind == "state")


# --- Synapses ---------------------------------------------------------------------------------------------------

# All 64 combinations of a synapse and flags, four times.
SYNAPSE, V_UP, V_DOWN = (
    np.array(column * 4) for column in zip(*itertools.product(range(16), (0, 1), (0, 1)), strict=True)
)
PRE = 100


def row_of(synapses: np.ndarray) -> np.record:
    """Return planes with this row, and the flags."""
    p = record.new_planes()[0]
    for b in range(4):
        p.rows[PRE, b] = plane(synapses >> b & 1)
    p.v_up[:], p.v_down[:] = plane(V_UP), plane(V_DOWN)
    return p


def numbers(planes: np.ndarray) -> np.ndarray:
    return sum(bits(b) << i for i, b in enumerate(planes))  # type: ignore[return-value]


@pytest.mark.parametrize("update", [0, 1])
@pytest.mark.parametrize("propagate", [0, 1])
def test_sdsp_on_every_kind_of_synapse(propagate: int, update: int) -> None:
    p, out = row_of(SYNAPSE), np.zeros(N, np.int64)
    synapses_next(SYNAPSE, 0, V_UP, V_DOWN, out)
    sweep.plastic_row(p, PRE, propagate, update)
    mapped, row = SYNAPSE >> 3, numbers(p.rows[PRE])
    np.testing.assert_array_equal(row, np.where(mapped | update, out, SYNAPSE))
    np.testing.assert_array_equal(numbers(p.weight), np.where(mapped | propagate, SYNAPSE & 7, 0))
    np.testing.assert_array_equal(bits(p.moved), row != SYNAPSE)
    assert sweep.n_moved(p) == (row != SYNAPSE).sum()


@pytest.mark.parametrize("update", [0, 1])
def test_bistability_on_every_kind_of_synapse(update: int) -> None:
    p, out = row_of(SYNAPSE), np.zeros(N, np.int64)
    synapses_next(SYNAPSE, 1, V_UP, V_DOWN, out)
    sweep.bistable_row(p, PRE, update)
    row = numbers(p.rows[PRE])
    np.testing.assert_array_equal(row, np.where((SYNAPSE >> 3) | update, out, SYNAPSE))
    np.testing.assert_array_equal(bits(p.moved), row != SYNAPSE)
    assert not p.rows[PRE - 1].any() and not p.rows[PRE + 1].any()


# --- Numbers of neurons -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_ones_are_counted_and_found(share: int) -> None:
    ones = np.random.default_rng(1).random(N) < share
    p, neurs = record.new_planes()[0], np.zeros(N, np.int64)
    p.moved[:], p.spike[:] = plane(ones), plane(ones)
    assert sweep.n_moved(p) == ones.sum()
    assert sweep.list_ones(p.spike, neurs) == ones.sum()
    np.testing.assert_array_equal(neurs[: ones.sum()], ones.nonzero()[0])
