import pytest

from draupnir.emulator.kernel.arith import add_saturate, is_negative, negate, sub_saturate, wrap

WIDTH = 4
WORDS = range(1 << WIDTH)


def signed(word: int) -> int:
    """Return the number that a WIDTH-bit word in two's complement means."""
    return word if word < 1 << (WIDTH - 1) else word - (1 << WIDTH)


@pytest.mark.parametrize(
    ("x", "bits", "expected"),
    [
        (0, 4, 0),
        (15, 4, 15),
        (16, 4, 0),
        (17, 4, 1),
        (-1, 4, 15),
        (-16, 4, 0),
        (-17, 4, 15),
        (1 << 32, 32, 0),
        (-1, 32, (1 << 32) - 1),
    ],
)
def test_wrap_is_modulo_the_width(x: int, bits: int, expected: int) -> None:
    assert wrap(x, bits) == expected


def test_wrap_agrees_with_the_remainder() -> None:
    assert [wrap(x, WIDTH) for x in range(-64, 64)] == [x % 16 for x in range(-64, 64)]


def test_negate_gives_the_word_that_adds_up_to_nothing() -> None:
    assert all((word + negate(word, WIDTH)) % 16 == 0 and 0 <= negate(word, WIDTH) < 16 for word in WORDS)


def test_the_most_negative_word_is_its_own_negation() -> None:
    assert negate(0b1000, WIDTH) == 0b1000


def test_the_sign_is_the_most_significant_bit() -> None:
    assert [is_negative(word, WIDTH) for word in WORDS] == [signed(word) < 0 for word in WORDS]


@pytest.mark.parametrize(
    ("a", "b", "expected"), [(254, 0, 254), (254, 1, 255), (254, 2, 255), (255, 255, 255), (0, 0, 0)]
)
def test_addition_stops_at_the_highest_value(a: int, b: int, expected: int) -> None:
    assert add_saturate(a, b, 255) == expected


@pytest.mark.parametrize(("a", "b", "expected"), [(2, 1, 1), (1, 1, 0), (0, 1, 0), (0, 255, 0), (255, 0, 255)])
def test_subtraction_stops_at_zero(a: int, b: int, expected: int) -> None:
    assert sub_saturate(a, b) == expected
