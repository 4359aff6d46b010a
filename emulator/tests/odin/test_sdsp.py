"""SDSP agrees with a second derivation from doc 3.3.1 and sdsp_update.v, for every synapse, flag and option."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.odin.sdsp import word_next

words = st.integers(0, (1 << 32) - 1)
bytes_ = st.integers(0, 255)
bits = st.integers(0, 1)


@outlined
def all_words(args: np.ndarray, out: np.ndarray) -> None:
    """Write ``word_next`` for each row of arguments into ``out``."""
    for i in range(len(args)):
        a = args[i]
        out[i] = word_next(a[0], a[1], a[2], a[3], a[4], a[5])


def word_after(word: int, pre_en: int, update_unmapped: int, bist: int, v_up: int, v_down: int) -> int:
    out = np.zeros(1, np.int64)
    all_words(np.array([[word, pre_en, update_unmapped, bist, v_up, v_down]]), out)
    return int(out[0])


def naive(synapse: int, pre_en: int, update_unmapped: int, bist: int, v_up: int, v_down: int) -> int:
    """Update one synapse, as a mapping bit and a number."""
    mapped, weight = divmod(synapse, 8)
    if not pre_en or not (mapped or update_unmapped):
        return synapse
    if bist:
        weight = min(weight + 1, 7) if weight >= 4 else max(weight - 1, 0)
    elif v_up and v_down:
        weight = weight if weight in (0, 7) else weight + 1
    else:
        weight = max(0, min(7, weight + v_up - v_down))
    return 8 * mapped + weight


@pytest.mark.parametrize("place", range(8))
def test_every_synapse_in_every_place_under_every_condition(place: int) -> None:
    cases = list(product(range(16), *[range(2)] * 5))
    args = np.array([[s << 4 * place, p << place, u, b, up << place, down << place] for s, p, u, b, up, down in cases])
    out = np.zeros(len(args), np.int64)
    all_words(args, out)
    assert out.tolist() == [naive(*case) << 4 * place for case in cases]


@given(words, bytes_, bits, bits, bytes_, bytes_)
def test_the_synapses_of_a_word_do_not_influence_each_other(
    word: int, pre_en: int, update_unmapped: int, bist: int, v_up: int, v_down: int
) -> None:
    expected = 0
    for i in range(8):
        flags = (pre_en >> i & 1, update_unmapped, bist, v_up >> i & 1, v_down >> i & 1)
        expected |= naive(word >> 4 * i & 15, *flags) << 4 * i
    assert word_after(word, pre_en, update_unmapped, bist, v_up, v_down) == expected


def test_up_wins_over_down() -> None:
    assert word_after(0xC, 1, 0, 0, 1, 1) == 0xD


@pytest.mark.parametrize("weight", [0, 7])
def test_at_an_end_up_and_down_together_hold_the_weight(weight: int) -> None:
    assert word_after(8 | weight, 1, 0, 0, 1, 1) == 8 | weight


def test_potentiation_stops_at_7_and_depression_at_0() -> None:
    assert word_after(0xF, 1, 0, 0, 1, 0) == 0xF
    assert word_after(0x8, 1, 0, 0, 0, 1) == 0x8


@pytest.mark.parametrize(("weight", "end"), [(0, 0), (1, 0), (3, 2), (4, 5), (6, 7), (7, 7)])
def test_bistability_drives_a_weight_away_from_the_middle_whatever_the_flags(weight: int, end: int) -> None:
    for v_up, v_down in product(range(2), repeat=2):
        assert word_after(8 | weight, 1, 0, 1, v_up, v_down) == 8 | end


def test_an_unmapped_synapse_learns_only_if_asked_to() -> None:
    assert word_after(0x3, 1, 0, 0, 1, 0) == 0x3
    assert word_after(0x3, 1, 1, 0, 1, 0) == 0x4


def test_a_synapse_that_is_not_pre_enabled_stays() -> None:
    assert word_after(0xBBBBBBBB, 0b10000001, 0, 0, 0xFF, 0) == 0xCBBBBBBC
