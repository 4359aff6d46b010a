"""Declarations of clocks and resets, and rows with the edges of several clocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from draupnir.emulator.declare import Chip, DeclarationError, Pin
from draupnir.emulator.errors import InputError
from draupnir.emulator.tests.duo_chip import CHIP, IN, OUT, Model
from draupnir.emulator.trace import check_edges, first_levels, from_row, pack, to_rows

C, R, F = 0b0001, 0b0100, 0b1000  # CLK rises; STROBE rises, and falls


def chip(*pins: Pin) -> Chip:
    return Chip("some", "", (*pins, Pin("Q", "out", 1, "status", "")), (), (), (), (), "")


def clock(name: str, **options: Any) -> Pin:
    return Pin(name, "in", 1, "clock", "", **options)


def test_each_clock_has_two_bits_of_a_rows_edges() -> None:
    clocks = chip(clock("A"), clock("B", edges="falling"), clock("C", edges="both"), clock("D")).clocks
    assert [(c.pin.name, c.rise, c.fall, c.idle) for c in clocks] == [
        ("A", 1, 0, 0),
        ("B", 0, 8, 1),
        ("C", 16, 32, 0),
        ("D", 64, 0, 0),
    ]


def test_a_period_is_what_rises_and_what_falls() -> None:
    assert chip(clock("A")).period == (1,)
    assert chip(clock("A", edges="falling")).period == (2,)
    assert CHIP.period == (C | R, F)
    assert CHIP.used_edges == "CLK (rising), STROBE (both)"


@pytest.mark.parametrize(
    ("pins", "message"),
    [
        ((), r"^some: 0 pins have the role 'clock'; right are 1 to 4$"),
        (tuple(clock(name) for name in "ABCDE"), r"^some: 5 pins have the role 'clock'; right are 1 to 4$"),
    ],
)
def test_a_chip_has_one_to_four_clocks(pins: tuple[Pin, ...], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        chip(*pins)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("D", "in", 1, "control", "", "both"), r"^pin D: edges='both' is for a clock only$"),
        (
            ("D", "in", 1, "clock", "", "any"),
            r"^pin D: edges='any', active='high'; right are 'rising',",
        ),
        (("D", "in", 1, "reset", "", "rising", "0"), r"^pin D: edges='rising', active='0'; right are .* 'low'$"),
        (("D", "in", 2, "clock", ""), r"^pin D: a clock is an input of 1 bit$"),
        (("D", "out", 1, "reset", ""), r"^pin D: a reset is an input of 1 bit$"),
        (
            ("D", "in", 1, "control", "", "rising", "low"),
            r"^pin D: active= and asynchronous= are for a reset only$",
        ),
        (("D", "in", 1, "control", "", "rising", "high", True), r"^pin D: active= and asynchronous= are for a reset"),
    ],
)
def test_what_cannot_be_said_of_a_pin_is_refused(wrong: tuple[Any, ...], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Pin(*wrong)


def test_resets_have_their_own_polarity() -> None:
    assert CHIP.reset_levels(True) == {"RST_N": 0, "SOFT": 1}
    assert CHIP.reset_levels(False) == {"RST_N": 1, "SOFT": 0}
    assert [pin.rest for pin in CHIP.resets] == [1, 0]


def test_edges_that_come_together_see_the_state_before_them() -> None:
    """Q, RISES and FALLS before each row's edges are computed by hand."""
    d, top = 0x12 << 92 | 5, 1 << 99
    levels = [
        (R, 1, top), (C, 1, d), (F, 1, d), (C | R, 1, d), (C | F, 1, d), (R, 1, d), (0, 0, d), (F, 1, d), (C, 1, d)
    ]  # fmt: skip
    model = Model()
    model.drive(to_rows(IN, [pack(IN, {"RST_N": 1, "SOFT": 1})]), np.array([C], np.uint8))  # Q = 1
    inputs = to_rows(IN, [pack(IN, {"RST_N": n, "D": level}) for _, n, level in levels])
    out = model.drive(inputs, np.array([edges for edges, _, _ in levels], np.uint8))
    q1 = 2 ^ d
    q2 = (q1 << 1) % (1 << 100) ^ d | q1 >> 99
    q3 = ((q2 << 1) % (1 << 100) | q2 >> 99) ^ d
    by_hand = [
        (1, 0, 0), (1, 1, 0), (q1, 1, 0), (q1, 1, 0x13), (q2, 1 + q1 % 256, 0x13),
        (q3, 1 + q1 % 256, 0x12 ^ 0x13 ^ 1 + q1 % 256), (0, 0, 0), (0, 0, 0), (0, 0, 0x12),
    ]  # fmt: skip
    expected = [pack(OUT, {"Q": q, "RISES": rises, "FALLS": falls}) for q, rises, falls in by_hand]
    assert [from_row(OUT, row) for row in out] == expected
    assert model.registers[0].cycle == 9


def test_a_reset_of_the_model_takes_polarity_and_clocks_from_the_declaration() -> None:
    model = Model()
    model.step(pack(IN, {"RST_N": 1, "SOFT": 1}))
    model.reset()
    assert (model.outputs, model.inputs) == (pack(OUT, {"Q": 0}), pack(IN, {"RST_N": 1}))
    assert model.registers[0].cycle == 1 + 8 * 2


@pytest.mark.parametrize(
    ("levels", "lines"),
    [
        ({"RST_N": 1}, []),
        ({"RST_N": 0}, ["RST_N is on"]),
        ({"RST_N": 1, "SOFT": 1}, ["SOFT is on"]),
        ({"SOFT": 1}, ["RST_N is on, SOFT is on"]),
    ],
)
def test_a_context_names_the_resets_that_are_active(levels: dict[str, int], lines: list[str]) -> None:
    model = Model()
    model.step(pack(IN, levels))
    assert model.holding_still() == lines


def test_a_clock_is_high_at_first_where_it_falls_first() -> None:
    assert first_levels(CHIP, np.array([C, F | C, R], np.uint8)) == {"CLK": 0, "STROBE": 1}
    assert first_levels(CHIP, np.array([C, R, F], np.uint8)) == {"CLK": 0, "STROBE": 0}
    assert first_levels(CHIP, np.array([C], np.uint8)) == {"CLK": 0, "STROBE": 0}
    assert first_levels(chip(clock("A", edges="falling")), np.array([2], np.uint8)) == {"A": 1}


def test_levels_follow_the_edges() -> None:
    low = {"CLK": 0, "STROBE": 0}
    assert check_edges(CHIP, np.array([C, R, C, F, R], np.uint8), low) == {"CLK": 0, "STROBE": 1}
    assert check_edges(CHIP, np.array([C, C], np.uint8), {"CLK": 0, "STROBE": 1}) == {"CLK": 0, "STROBE": 1}


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([C, 2], r"^duo: row 1 has clock edges 0x2; the chip uses 0xd only$"),
        ([R, C, R], r"^duo: STROBE rises and falls in turn; row 2 repeats an edge$"),
        ([C, F], r"^duo: STROBE rises and falls in turn; row 1 repeats an edge$"),
        ([R | F], r"^duo: STROBE rises and falls in turn; row 0 repeats an edge$"),
    ],
)
def test_edges_that_cannot_be_are_refused(edges: list[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_edges(CHIP, np.array(edges, np.uint8), {"CLK": 0, "STROBE": 0})
