"""A golden model beside a source. It runs the rows of the source, and can go back to a single clock edge."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.trace import Trace, any_bit, to_row
from draupnir.golden.rows import cut

EVENTS_SHOWN = 8
EVENT_ROWS = 1 << 14  # rows before a difference in which events are searched, at most


class GoldenModel(Protocol):
    """The part of a chip's model that a comparison needs; see emulator/model.py."""

    chip: Chip
    memories: dict[str, np.ndarray]
    stretch: bool

    @property
    def outputs(self) -> int: ...

    def drive(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray: ...

    def snapshot(self) -> Any: ...

    def restore(self, snapshot: Any) -> None: ...

    def context(self) -> list[str]: ...

    def activity(self) -> str | None: ...

    def warnings(self) -> list[str]: ...


@dataclass(frozen=True)
class DrivenPiece:
    """Rows that a model has run, and a snapshot of the model before them.

    first_row, first_cycle : the numbers of rows and of clock edges before these rows
    """

    snapshot: Any
    rows: Trace
    first_row: int = 0
    first_cycle: int = 0

    def cycle(self, row: int) -> int:
        """Return the number of clock edges before a row of this piece."""
        return self.first_cycle + int(np.count_nonzero(self.rows.clk[:row]))


def drive(model: GoldenModel, rows: Trace) -> np.ndarray:
    """Run rows on a model, and return its outputs, also for rows without an edge whose outputs are compared."""
    begin, outputs = 0, []
    for row in np.flatnonzero((rows.clk == 0) & any_bit(rows.known_bits)).tolist():
        outputs.append(model.drive(rows.inputs[begin : row + 1], rows.clk[begin : row + 1]))
        outputs[-1][-1] = to_row(model.chip.output_word, model.outputs)
        begin = row + 1
    last = model.drive(rows.inputs[begin:], rows.clk[begin:])
    return np.concatenate([*outputs, last]) if outputs else last


def stand_before(model: GoldenModel, piece: DrivenPiece, row: int) -> None:
    """Bring a model to the state immediately before a row's clock edge, with the row's inputs."""
    model.restore(piece.snapshot)
    rows = cut(piece.rows, 0, row + 1)
    clk = rows.clk.copy()
    clk[row] = 0
    model.drive(rows.inputs, clk)


def last_events(model: GoldenModel, pieces: Sequence[DrivenPiece], row: int) -> tuple[str, ...]:
    """Run pieces again, and return the last events that the model began before a row of the last piece.

    The oldest event comes first.
    The pieces follow each other. Afterwards the model is in some state before the row.
    """
    *earlier, last = pieces
    every = [*((piece, len(piece.rows)) for piece in earlier), (last, row)]
    n_rows_left = EVENT_ROWS
    spans: list[tuple[DrivenPiece, int, int]] = []
    for piece, end in reversed(every):
        spans.insert(0, (piece, max(0, end - n_rows_left), end))
        n_rows_left -= end - spans[0][1]
    events: deque[str] = deque(maxlen=EVENTS_SHOWN)
    for piece, first, end in spans:
        if first < end:
            model.restore(piece.snapshot)
            model.drive(piece.rows.inputs[:first], piece.rows.clk[:first])
            events.extend(_events(model, cut(piece.rows, first, end)))
    return tuple(events)


def decoded(model: GoldenModel, rows: Trace, row: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Run a model from its present state up to a row. Return its context before the row's edge, and its last events.

    Both are lines from ``context`` and ``activity``. Afterwards the model is immediately before the edge.
    """
    first = max(0, row - EVENT_ROWS)
    model.drive(rows.inputs[:first], rows.clk[:first])
    piece = DrivenPiece(model.snapshot(), cut(rows, first, row + 1))
    events = last_events(model, [piece], row - first)
    stand_before(model, piece, row - first)
    return tuple(model.context()), events


def _events(model: GoldenModel, rows: Trace) -> list[str]:
    events = []
    for i in range(len(rows)):
        model.drive(rows.inputs[i : i + 1], rows.clk[i : i + 1])
        if rows.clk[i] and (begun := model.activity()):
            events.append(begun)
    return events
