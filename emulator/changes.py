"""Pins over time, by their changes: as exact as rows, and much shorter for a chip that is mostly quiet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.trace import differ


@dataclass(frozen=True)
class Changes:
    """Packed pins in rows 0..n_rows - 1, one row for each edge of the clocks that run in step (``Chip.period``).

    rows : (n,) int64, ascending: each row from which other levels hold; the first one is 0, unless n_rows is 0
    levels : (n,) or (n, n_words) int64, the packed pins from this row on, as in the rows of a trace
    n_rows : the number of rows, 0 or more
    """

    rows: np.ndarray
    levels: np.ndarray
    n_rows: int

    def __post_init__(self) -> None:
        """Raise ValueError for rows that are not in order, or not within the number of rows."""
        steps = np.diff(np.concatenate(([-1], self.rows, [self.n_rows])))
        starts_late = self.n_rows > 0 and (len(self.rows) == 0 or self.rows[0] != 0)
        if len(self.rows) != len(self.levels) or np.any(steps <= 0) or starts_late:
            raise ValueError("the rows of changes ascend from 0, below their number, and each has its levels")

    def part(self, start: int, stop: int) -> np.ndarray:
        """Return the levels in rows start..stop - 1: (stop - start,) or (stop - start, n_words) int64."""
        rows: np.ndarray = self.levels[np.searchsorted(self.rows, np.arange(start, stop), side="right") - 1]
        return rows


def changes_of(rows: np.ndarray) -> Changes:
    """Return the changes of packed pins: (n,) or (n, n_words) int64, one row for each edge."""
    first = np.flatnonzero(np.concatenate((np.ones(min(1, len(rows)), np.bool_), differ(rows[1:], rows[:-1]))))
    return Changes(first, rows[first], len(rows))


def joined(rows: Sequence[np.ndarray], levels: Sequence[np.ndarray], n_rows: int) -> Changes:
    """Return the changes that several pieces have together. At the start of a piece nothing need change.

    rows, levels : of each piece, at least one, as in ``Changes``; the rows count from the start of the first piece
    """
    all_rows, all_levels = np.concatenate(rows), np.concatenate(levels)
    is_new = np.ones(len(all_rows), np.bool_)
    is_new[1:] = differ(all_levels[1:], all_levels[:-1])
    return Changes(all_rows[is_new], all_levels[is_new], n_rows)
