"""The unfolded LFSRs give word by word what their recurrence gives bit by bit, and have maximal length."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.reckon import lfsr
from draupnir.emulator.reckon.lfsrs import LFSRS, Lfsr
from draupnir.emulator.tests.reckon.naive import sequence

LONG = [x for x in LFSRS if x.words]
SHORT = [x for x in LFSRS if not x.words]
MAXIMAL = {15: 14, 17: 14, 22: 21, 25: 22}  # width: tap; Xilinx application note 052, table 3


@outlined
def short_outputs(state: int, unfold: int, out: np.ndarray) -> None:
    for i in range(len(out)):
        out[i] = lfsr.ahead(state) & ((1 << unfold) - 1)
        state = lfsr.advance(state, unfold)


@outlined
def long_outputs(words: np.ndarray, width: int, lag: int, out: np.ndarray) -> None:
    for i in range(len(out)):
        output_bits = lfsr.upcoming(words, width, lag)
        lfsr.draw(words, width, lag)
        for n in range(len(words) - width):
            out[i, n] = words[width + n]
        out[i, 0] |= (output_bits ^ words[width]) << 32  # This is 0 if the outputs are the drawn bits.


def naive_words(x: Lfsr, flip_flops: int, n: int, size: int) -> list[int]:
    stream = sequence(x, flip_flops)
    return [sum(b << i for i, b in enumerate(islice(stream, size))) for _ in range(n)]


@pytest.mark.parametrize("x", LFSRS, ids=lambda x: x.name)
def test_taps_are_those_of_a_maximal_length_sequence(x: Lfsr) -> None:
    assert x.width - x.lag == MAXIMAL[x.width]


@pytest.mark.parametrize("x", LFSRS, ids=lambda x: x.name)
def test_flip_flops_hold_each_of_the_last_bits_once(x: Lfsr) -> None:
    assert sorted(x.order) == list(range(x.lag - x.width, x.lag))
    assert x.in_time((1 << x.width) - 1) == (1 << x.width) - 1


@pytest.mark.parametrize("x", SHORT[:2], ids=lambda x: x.name)
@settings(max_examples=50)
@given(data=st.data())
def test_short_outputs_follow_the_recurrence(x: Lfsr, data: st.DataObject) -> None:
    flip_flops = data.draw(st.integers(0, (1 << x.width) - 1))
    out = np.zeros(40, np.int64)
    state = lfsr.in_time(flip_flops, lfsr.order(x.name))
    assert state == x.in_time(flip_flops)
    short_outputs(state, x.unfold, out)
    assert out.tolist() == naive_words(x, flip_flops, 40, x.unfold)


@pytest.mark.parametrize("x", LONG, ids=lambda x: x.name)
@settings(max_examples=20)
@given(data=st.data())
def test_long_outputs_follow_the_recurrence(x: Lfsr, data: st.DataObject) -> None:
    flip_flops = data.draw(st.integers(0, (1 << x.width) - 1))
    words = np.zeros(x.width + x.words, np.int64)
    lfsr.fill(words, lfsr.in_time(flip_flops, lfsr.order(x.name)), x.width, x.lag)
    out = np.zeros((5, x.words), np.int64)
    long_outputs(words, x.width, x.lag, out)
    assert out.ravel().tolist() == naive_words(x, flip_flops, 5 * x.words, 32)


def test_the_rounding_sequence_comes_back_after_all_states() -> None:
    out = np.zeros((1 << 15) - 1, np.int64)
    short_outputs(1, 1, out)
    assert 0 < out.sum() == 1 << 14  # There is one more 1 than 0.
    repeat = np.zeros(2 * len(out), np.int64)
    short_outputs(1, 1, repeat)
    assert np.array_equal(repeat[: len(out)], repeat[len(out) :])
