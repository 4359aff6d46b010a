"""Columns and matrices of a memory agree with its words, one by one."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import chips, columns
from draupnir.emulator.codec import decode, encode, from_limbs, to_limbs, update
from draupnir.emulator.declare import LIMB_BITS, Field, Memory, Word
from draupnir.emulator.odin.layout import LIF, NEURONS, SYN_WEIGHT, SYNAPSES
from draupnir.emulator.reckon.layout import PAIR, WEIGHT, WOUT

MEMORIES = [memory for chip in chips.names() for memory in chips.declaration(chip).memories]
WORDS = [(memory, word) for memory in MEMORIES for word in memory.words]


def narrow(word: Word) -> list[Field]:
    """Return the fields of at most 32 bits; wider ones are no columns."""
    return [f for f in word if f.width <= LIMB_BITS]


def random_words(memory: Memory, n: int = 9) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 1 << 32, (n, memory.n_limbs), dtype=np.uint32)


@pytest.mark.parametrize(("memory", "word"), WORDS, ids=lambda x: x.name)
def test_a_column_is_the_field_of_each_word(memory: Memory, word: Word) -> None:
    words = random_words(memory)
    decoded = [decode(word, from_limbs(limbs)) for limbs in words]
    for f in narrow(word):
        assert columns.column(f, words).tolist() == [fields[f.name] for fields in decoded]


@pytest.mark.parametrize(("memory", "word"), WORDS, ids=lambda x: x.name)
def test_a_column_that_is_put_leaves_the_other_fields(memory: Memory, word: Word) -> None:
    rng = np.random.default_rng(1)
    for f in narrow(word):
        words, contents = random_words(memory), rng.integers(f.low, f.high + 1, 9)
        expected = [update(word, from_limbs(w), **{f.name: c}) for w, c in zip(words, contents.tolist(), strict=True)]
        columns.put(f, words, contents)
        assert [from_limbs(limbs) for limbs in words] == expected


def test_what_does_not_fit_is_not_put() -> None:
    with pytest.raises(ValueError, match=r"thr: 0\.\.256 is not within 0\.\.255"):
        columns.put(LIF["thr"], random_words(NEURONS, 2), np.array([0, 256]))
    with pytest.raises(ValueError, match=r"thr: -32769\.\.0 is not within -32768\.\.32767"):
        columns.put(PAIR["thr"], np.zeros((2, 4), np.uint32), np.array([-32769, 0]))


@pytest.mark.parametrize("memory", [memory for memory in MEMORIES if memory.matrix], ids=lambda memory: memory.name)
def test_a_matrix_is_its_words(memory: Memory) -> None:
    words = random_words(memory, memory.depth)
    assert np.array_equal(columns.pack(columns.unpack(words, memory), memory), words)


def test_an_entry_stands_where_the_chips_look_for_it() -> None:
    words = np.zeros((SYNAPSES.depth, 1), np.uint32)
    words[3 << 5 | 17 >> 3] = to_limbs(encode(SYNAPSES.words[0], syn_weight1=5, mapping1=1), 1)
    assert np.argwhere(columns.entries(SYN_WEIGHT, SYNAPSES, words)).tolist() == [[3, 17]]
    out = np.zeros((WOUT.depth, 4), np.uint32)
    out[7] = to_limbs(encode(WOUT.words[0], w9=-3), 4)
    assert columns.entries(WEIGHT["w"], WOUT, out)[7, 9] == -3


def test_a_memory_without_a_matrix_has_none() -> None:
    with pytest.raises(ValueError, match="memory neurons has no matrix"):
        columns.unpack(random_words(NEURONS), NEURONS)
