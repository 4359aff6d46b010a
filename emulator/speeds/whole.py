"""Join the pieces of a run (see ``pieces``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from draupnir.emulator.speeds import pieces


class WorkPiece(NamedTuple):
    """The outcome of one piece, or of all pieces.

    columns : the columns that were recorded
    n_cycles : clocks
    is_complete : True if the run is complete
    """

    columns: list[np.ndarray]
    n_cycles: int
    is_complete: bool


def collect(piece: Callable[[int], WorkPiece], max_cycles: int) -> WorkPiece:
    """Call ``piece`` with the remaining clocks until the run is complete, or until ``max_cycles`` clocks have passed.

    Return the joined columns of all pieces, and the sum of their clocks. A piece must run at least one clock unless it
    completes the run. Raises Stopped between two pieces if the work has to stop.
    """
    parts: list[list[np.ndarray]] = []
    n_cycles = 0
    while True:
        try:
            columns, clocks, is_complete = piece(max_cycles - n_cycles)
        except SystemError as error:
            raise pieces.raised_by_signal(error) from None
        parts.append(columns)
        n_cycles += clocks
        if is_complete or n_cycles >= max_cycles:
            columns = [c[0] if len(parts) == 1 else np.concatenate(c) for c in zip(*parts, strict=True)]
            return WorkPiece(columns, n_cycles, is_complete)
        pieces.check_stop()
