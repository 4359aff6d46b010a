"""The bits that a comparison has compared are counted for each pin."""

from dataclasses import replace

import numpy as np

from draupnir.emulator.trace import Trace
from draupnir.golden.compare import BitCount, ComparedBits, compared_bits
from draupnir.golden.compare.difference import bits_text
from draupnir.golden.tests import toy

WORD = toy.CHIP.output_word
WHOLE = (1 << WORD.width) - 1
FIRST = next(iter(WORD))


def rows(*masks: int) -> Trace:
    """Return a row with a clock edge for each mask of known bits."""
    nothing = np.zeros(len(masks), np.int64)
    return Trace(toy.CHIP, nothing, np.ones(len(masks), np.uint8), nothing, np.array(masks, np.int64), nothing)


def test_unknown_bits_are_counted_by_pin() -> None:
    bits = compared_bits(rows(WHOLE, WHOLE & ~(1 << FIRST.lsb), 0))
    assert bits.total == 3 * WORD.width
    assert bits.unknown[FIRST.name] == 1 + FIRST.width
    assert bits.n_compared == 2 * WORD.width - 1


def test_a_pin_without_unknown_bits_is_left_out() -> None:
    assert compared_bits(rows(-1)).unknown == {}


def test_counts_of_two_comparisons_add_up() -> None:
    both = ComparedBits(1000, {"A": 2, "B": 1}, {"C": 3}) + ComparedBits(2000, {"B": 4}, {"C": 5})
    assert both == ComparedBits(3000, {"A": 2, "B": 5}, {"C": 8})
    assert str(both) == "2,993 of 3,000 output bits compared"
    assert bits_text(both) == "2,993 of 3,000 output bits compared, 7 unknown, not recorded: C"


def test_pins_that_are_not_there_are_counted_apart() -> None:
    bits = compared_bits(rows(WHOLE, 0), [FIRST.name])
    others = WORD.width - FIRST.width
    assert (bits.total, bits.n_unknown, bits.absent) == (2 * others, others, {FIRST.name: 2 * FIRST.width})


def test_an_edge_counts_with_the_outputs_of_the_row_before_it() -> None:
    two = replace(rows(WHOLE, 0), clk=np.array([0, 1], np.uint8))
    assert compared_bits(two) == ComparedBits(WORD.width)


def test_a_pin_with_a_bit_that_is_never_known_is_told() -> None:
    count = BitCount(toy.CHIP)
    assert count.never_compared() == []
    lowest = 1 << FIRST.lsb
    count.add(rows(WHOLE & ~lowest, 0))
    assert (count.never_known(), count.never_compared()) == ([FIRST.name], [])
    count.add(rows(lowest))
    assert count.never_known() == []
    dark = BitCount(toy.CHIP)
    dark.add(rows(WHOLE & ~(FIRST.high << FIRST.lsb)))
    assert dark.never_compared() == [FIRST.name]
