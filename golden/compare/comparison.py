"""Drive a golden model with the rows of a source, piece by piece, and find the differences of the source."""

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
    """A piece of rows, and the outputs that were expected.

    expected : the model's outputs, in the form of ``piece.rows.outputs``
    unknown_bits : in the same form, the mask of bits that must be known but are not
    wrong_rows : the rows that differ, in ascending order
    """

    piece: DrivenPiece
    expected: np.ndarray
    unknown_bits: np.ndarray
    wrong_rows: list[int]


class Comparison:
    """A comparison of a source of rows with a model.

    model : a model in the state of the source's chip before the first row
    ignored : the output pins that the source does not have

    n_rows, n_cycles : the numbers of rows and of clock edges so far
    bits : the counter of output bits of the rows for which ``count`` was called
    """

    def __init__(self, model: GoldenModel, ignored: Collection[str] = ()) -> None:
        self.model, self.ignored = model, ignored
        self.n_rows = self.n_cycles = 0
        self.bits = BitCount(model.chip, ignored)
        self._previous: DrivenPiece | None = None
        self._latest: DrivenPiece | None = None

    @property
    def latest_pieces(self) -> list[DrivenPiece]:
        """The last two pieces that the model has run, or the only one."""
        return [piece for piece in (self._previous, self._latest) if piece is not None]

    def compare(self, rows: Trace, must_know: np.ndarray | None = None) -> ComparedPiece:
        """Drive the model with the source's next rows, and compare.

        must_know : (n,) or (n, n_words) int64, the mask of bits that count as different if they are unknown; None for
            no bits
        """
        snapshot = self.model.snapshot()
        return self.compare_with(rows, snapshot, drive(self.model, rows), must_know)

    def compare_with(
        self, rows: Trace, snapshot: object, expected: np.ndarray, must_know: np.ndarray | None = None
    ) -> ComparedPiece:
        """Compare rows that the model has already run.

        snapshot : the model before these rows; expected : the model's outputs; must_know : as for ``compare``
        """
        mask = self.bits.mask
        wrong = (expected ^ rows.outputs) & rows.known_bits & mask
        unknown_bits = np.zeros_like(wrong) if must_know is None else must_know & ~rows.known_bits & mask
        piece = self._driven(rows, snapshot)
        return ComparedPiece(piece, expected, unknown_bits, np.flatnonzero(any_bit(wrong | unknown_bits)).tolist())

    def equal(self, rows: Trace, snapshot: object) -> None:
        """Note rows that are equal and in which all bits are known, and count their bits.

        snapshot : the model before these rows
        """
        self._driven(rows, snapshot)
        self.bits.add_edges(rows.n_cycles)

    def _driven(self, rows: Trace, snapshot: object) -> DrivenPiece:
        """Note rows that the model has run."""
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
        self, comparison_result: ComparedPiece, row: int, time_text: str = "", with_events: bool = True
    ) -> FirstDifference:
        """Describe the difference at a row of the latest piece, whose bits are not counted yet.

        Afterwards the model is immediately before the row's clock edge, and has the row's inputs.
        """
        piece = comparison_result.piece
        pieces_before = [self._previous] if self._previous and piece is self._latest else []
        events = last_events(self.model, [*pieces_before, piece], row) if with_events else ()
        stand_before(self.model, piece, row)
        word = self.model.chip.output_word
        return FirstDifference(
            piece.cycle(row),
            pin_differences(
                self.model.chip,
                from_row(word, comparison_result.expected[row]),
                from_row(word, piece.rows.outputs[row]),
                from_row(word, piece.rows.known_bits[row] & self.bits.mask),
                from_row(word, comparison_result.unknown_bits[row]),
            ),
            bits=self.bits.counts() + compared_bits(up_to(piece.rows, row), self.ignored),
            time=int(piece.rows.times[row]) if time_text else None,
            time_text=time_text,
            row=piece.first_row + row,
            context=tuple(self.model.context()),
            last_events=events,
        )

    def memories_differ(
        self, memories: tuple[MemoryDifference, ...], time_text: Callable[[int], str], is_first: bool
    ) -> FirstDifference:
        """Describe memories that differ after the last edge so far, whose rows are counted.

        time_text : returns the text of a time of the source
        is_first : True if the memories are equal after every earlier edge

        Afterwards the model is immediately before this edge, and has the row's inputs.
        """
        piece = self._latest
        assert piece is not None and piece.rows.n_cycles
        row = int(np.flatnonzero(piece.rows.clk)[-1])
        events = last_events(self.model, [*([self._previous] if self._previous else []), piece], row)
        stand_before(self.model, piece, row)
        return FirstDifference(
            piece.cycle(row),
            memories=memories,
            bits=self.bits.counts(),
            time=int(piece.rows.times[row]),
            time_text=time_text(int(piece.rows.times[row])),
            row=piece.first_row + row,
            is_first=is_first,
            context=tuple(self.model.context()),
            last_events=events,
        )


def up_to(rows: Trace, row: int) -> Trace:
    """Return the rows up to the edge at which a row's outputs are compared: its own edge, or that of the next row."""
    clk = rows.clk[: row + 1].copy()
    if not clk[row]:
        clk[row] = 1
    return replace(cut(rows, 0, row + 1), clk=clk)
