"""How much of a chip's outputs a recording tells, and whether that is enough for a comparison to prove something."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from draupnir.emulator.declare import Chip, Field
from draupnir.emulator.trace import Trace, known_at_edges, piece_of, to_row
from draupnir.golden.compare import ComparedBits


class KnownBits:
    """Counts the known bits of the output pins, edge by edge.

    ignored : names of pins that are not compared
    n_edges : rising edges so far
    mask : the output bits that are compared, as a row of a trace
    """

    def __init__(self, chip: Chip, ignored: Collection[str] = ()) -> None:
        self.n_edges = 0
        self._fields = [f for f in chip.output_word if f.name not in ignored]
        self._word = chip.output_word
        self.mask = to_row(self._word, self._word.mask([f.name for f in self._fields]))
        self._n_known = {f.name: 0 for f in self._fields}
        self._last_known = np.full(chip.output_word.width, -1, np.int64)  # of each bit, the last edge that knew it

    def add(self, rows: Trace) -> None:
        """Count rows; the outputs of an edge may stand in the row before its own (see ``rows``)."""
        edge = self.n_edges + np.cumsum(rows.clk, dtype=np.int64) - rows.clk
        self.n_edges += rows.n_cycles
        known = rows.known & self.mask
        if np.array_equal(known, known_at_edges(self._word, rows.clk) & self.mask):
            for f in self._fields:
                self._n_known[f.name] += rows.n_cycles * f.width
            self._last_known[:] = self.n_edges - 1
            return
        for piece in (piece for piece in self._word.pieces if piece.pin in self._n_known):
            bits = piece_of(known, piece)
            for bit in range(piece.width):
                knowing = np.flatnonzero(bits >> bit & 1)
                self._n_known[piece.pin] += len(knowing)
                if len(knowing):
                    self._last_known[self._word[piece.pin].lsb + piece.lsb + bit] = edge[knowing[-1]]

    def compared(self) -> ComparedBits:
        """The bits that could be compared, and those that could not, by pin."""
        unknown = {f.name: self.n_edges * f.width - self._n_known[f.name] for f in self._fields}
        total = self.n_edges * sum(f.width for f in self._fields)
        return ComparedBits(total, {pin: n for pin, n in unknown.items() if n})

    def shortfalls(self) -> list[str]:
        """Why the outputs prove nothing, a sentence each; empty if they do prove something.

        A bit that is unknown from some edge to the last one, and at more edges than not, was not really recorded. One
        that becomes known at last was: a register without reset is X until it is written.
        """
        if not self.n_edges:
            return ["no clock edge was compared"]
        return [said for f in self._fields if (said := self._shortfall(f))]

    def _shortfall(self, f: Field) -> str:
        first_unknown = self._last_known[f.lsb : f.msb + 1] + 1
        lost = np.flatnonzero(2 * (self.n_edges - first_unknown) > self.n_edges)
        if not len(lost):
            return ""
        first = int(first_unknown[lost].min())
        name = f.name if len(lost) == f.width else f"{f.name}[{', '.join(map(str, lost[::-1]))}]"
        if first == 0:
            return f"{name} is X or Z at all {self.n_edges:,} compared clocks"
        return f"{name} is X or Z at the last {self.n_edges - first:,} of {self.n_edges:,} compared clocks"
