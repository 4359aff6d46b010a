"""The figures of a campaign: outcomes, vulnerability with confidence intervals, and what protection would save."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from draupnir.emulator.declare import Chip
from draupnir.golden.files import replacing
from draupnir.tools.faults.job import NULL
from draupnir.tools.faults.sites import REGISTERS, Sites, protected
from draupnir.tools.faults.subject import VISIBLE, FaultOutcome

COLUMNS = ("run", "sample", "clock", "group", "name", "element", "bit", "field", "outcome")
_Z = 1.959963984540054  # of a confidence of 95 %
_FIELDS_SHOWN = 20


def wilson(k: int, n: int) -> tuple[float, float]:
    """Return Wilson's confidence interval, of 95 %, for a share of which k of n were seen; (0, 1) for n = 0."""
    if not n:
        return 0.0, 1.0
    share, z2 = k / n, _Z * _Z
    middle, reach = share + z2 / (2 * n), _Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, (middle - reach) / (1 + z2 / n)), min(1.0, (middle + reach) / (1 + z2 / n))


@dataclass(frozen=True)
class Vulnerability:
    """The outcomes of the faults in one place.

    place : a group, or a field; n_bits : the bits of a group, None for a field
    """

    place: str
    counts: Mapping[str, int]
    n_bits: int | None = None

    @property
    def n(self) -> int:
        """The number of faults."""
        return sum(self.counts.values())

    @property
    def n_visible(self) -> int:
        """The number of faults that somebody outside of the chip sees."""
        return sum(self.counts.get(outcome, 0) for outcome in VISIBLE)

    @property
    def share(self) -> float:
        """The share of faults that are visible."""
        return self.n_visible / self.n if self.n else 0.0

    def as_object(self) -> dict[str, Any]:
        """Return the figures for JSON."""
        low, high = wilson(self.n_visible, self.n)
        figures = {"faults": self.n, "outcomes": dict(self.counts), "visible": self.share, "low": low, "high": high}
        return {"place": self.place, **figures} | ({} if self.n_bits is None else {"bits": self.n_bits})


class FaultReport:
    """The figures of all runs.

    rows : as ``draupnir.tools.faults.job.rows_of`` returns them
    n_bits : the neighbouring bits that a fault changes
    in_rtl : as ``draupnir.tools.faults.in_rtl.compare`` returns them
    n_null, n_null_different : runs without a fault, and those of them that differed
    """

    def __init__(
        self,
        chip: Chip,
        rows: Sequence[Sequence[Any]],
        sites: Sites,
        n_bits: int,
        in_rtl: Sequence[Sequence[Any]] = (),
    ) -> None:
        self._chip, self._n_bits, self._in_rtl = chip, n_bits, in_rtl
        self._different_in_rtl = [row for row in in_rtl if row[-1]]
        null_rows = [row for row in rows if row[3] == NULL]
        self.n_null = len(null_rows)
        self.n_null_different = sum(row[-1] != FaultOutcome.MASKED for row in null_rows)
        faults = [row for row in rows if row[3] != NULL]
        self.groups = [
            Vulnerability(group, _counts(row for row in faults if row[3] == group), n)
            for group, n in sites.n_bits.items()
        ]
        fields = {row[7] for row in faults}
        by_field = [Vulnerability(field, _counts(row for row in faults if row[7] == field)) for field in fields]
        self.fields = sorted(by_field, key=lambda one: (-one.share, one.place))
        self.counts = _counts(faults)

    @property
    def share(self) -> float:
        """The share of visible faults if each bit of the chip is hit with the same probability."""
        n_bits = sum(group.n_bits or 0 for group in self.groups)
        return sum((group.n_bits or 0) * group.share for group in self.groups) / n_bits if n_bits else 0.0

    def protections(self) -> Iterator[tuple[str, float, str]]:
        """Yield ways to protect a group: the way, the share of visible faults that it saves, and what it costs."""
        weights = {group.place: (group.n_bits or 0) * group.share for group in self.groups}
        total = sum(weights.values())
        for group, weight in weights.items():
            saved = weight / total if total else 0.0
            if group != REGISTERS and self._n_bits == 1:
                memory = self._chip.memory(group)
                n_check = protected(memory)
                yield f"ECC on {group}", saved, f"{n_check} bits for each word of {memory.width}"
            yield f"three copies of {group}", saved, "2 more bits for each bit"

    def as_object(self) -> dict[str, Any]:
        """Return the figures for JSON."""
        return {
            "holds": self.n_null_different == 0 and not self._different_in_rtl,
            "outcomes": dict(self.counts),
            "visible": self.share,
            "groups": [group.as_object() for group in self.groups],
            "fields": [field.as_object() for field in self.fields],
            "protection": [{"way": way, "saves": saved, "costs": costs} for way, saved, costs in self.protections()],
            "null_runs": self.n_null,
            "null_runs_that_differ": self.n_null_different,
            "in_rtl": len(self._in_rtl),
            "different_in_rtl": [list(row) for row in self._different_in_rtl],
        }

    def lines(self) -> Iterator[str]:
        """Yield the figures as lines of text."""
        width = max(len(one.place) for one in (*self.groups, *self.fields[:_FIELDS_SHOWN]))
        yield f"{'':{width}}" + "".join(f"{outcome.value:>14}" for outcome in FaultOutcome) + "   visible (95 %)"
        for one in (*self.groups, *self.fields[:_FIELDS_SHOWN]):
            low, high = wilson(one.n_visible, one.n)
            counts = "".join(f"{one.counts.get(outcome, 0):14,}" for outcome in FaultOutcome)
            yield f"{one.place:{width}}{counts}   {one.share:.2%} ({low:.2%} to {high:.2%})"
        if n_more := len(self.fields) - _FIELDS_SHOWN:
            yield f"... and {n_more} more fields" if n_more > 0 else ""
        yield f"each bit with the same probability: {self.share:.3%} of the faults are visible"
        yield from (
            f"{way}: saves {saved:.1%} of the visible faults, {cost}" for way, saved, cost in self.protections()
        )
        yield f"{self.n_null_different} of {self.n_null} runs without a fault differ"
        if self._in_rtl:
            yield f"{len(self._different_in_rtl)} of {len(self._in_rtl)} faults differ in the RTL"
        for number, clock, name, element, bit, text in self._different_in_rtl[:_FIELDS_SHOWN]:
            yield f"fault {number}: {name}[{element}] bit {bit} at clock {clock}: {text}"


def write_runs(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """Write all runs as CSV."""
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def _counts(rows: Any) -> dict[str, int]:
    """The number of runs for each outcome, in the order of ``FaultOutcome``."""
    counter = Counter(row[-1] for row in rows)
    return {outcome.value: counter[outcome.value] for outcome in FaultOutcome if counter[outcome.value]}
