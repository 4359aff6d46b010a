"""Potentials, traces and output neurons agree with a second derivation from srnn.v, at edges first."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.reckon import lif, pair, readout
from draupnir.emulator.reckon.layout import PAIR
from draupnir.emulator.reckon.learning import traces
from draupnir.emulator.tests.reckon import naive

EDGES = [0, 1, -1, 0x7FFE, 0x7FFF, -0x8000, -0x7FFF, 2047, 2048, -2048, -2049]
potentials = st.one_of(st.sampled_from(EDGES), st.integers(-0x8000, 0x7FFF))
weights = st.integers(0, 0xFF)
shifts = st.integers(0, 7)
alphas = st.one_of(st.sampled_from([0x7000, 0x7FFF, 0x8000, 0x8001, 0x8FFF]), st.integers(0x7000, 0x8FFF))


@outlined
def activations(no_out_act: int, out: np.ndarray) -> None:
    for u in range(-0x8000, 0x8000):
        out[u + 0x8000] = readout.error(0, readout.activation(u, no_out_act))


@outlined
def packed_and_put(word: np.ndarray, memory: np.ndarray) -> None:
    """Write a word's neurons over another word."""
    pair.write_states(memory, 0, pair.half(word, 0), pair.half(word, 1))


@given(potentials, weights, weights, shifts, shifts, st.one_of(st.sampled_from([0, -0x8000, 0x7FFF]), potentials))
def test_an_event_adds_both_weights_and_the_noise(
    u: int, winp: int, wrec: int, fp_inp: int, fp_rec: int, noise: int
) -> None:
    a, b = lif.scale(winp, fp_inp), lif.scale(wrec, fp_rec)
    assert (a, b) == (naive.signed(winp, 8) << fp_inp, naive.signed(wrec, 8) << fp_rec)
    assert lif.integrate(u, lif.synaptic_update(b, a), noise) == naive.neur_u_next(u, a, b, noise)


@given(potentials, alphas, st.integers(0, 0x7FFF), st.booleans())
def test_a_potential_decays(u: int, alpha: int, rand: int, en: bool) -> None:
    assert lif.leak(u, alpha, rand, int(en)) == naive.signed(naive.stoc(u * alpha, 30, 15, rand, en), 16)


@given(potentials, potentials)
def test_a_spike_takes_the_threshold_or_everything(leaked: int, thr: int) -> None:
    assert lif.after_spike(leaked, thr, 0) == naive.signed(leaked - thr, 16)
    assert lif.after_spike(leaked, thr, 1) == 0


def test_alpha_has_its_upper_bits_from_the_configuration() -> None:
    assert (lif.alpha(0xFEF, 0), lif.alpha(0xFEF, 1)) == (0x7FEF, 0x8FEF)
    assert lif.rounds(0x7FFF, 1) and not lif.rounds(0x8000, 1) and not lif.rounds(0x7FFF, 0)


@given(st.integers(0, 0xFFF), alphas, st.integers(0, 0x7FFF), st.booleans())
def test_a_trace_decays(trace: int, alpha: int, rand: int, en: bool) -> None:
    assert traces.decay(trace, alpha, rand, int(en)) == naive.stoc(trace * alpha, 26, 15, rand, en)


@given(st.integers(0, 0x3FF), st.integers(0, 0xFF), st.integers(0, 0x7F), st.booleans())
def test_an_output_trace_decays(trace: int, kappa: int, rand: int, en: bool) -> None:
    assert traces.decay_out(trace, kappa, rand, int(en)) == naive.stoc(trace * kappa, 16, 7, rand, en)


def test_traces_increase_to_their_ends() -> None:
    for fp in range(8):
        assert all(traces.increase(t, fp) == min(t + (8 << fp), 0xFFF) for t in range(1 << 12))
        assert all(traces.increase_out(t, fp) == min(t + (2 << fp), 0x3FF) for t in range(1 << 10))


@given(potentials, st.integers(0, 0xFF), st.integers(0, 0x7F), st.booleans())
def test_an_output_neuron_leaks(u: int, kappa: int, rand: int, en: bool) -> None:
    assert readout.leak(u, kappa, rand, int(en)) == naive.signed(naive.stoc(u * kappa, 22, 7, rand, en), 16)


def test_every_potential_has_its_error() -> None:
    for no_out_act in (0, 1):
        out = np.zeros(1 << 16, np.int64)
        activations(no_out_act, out)
        expected = [naive.error(True, not no_out_act, False, 0, u) for u in range(-0x8000, 0x8000)]
        assert out.tolist() == expected


@given(potentials, potentials, st.booleans(), st.booleans(), st.booleans())
def test_errors_saturate(target: int, u: int, regression: bool, act: bool, label: bool) -> None:
    goal = target if regression else 2048 * label
    assert readout.error(goal, readout.activation(u, int(not act))) == naive.error(regression, act, label, target, u)


@given(st.lists(potentials, min_size=16, max_size=16), st.integers(0, 15))
def test_the_first_of_the_highest_wins(us: list[int], last: int) -> None:
    words = np.array([u & 0xFFFF for u in us])
    assert readout.winner(words, last) == us.index(max(us[: last + 1]))
    assert readout.most_wins(words, last) == words.tolist().index(max(words[: last + 1]))


@given(st.integers(0, (1 << 128) - 1), st.integers(0, (1 << 128) - 1))
def test_a_word_falls_into_two_neurons_and_parameters(word: int, other: int) -> None:
    limbs = np.array([word >> 32 * i & 0xFFFFFFFF for i in range(4)], np.int64)
    fields = {f.name: word >> f.lsb & f.high if not f.signed else naive.signed(word >> f.lsb, f.width) for f in PAIR}
    for n in (0, 1):
        state = pair.half(limbs, n)
        state_fields = (pair.u(state), pair.trace_inp(state), pair.trace_rec(state), pair.trace_out(state))
        assert state_fields == tuple(fields[f"{name}{n}"] for name in ("neur_u", "trace_inp", "trace_rec", "trace_out"))
        assert pair.pack(*state_fields) == state
    parameters = pair.parameters(limbs)
    assert (pair.thr(parameters), pair.alpha_lsbs(parameters)) == (fields["thr"], fields["alpha"])
    memory = np.array([[other >> 32 * i & 0xFFFFFFFF for i in range(4)]], np.uint32)
    packed_and_put(limbs, memory)
    state_bits = (1 << 100) - 1
    assert sum(int(limb) << 32 * i for i, limb in enumerate(memory[0])) == word & state_bits | other & ~state_bits
