"""The changes of signals in the columns of a table, and their order in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from draupnir.golden.fst_out import FstChange, FstVariable
from draupnir.golden.waves.signals import SignalLook, WaveSignal

SignalPair = tuple[WaveSignal, FstVariable]
TextOf = Callable[[int], str]


class TableRows(NamedTuple):
    """Some rows of a table.

    times : (n,) int64, in picoseconds, the time from which on each row is true
    rows : (n, n_columns) int64; known_bits : in the same form the masks of the known bits, None if all are known
    is_first : True if row 0 is the first one of the waveform; if not, it only repeats the last row of the rows before
    """

    times: np.ndarray
    rows: np.ndarray
    known_bits: np.ndarray | None = None
    is_first: bool = False


def changes_in(moments: TableRows, pairs: Sequence[SignalPair], text_of: TextOf) -> list[FstChange]:
    """Return the changes of signals, signal by signal; text_of : returns the text for a level of a pin with events"""
    if not len(moments.rows):
        return []
    has_moved = (moments.rows[1:] != moments.rows[:-1]).any(axis=0)
    if moments.known_bits is not None:
        has_moved |= (moments.known_bits[1:] != moments.known_bits[:-1]).any(axis=0)
    moving = has_moved.tolist()
    changes: list[FstChange] = []
    for signal, variable in pairs:
        if moments.is_first or any(moving[bits.column] for bits in signal.bits):
            changes += _changes(signal, variable, moments, text_of)
    return changes


def _changes(signal: WaveSignal, variable: FstVariable, moments: TableRows, text_of: TextOf) -> Iterator[FstChange]:
    is_change = np.zeros(len(moments.rows), np.bool_)
    is_change[0] = moments.is_first
    for column in _columns(signal, moments.rows, moments.known_bits):
        is_change[1:] |= column[1:] != column[:-1]
    here = np.flatnonzero(is_change)
    levels = _levels(signal, moments.rows[here])
    all_bits = (1 << signal.width) - 1
    knowns = [all_bits] * len(here) if moments.known_bits is None else _levels(signal, moments.known_bits[here])
    for time, level, known_bits in zip(moments.times[here].tolist(), levels, knowns, strict=True):
        yield FstChange(time, variable, text_of(level) if signal.look == SignalLook.TEXT else level, known_bits)


def _columns(signal: WaveSignal, *tables: np.ndarray | None) -> Iterator[np.ndarray]:
    """Yield each run of bits of a signal, in each row of each table."""
    for rows in tables:
        if rows is not None:
            for column, shift, _, width in signal.bits:
                yield rows[:, column] >> shift & ((1 << width) - 1)


def _levels(signal: WaveSignal, rows: np.ndarray) -> list[int]:
    """Return the level of a signal in each row."""
    levels = [0] * len(rows)
    for (_, _, lsb, _), column in zip(signal.bits, _columns(signal, rows), strict=True):
        levels = [level | part << lsb for level, part in zip(levels, column.tolist(), strict=True)]
    return levels


def in_order(changes: list[FstChange]) -> list[FstChange]:
    """Return changes in the order of time; those of one time stay in their order."""
    return sorted(changes, key=lambda change: change.time)
