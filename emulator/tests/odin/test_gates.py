"""Arithmetic on planes gives the same as on numbers, for every pair or triple, each in a bit of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from draupnir.emulator.odin.planes import gates

WORD_BITS = 64


def planes(numbers: np.ndarray, width: int) -> list[np.ndarray]:
    """Return the planes of 64 k numbers: for each bit, (k,) words."""
    return [_words(numbers >> b & 1) for b in range(width)]


def _words(bits: np.ndarray) -> np.ndarray:
    return np.packbits(bits.astype(np.uint8), bitorder="little").view(np.int64)


def numbers(words: Sequence[np.ndarray]) -> np.ndarray:
    """The inverse of ``planes``."""
    bits = [np.unpackbits(np.ascontiguousarray(w).view(np.uint8), bitorder="little").astype(np.int64) for w in words]
    return sum(b << i for i, b in enumerate(bits))  # type: ignore[return-value]


def pairs(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return every pair of numbers of this width, in 256 places."""
    x, y = np.divmod(np.arange(256) % (1 << 2 * width), 1 << width)
    return x, y


Kernel = Callable[..., Any]


def results(gate: Kernel, *operands: list[np.ndarray]) -> np.ndarray:
    """Return a gate's results in all places. An operand with one plane is this plane, all others are tuples."""
    words = []
    for k in range(256 // WORD_BITS):
        arguments = [tuple(int(plane[k]) for plane in planes) for planes in operands]
        word = gate(*(g[0] if len(g) == 1 else g for g in arguments))
        words.append(word if isinstance(word, tuple) else (word,))
    return numbers([np.array(column) for column in zip(*words, strict=True)])


ONE = [
    (gates.any3, 3, lambda x: x != 0),
    (gates.all3, 3, lambda x: x == 7),
    (gates.any4, 4, lambda x: x != 0),
    (gates.negate4, 4, lambda x: -x % 16),
    (gates.lower3, 4, lambda x: x % 8),
    (gates.extended4, 3, lambda x: x),
]
TWO = [
    (gates.at_least3, 3, lambda x, y: x >= y),
    (gates.equal3, 3, lambda x, y: x == y),
    (gates.add_saturate3, 3, lambda x, y: np.minimum(x + y, 7)),
    (gates.equal4, 4, lambda x, y: x == y),
    (gates.add4, 4, lambda x, y: (x + y) % 16),
    (gates.subtract4, 4, lambda x, y: (x - y) % 16),
]
STEPS = [(gates.step3, 3), (gates.step4, 4)]
CHOICES = [(gates.select3, 3), (gates.select4, 4)]


@pytest.mark.parametrize(("gate", "width", "expected"), ONE)
def test_a_number(gate: Kernel, width: int, expected: Kernel) -> None:
    x = np.arange(256) % (1 << width)
    np.testing.assert_array_equal(results(gate, planes(x, width)), expected(x))


@pytest.mark.parametrize(("gate", "width", "expected"), TWO)
def test_every_pair_of_numbers(gate: Kernel, width: int, expected: Kernel) -> None:
    x, y = pairs(width)
    np.testing.assert_array_equal(results(gate, planes(x, width), planes(y, width)), expected(x, y))


@pytest.mark.parametrize(("gate", "width"), STEPS)
def test_one_step_up_down_or_none(gate: Kernel, width: int) -> None:
    way, x = np.divmod(np.arange(256) % (3 << width), 1 << width)
    result = results(gate, planes(x, width), planes(way == 1, 1), planes(way == 2, 1))
    np.testing.assert_array_equal(result, (x + (way == 1) - (way == 2)) % (1 << width))


@pytest.mark.parametrize(("gate", "width"), CHOICES)
def test_one_of_two_numbers(gate: Kernel, width: int) -> None:
    x, y = pairs(width)
    for choice in (np.arange(256) % 2, np.arange(256) // 16 % 2):
        result = results(gate, planes(choice, 1), planes(x, width), planes(y, width))
        np.testing.assert_array_equal(result, np.where(choice, x, y))


@pytest.mark.parametrize("number", range(16))
def test_equal_to_a_number_that_all_have_in_common(number: int) -> None:
    x = np.arange(256) % 16
    words = [int(gates.equals4(tuple(int(plane[k]) for plane in planes(x, 4)), number)) for k in range(4)]  # type: ignore[arg-type]
    np.testing.assert_array_equal(numbers([np.array(words)]), x == number)


def test_three_bits() -> None:
    x = np.arange(256)
    a, b, c = x & 1, x >> 1 & 1, x >> 2 & 1
    operands = planes(a, 1), planes(b, 1), planes(c, 1)
    np.testing.assert_array_equal(results(gates.majority, *operands), a + b + c >= 2)
    np.testing.assert_array_equal(results(gates.select, *operands), np.where(a, b, c))
    np.testing.assert_array_equal(results(gates.both3, operands[0], planes(x >> 1 & 7, 3)), (x >> 1 & 7) * a)
    assert [int(gates.mask(flag)) for flag in (0, 1)] == [0, -1]
