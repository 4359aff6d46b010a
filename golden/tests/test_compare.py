"""The bits that a comparison could compare, counted by pin."""

import numpy as np

from draupnir.golden.compare import ComparedBits, compared_bits
from draupnir.golden.tests import toy


def test_unknown_bits_are_counted_by_pin() -> None:
    word = toy.CHIP.output_word
    whole = (1 << word.width) - 1
    first = next(iter(word))
    known = np.array([whole, whole & ~(1 << first.lsb), 0], np.int64)
    bits = compared_bits(toy.CHIP, known)
    assert bits.total == 3 * word.width
    assert bits.unknown[first.name] == 1 + first.width
    assert bits.n_compared == 2 * word.width - 1


def test_a_pin_without_unknown_bits_is_left_out() -> None:
    assert compared_bits(toy.CHIP, np.array([-1], np.int64)).unknown == {}


def test_counts_of_two_comparisons_add_up() -> None:
    both = ComparedBits(1000, {"A": 2, "B": 1}) + ComparedBits(2000, {"B": 4})
    assert both == ComparedBits(3000, {"A": 2, "B": 5})
    assert str(both) == "2,993 of 3,000 output bits compared"
