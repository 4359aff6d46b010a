"""Fields of words are those that Python's own integers give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from draupnir.emulator.codec import from_limbs, position, to_limbs
from draupnir.emulator.declare import Field
from draupnir.emulator.kernel.bits import bit, field, limb_field, placed, set_limb_field

N_LIMBS = 4
WORD_BITS = 32 * N_LIMBS
words = st.integers(0, (1 << WORD_BITS) - 1)


@st.composite
def fields(draw: st.DrawFn, word_bits: int = WORD_BITS) -> Field:
    """Any field of 1 to 63 bits in a word."""
    width = draw(st.integers(1, min(63, word_bits)))
    return Field("f", draw(st.integers(0, word_bits - width)), width, "")


def limbs_of(word: int) -> np.ndarray:
    return to_limbs(word, N_LIMBS).astype(np.int64)


def bits_of(word: int, f: Field) -> int:
    return word >> f.lsb & (1 << f.width) - 1


@pytest.mark.parametrize("index", [0, 1, 31, 32, 61, 62])
def test_a_bit_is_found_where_it_was_put(index: int) -> None:
    assert bit(1 << index, index) == 1
    assert bit(((1 << 63) - 1) ^ (1 << index), index) == 0


@given(st.integers(0, (1 << 63) - 1), fields(63))
def test_a_field_of_a_word_in_one_integer_is_its_bits(word: int, f: Field) -> None:
    assert field(word, position(f)) == bits_of(word, f)


@given(fields(63), st.data())
def test_placed_content_is_found_again(f: Field, data: st.DataObject) -> None:
    content = data.draw(st.integers(0, f.high))
    assert placed(content, position(f)) == content << f.lsb
    assert field(placed(content, position(f)), position(f)) == content


@given(words, fields())
def test_a_field_of_a_wide_word_is_its_bits(word: int, f: Field) -> None:
    assert limb_field(limbs_of(word), position(f)) == bits_of(word, f)


@given(words, fields(), st.data())
def test_setting_a_field_changes_its_bits_alone(word: int, f: Field, data: st.DataObject) -> None:
    content = data.draw(st.integers(0, f.high))
    memory = np.stack([to_limbs(0, N_LIMBS), to_limbs(word, N_LIMBS), to_limbs(0, N_LIMBS)])
    set_limb_field(memory, 1, position(f), content)
    mask = f.high << f.lsb
    assert from_limbs(memory[1]) == word & ~mask | content << f.lsb
    assert not memory[0].any() and not memory[2].any()


@pytest.mark.parametrize(("lsb", "width"), [(31, 2), (30, 4), (1, 32), (63, 2), (95, 32), (64, 32), (0, 32), (96, 32)])
@pytest.mark.parametrize("around", [0, (1 << WORD_BITS) - 1])
def test_a_field_may_straddle_two_limbs(lsb: int, width: int, around: int) -> None:
    f = Field("f", lsb, width, "")
    memory = to_limbs(around, N_LIMBS)[np.newaxis, :]
    for content in (0, 1, f.high - 1, f.high):
        set_limb_field(memory, 0, position(f), content)
        assert limb_field(memory[0].astype(np.int64), position(f)) == content
        assert from_limbs(memory[0]) == around & ~(f.high << lsb) | content << lsb
