"""Drives a golden model with a source's rows, piece by piece, and finds where the source does something else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from draupnir.emulator.trace import Trace, any_bit, from_row
from draupnir.golden.compare.bits import BitCount, compared_bits
from draupnir.golden.compare.difference import FirstDifference
from draupnir.golden.compare.memories import MemoryDifference
from draupnir.golden.compare.model import DrivenPiece, GoldenModel, drive, last_events, stand_before
from draupnir.golden.compare.pins import pin_differences
from draupnir.golden.rows import cut


@dataclass(frozen=True)
class ComparedPiece:
    """A piece of rows, and what was expected of it.

    expected : the model's outputs, packed, as ``piece.rows.outputs``
    missing : of the same shape, the bits that have to be known and are not
    differing : the rows that differ, ascending
    """

    piece: DrivenPiece
    expected: np.ndarray
    missing: np.ndarray
    differing: list[int]


class Comparison:
    """Holds a model to a source of rows.

    model : in the state in which the source's chip is before its first row
    ignored : output pins that the source does not have

    n_rows, n_cycles : rows and clock edges so far
    bits : counts the output bits of the rows for which ``count`` was called
    """

    def __init__(self, model: GoldenModel, ignored: Collection[str] = ()) -> None:
        self.model, self.ignored = model, ignored
        self.n_rows = self.n_cycles = 0
        self.bits = BitCount(model.chip, ignored)
        self._previous: DrivenPiece | None = None
        self._latest: DrivenPiece | None = None

    def compare(self, rows: Trace, must_know: np.ndarray | None = None) -> ComparedPiece:
        """Drive the model with the source's next rows, and compare.

        must_know : (n,) or (n, words), the bits that differ if they are unknown; None for none
        """
        snapshot = self.model.snapshot()
        return self.compare_with(rows, snapshot, drive(self.model, rows), must_know)

    def compare_with(
        self, rows: Trace, snapshot: object, expected: np.ndarray, must_know: np.ndarray | None = None
    ) -> ComparedPiece:
        """Compare rows with which the model has been driven already; snapshot : the model before them."""
        mask = self.bits.mask
        wrong = (expected ^ rows.outputs) & rows.known & mask
        missing = np.zeros_like(wrong) if must_know is None else must_know & ~rows.known & mask
        piece = self._driven(rows, snapshot)
        return ComparedPiece(piece, expected, missing, np.flatnonzero(any_bit(wrong | missing)).tolist())

    def equal(self, rows: Trace, snapshot: object) -> None:
        """Take note, and count the bits, of rows of which all is known and equal; the rest as ``compare_with``."""
        self._driven(rows, snapshot)
        self.bits.add_edges(rows.n_cycles)

    def _driven(self, rows: Trace, snapshot: object) -> DrivenPiece:
        """Take note of rows with which the model has been driven."""
        piece = DrivenPiece(snapshot, rows, self.n_rows, self.n_cycles)
        self.n_rows += len(rows)
        self.n_cycles += rows.n_cycles
        if len(rows):
            self._previous, self._latest = self._latest, piece
        return piece

    def count(self, rows: Trace) -> None:
        """Count the bits of rows that were compared."""
        self.bits.add(rows)

    def difference(
        self, compared: ComparedPiece, row: int, time_text: str = "", with_events: bool = True
    ) -> FirstDifference:
        """Describe the difference at a row of the latest piece, of which nothing has been counted yet.

        The model is left immediately before the row's clock edge, with the row's inputs applied.
        """
        piece = compared.piece
        earlier = [self._previous] if self._previous and piece is self._latest else []
        events = last_events(self.model, [*earlier, piece], row) if with_events else ()
        stand_before(self.model, piece, row)
        word = self.model.chip.output_word
        return FirstDifference(
            piece.cycle(row),
            pin_differences(
                self.model.chip,
                from_row(word, compared.expected[row]),
                from_row(word, piece.rows.outputs[row]),
                from_row(word, piece.rows.known[row] & self.bits.mask),
                from_row(word, compared.missing[row]),
            ),
            bits=self.bits.compared() + compared_bits(up_to(piece.rows, row), self.ignored),
            time=int(piece.rows.times[row]) if time_text else None,
            time_text=time_text,
            row=piece.first_row + row,
            context=tuple(self.model.context()),
            last_events=events,
        )

    def memories_differ(
        self, memories: tuple[MemoryDifference, ...], time_text: Callable[[int], str], is_first: bool
    ) -> FirstDifference:
        """Describe memories that differ after the last edge so far, whose rows have been counted.

        time_text : of a time of the source; is_first : they are equal after every earlier edge
        The model is left immediately before this edge, with the row's inputs applied.
        """
        piece = self._latest
        assert piece is not None and piece.rows.n_cycles
        row = int(np.flatnonzero(piece.rows.clk)[-1])
        events = last_events(self.model, [*([self._previous] if self._previous else []), piece], row)
        stand_before(self.model, piece, row)
        return FirstDifference(
            piece.cycle(row),
            memories=memories,
            bits=self.bits.compared(),
            time=int(piece.rows.times[row]),
            time_text=time_text(int(piece.rows.times[row])),
            row=piece.first_row + row,
            is_first=is_first,
            context=tuple(self.model.context()),
            last_events=events,
        )


def up_to(rows: Trace, row: int) -> Trace:
    """The rows up to the edge at which a row's outputs are compared, be the edge its own or that of the next row."""
    clk = rows.clk[: row + 1].copy()
    if not clk[row]:
        clk[row] = 1
    return replace(cut(rows, 0, row + 1), clk=clk)
