"""The number of output bits in a comparison. Are they enough to prove something?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip, Field
from draupnir.emulator.trace import Trace, known_at_edges, piece_of, to_row


@dataclass(frozen=True)
class ComparedBits:
    """The numbers of output bits of a comparison.

    total : the bits of all compared output pins at all compared clock edges
    unknown : pin -> number of its bits that were X or Z, and so were not compared; only pins with such bits
    absent : pin -> number of bits at these edges, for a pin that the source does not have; they are not in ``total``
    probes : probe of the chip -> number of its bits that were compared
    """

    total: int = 0
    unknown: Mapping[str, int] = field(default_factory=dict)
    absent: Mapping[str, int] = field(default_factory=dict)
    probes: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_unknown(self) -> int:
        """The number of bits that were not compared, because they were X or Z."""
        return sum(self.unknown.values())

    @property
    def n_compared(self) -> int:
        """The number of bits that were compared."""
        return self.total - self.n_unknown

    def __add__(self, other: ComparedBits) -> ComparedBits:
        return ComparedBits(
            self.total + other.total,
            _sum(self.unknown, other.unknown),
            _sum(self.absent, other.absent),
            _sum(self.probes, other.probes),
        )

    def as_object(self) -> dict[str, Any]:
        """Return the counts for JSON."""
        counts = {"total": self.total, "compared": self.n_compared, "unknown": dict(self.unknown)}
        optional = {"absent": dict(self.absent), "probes": dict(self.probes)}
        return counts | {name: one for name, one in optional.items() if one}

    def __str__(self) -> str:
        """Return one line with the counts, and with those of the chip's probes."""
        text = f"{self.n_compared:,} of {self.total:,} output bits compared"
        if self.probes:
            text += f", {sum(self.probes.values()):,} of them of probes"
        if absent_probes := [probe for probe in self.probes if probe in self.absent]:
            text += f"; the source does not have {', '.join(absent_probes)}"
        return text


class BitCount:
    """A counter of the output bits that a source knows, edge by edge.

    ignored : the names of the pins that the source does not have; they are not compared

    n_edges : the number of clock edges so far
    mask : a row of a trace, with 1 in each output bit that is compared
    """

    def __init__(self, chip: Chip, ignored: Collection[str] = ()) -> None:
        self.n_edges = 0
        self._word = chip.output_word
        self._fields = [f for f in self._word if f.name not in ignored]
        self._absent = [f for f in self._word if f.name in ignored]
        self.mask = to_row(self._word, self._word.mask([f.name for f in self._fields]))
        self._probes = [probe.name for probe in chip.probes]
        self._n_known = {f.name: 0 for f in self._fields}
        self._last_known = np.full(self._word.width, -1, np.int64)  # the last edge that knew each bit

    def add(self, rows: Trace) -> None:
        """Count rows; the outputs of an edge may stand in the row before its own (see ``draupnir.golden.rows``)."""
        known_bits = rows.known_bits & self.mask
        if np.array_equal(known_bits, known_at_edges(self._word, rows.clk) & self.mask):
            self.add_edges(rows.n_cycles)
            return
        has_edge = rows.clk != 0
        edge = self.n_edges + np.cumsum(has_edge, dtype=np.int64) - has_edge
        self.n_edges += rows.n_cycles
        for piece in (piece for piece in self._word.pieces if piece.pin in self._n_known):
            bits = piece_of(known_bits, piece)
            for bit in range(piece.width):
                known_edges = np.flatnonzero(bits >> bit & 1)
                self._n_known[piece.pin] += len(known_edges)
                if len(known_edges):
                    self._last_known[self._word[piece.pin].lsb + piece.lsb + bit] = edge[known_edges[-1]]

    def add_edges(self, n: int) -> None:
        """Count ``n`` edges at which all bits are known."""
        self.n_edges += n
        for f in self._fields:
            self._n_known[f.name] += n * f.width
        if n:
            self._last_known[:] = self.n_edges - 1

    def counts(self) -> ComparedBits:
        """Return the numbers of bits that were compared, and of those that were not, by pin."""
        unknown = {f.name: self.n_edges * f.width - self._n_known[f.name] for f in self._fields}
        absent = {f.name: self.n_edges * f.width for f in self._absent}
        total = self.n_edges * sum(f.width for f in self._fields)
        probes = {probe: self._n_known.get(probe, 0) for probe in self._probes}
        return ComparedBits(total, _positive(unknown), _positive(absent), probes)

    def never_known(self) -> list[str]:
        """Return the compared pins with a bit that was unknown at all edges so far."""
        return [f.name for f in self._fields if (self._last_known[f.lsb : f.msb + 1] < 0).any()]

    def never_compared(self) -> list[str]:
        """Return the pins of which no bit was known at any edge so far; none before the first edge."""
        return [f.name for f in self._fields if self.n_edges and not self._n_known[f.name]]

    def shortfalls(self) -> list[str]:
        """Return sentences that say why the outputs prove nothing; empty if they do prove something.

        A bit that is unknown at the last edge, and at more than half of all edges before it without a gap, was not
        really recorded. A bit that becomes known was: a register without a reset is X until it is written.
        """
        if not self.n_edges:
            return ["no clock edge was compared"]
        return [text for f in self._fields if (text := self._shortfall(f))]

    def _shortfall(self, f: Field) -> str:
        first_unknown = self._last_known[f.lsb : f.msb + 1] + 1
        unknown_bits = np.flatnonzero(2 * (self.n_edges - first_unknown) > self.n_edges)
        if not len(unknown_bits):
            return ""
        first = int(first_unknown[unknown_bits].min())
        name = f.name if len(unknown_bits) == f.width else f"{f.name}[{', '.join(map(str, unknown_bits[::-1]))}]"
        if first == 0:
            return f"{name} is X or Z at all {self.n_edges:,} compared clocks"
        return f"{name} is X or Z at the last {self.n_edges - first:,} of {self.n_edges:,} compared clocks"


def compared_bits(rows: Trace, ignored: Collection[str] = ()) -> ComparedBits:
    """Return the numbers of bits that could be compared at all clock edges of some rows."""
    count = BitCount(rows.chip, ignored)
    count.add(rows)
    return count.counts()


def _positive(counts: Mapping[str, int]) -> dict[str, int]:
    return {pin: n for pin, n in counts.items() if n}


def _sum(counts: Mapping[str, int], others: Mapping[str, int]) -> dict[str, int]:
    return {pin: counts.get(pin, 0) + others.get(pin, 0) for pin in dict.fromkeys([*counts, *others])}
