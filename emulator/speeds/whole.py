"""A run in pieces (see ``pieces``), put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from draupnir.emulator.speeds import pieces


class WorkPiece(NamedTuple):
    """The outcome of a piece, or of all of them: columns of what was recorded, clocks, and whether all is done."""

    columns: list[np.ndarray]
    n_cycles: int
    done: bool


def collect(piece: Callable[[int], WorkPiece], max_cycles: int) -> WorkPiece:
    """Call ``piece`` with the clocks that are left, until all is done or ``max_cycles`` clocks have passed.

    Return the columns of all pieces, each joined, and the sum of their clocks. A piece must take at least one clock
    unless it is done. Raises Stopped between two pieces if the work is to stop.
    """
    parts: list[list[np.ndarray]] = []
    n_cycles = 0
    while True:
        try:
            columns, clocks, done = piece(max_cycles - n_cycles)
        except SystemError as error:
            raise pieces.raised_by_signal(error) from None
        parts.append(columns)
        n_cycles += clocks
        if done or n_cycles >= max_cycles:
            joined = [column[0] if len(parts) == 1 else np.concatenate(column) for column in zip(*parts, strict=True)]
            return WorkPiece(joined, n_cycles, done)
        pieces.between()
