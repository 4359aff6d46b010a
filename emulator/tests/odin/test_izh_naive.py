"""The Izhikevich neuron agrees with its second derivation, on random words and over long random stimuli."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draupnir.emulator.codec import decode, encode, update
from draupnir.emulator.kernel.bits import limb_field, set_limb_field
from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.odin import izh
from draupnir.emulator.odin.layout import IZH
from draupnir.emulator.tests.odin import naive_izh
from draupnir.emulator.tests.odin.helpers import izh_update, izh_updates, neuron_words

STATE = [f for f in IZH if f.kind == "state"]
ENABLES = [f.name for f in IZH if f.name.endswith("_en") or f.name in ("thr_sel_of", "burst_incr")]
words = st.integers(0, (1 << 128) - 1).map(lambda content: content & ~1)
stimuli = st.tuples(st.integers(0, 7), *[st.integers(0, 1)] * 4)


def columns(rng: np.random.Generator, n: int, few_enabled: bool) -> dict[str, np.ndarray]:
    """Return random fields; with ``few_enabled`` most features are off, so that each also occurs alone."""
    fields = {f.name: rng.integers(f.low, f.high + 1, n) for f in IZH}
    fields["lif_izh_sel"][:] = 0
    if few_enabled:
        for name in ENABLES:
            fields[name] &= rng.random(n) < 0.15
    return fields


@pytest.mark.parametrize("few_enabled", [True, False])
def test_both_derivations_agree_on_random_words(few_enabled: bool) -> None:
    rng, n = np.random.default_rng(3), 40_000
    fields = columns(rng, n, few_enabled)
    stimuli = np.stack([rng.integers(0, 8, n), *rng.integers(0, 2, (4, n))], axis=1)
    neurons, out = neuron_words(IZH, n, **fields), np.zeros((n, 5), np.int64)
    izh_updates(neurons, np.zeros(4, np.int64), stimuli, out)
    expected = [
        naive_izh.update({name: int(column[i]) for name, column in fields.items()}, *stimuli[i].tolist())
        for i in range(n)
    ]
    expected_words = neuron_words(IZH, n, **{f.name: np.array([fields[f.name] for fields, _ in expected]) for f in IZH})
    unlike = np.flatnonzero((neurons != expected_words).any(axis=1))
    assert unlike.size == 0, (unlike[0], fields_at(fields, unlike[0]), stimuli[unlike[0]])
    np.testing.assert_array_equal(out, [result for _, result in expected])
    assert out[:, :3].any(axis=0).all()  # spikes and both flags occur


@outlined
def stimulated(
    neurons: np.ndarray, word: np.ndarray, stimuli: np.ndarray, neurons_next: np.ndarray, out: np.ndarray
) -> None:
    """Put the answer of ``stays`` and its flags into ``out``; in ``neurons_next`` only the accumulator moves."""
    for i in range(len(neurons)):
        weight, sign = stimuli[i, 0], stimuli[i, 1]
        for limb in range(len(word)):
            word[limb] = np.int64(neurons[i, limb])
        inacc = izh.accumulate(word, weight, False, sign == 0, sign == 1)
        v_up, v_down = izh.plasticity(word, limb_field(word, izh.F.core), limb_field(word, izh.F.calcium))
        set_limb_field(neurons_next, i, izh.F.inacc, inacc)
        out[i, 0], out[i, 1], out[i, 2] = izh.stays(word, inacc), v_up, v_down


@pytest.mark.parametrize("few_enabled", [True, False])
def test_a_neuron_that_stays_is_unmoved_but_for_its_accumulator(few_enabled: bool) -> None:
    rng, n = np.random.default_rng(4), 100_000
    neurons = neuron_words(IZH, n, **columns(rng, n, few_enabled))
    stimuli = np.stack([rng.integers(0, 8, n), rng.integers(0, 2, n), np.ones(n, int), *np.zeros((2, n), int)], axis=1)
    word, alone, flags, out = np.zeros(4, np.int64), neurons.copy(), np.zeros((n, 3), int), np.zeros((n, 5), int)
    stimulated(neurons, word, stimuli, alone, flags)
    izh_updates(neurons, word, stimuli, out)
    stays = flags[:, 0] == 1
    assert stays.sum() > 500
    np.testing.assert_array_equal(neurons[stays], alone[stays])
    np.testing.assert_array_equal(out[stays, :3], np.pad(flags[stays, 1:], ((0, 0), (1, 0))))


def fields_at(fields: dict[str, np.ndarray], i: int) -> dict[str, int]:
    return {name: int(column[i]) for name, column in fields.items()}


@given(words, st.lists(stimuli, min_size=1, max_size=30))
@settings(max_examples=150)
def test_both_derivations_agree_along_a_life(content: int, events: list[tuple[int, ...]]) -> None:
    fields = decode(IZH, content)
    for event in events:
        content, result = izh_update(content, *event)
        fields, expected = naive_izh.update(fields, *event)
        assert result == expected
        assert decode(IZH, content) == fields


@given(words, stimuli)
def test_parameters_and_unused_bits_stay(content: int, event: tuple[int, ...]) -> None:
    new_content, _ = izh_update(content, *event)
    state_bits = sum(((1 << f.width) - 1) << f.lsb for f in STATE)
    assert new_content & ~state_bits == content & ~state_bits
    assert 0 <= new_content < 1 << 128


@given(words, stimuli)
def test_what_is_switched_off_stays(content: int, event: tuple[int, ...]) -> None:
    off = update(IZH, content, ca_en=0, thrvar_en=0, acc_en=0, bist_en=0)
    old_fields, new_fields = decode(IZH, off), decode(IZH, izh_update(off, *event)[0])
    for name in ("calcium", "caleak_cnt", "thrmod", "thrleak_cnt", "bist_lock"):
        assert new_fields[name] == old_fields[name], name


@given(words, stimuli)
def test_what_is_switched_off_is_never_set(content: int, event: tuple[int, ...]) -> None:
    off = update(
        IZH,
        content,
        phasic_en=0,
        phasic_lock=0,
        mixed_en=0,
        mixed_lock=0,
        inhin_en=0,
        inhin_lock=0,
        reson_en=0,
        ca_en=0,
    )
    new_content, result = izh_update(off, *event)
    fields = decode(IZH, new_content)
    assert not any(fields[name] for name in ("phasic_lock", "mixed_lock", "inhin_lock", "reson_sign"))
    assert (result.v_up, result.v_down) == (0, 0)


@given(words, stimuli.filter(lambda event: event[2] == 0))
def test_without_an_event_the_input_side_stays(content: int, event: tuple[int, ...]) -> None:
    old_fields, new_fields = decode(IZH, content), decode(IZH, izh_update(content, *event)[0])
    for name in ("inacc", "stim_str", "stim_str_tmp", "stim0_prev", "inhexc_prev", "thrleak_cnt", "caleak_cnt"):
        assert new_fields[name] == old_fields[name], name


@given(words, stimuli)
def test_both_flags_are_never_set_together(content: int, event: tuple[int, ...]) -> None:
    _, result = izh_update(update(IZH, content, ca_en=1), *event)
    assert not (result.v_up and result.v_down)


def test_a_neuron_at_rest_with_everything_off_and_a_threshold_stays_at_rest() -> None:
    content = encode(IZH, thr=1, stim_thr=1)  # a strength of 0 reaches a stim_thr of 0
    for time_ref in (0, 1):
        assert izh_update(content, 0, 0, 1, time_ref, 0) == (content, (0, 0, 0, 0, 0))
