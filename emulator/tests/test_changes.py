"""Pins as changes: the same levels as in rows, for chips with one edge, with two edges, and with several clocks."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.changes import Changes, changes_of, joined
from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.sizes import grid
from draupnir.emulator.speeds import pieces
from draupnir.emulator.state import diff
from draupnir.emulator.tests.pokes import rows
from draupnir.emulator.trace import from_row, in_step, unpack

SMALL = grid(2, 1, (1, 0))


def test_changes_and_rows_are_the_same_levels() -> None:
    levels = np.array([3, 3, 3, 5, 5, 3])
    changes = changes_of(levels)
    assert (changes.rows.tolist(), changes.levels.tolist(), changes.n_rows) == ([0, 3, 5], [3, 5, 3], 6)
    assert changes.part(0, 6).tolist() == levels.tolist()
    assert changes.part(2, 4).tolist() == [3, 5]
    assert changes_of(levels[:0]).part(0, 0).tolist() == []


def test_wide_levels_differ_if_any_integer_does() -> None:
    levels = np.array([[1, 2], [1, 2], [1, 3]])
    changes = changes_of(levels)
    assert changes.rows.tolist() == [0, 2]
    assert changes.part(1, 3).tolist() == [[1, 2], [1, 3]]


def test_a_piece_that_goes_on_as_the_one_before_adds_no_change() -> None:
    whole = joined([np.array([0, 4]), np.array([6, 7])], [np.array([1, 2]), np.array([2, 1])], 9)
    assert (whole.rows.tolist(), whole.levels.tolist(), whole.n_rows) == ([0, 4, 7], [1, 2, 1], 9)


@pytest.mark.parametrize(
    ("at_rows", "levels", "n_rows"),
    [([1], [0], 3), ([0, 0], [1, 2], 3), ([0, 3], [1, 2], 3), ([0, 1], [1], 3), ([0], [1], 0), ([], [], 1)],
)
def test_rows_out_of_order_are_refused(at_rows: list[int], levels: list[int], n_rows: int) -> None:
    with pytest.raises(ValueError, match="the rows of changes ascend from 0, below their number"):
        Changes(np.array(at_rows, np.int64), np.array(levels, np.int64), n_rows)


@pytest.mark.parametrize(
    ("chip", "sizes", "n_clocks"), [("tinyodin", {}, 400), ("snn_accelerator", {}, 400), ("ranc", SMALL, 200)]
)
def test_every_chip_gives_the_pins_of_its_rows(
    chip: str, sizes: dict[str, int], n_clocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work is in pieces of a few rows here. Probes are left out."""
    monkeypatch.setattr(pieces, "ROWS", 64)
    by_changes, by_rows = (chips.model(chip, sizes)(seed=3, stretch=False) for _ in range(2))
    period = by_rows.chip.period
    inputs, _ = rows(by_rows, np.random.default_rng(4), n_clocks * len(period), 10)
    outputs = by_rows.drive(inputs, in_step(by_rows.chip, len(inputs)))
    changes = by_changes.drive_changes(changes_of(inputs))
    word, levels = by_rows.chip.output_word, changes.part(0, len(inputs))
    for row, expected in zip(levels, outputs, strict=True):
        pins = unpack(word, from_row(word, expected)) | {probe.name: 0 for probe in by_rows.chip.probes}
        assert unpack(word, from_row(word, row)) == pins
    assert len(changes.rows) > 2
    assert diff(by_rows.snapshot(), by_changes.snapshot()) == []


def test_a_part_of_a_clock_is_refused() -> None:
    model = chips.model("ranc", SMALL)()
    for stretch in (True, False):
        model.stretch = stretch
        with pytest.raises(InputError, match="ranc: 3 rows are no whole clocks; right is a multiple of 2"):
            model.drive_changes(changes_of(np.array([8, 8, 8])))
    assert model.registers[0].cycle == 0
