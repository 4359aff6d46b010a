"""Read Verilator's coverage data, and add up that of several runs.

A file has a line for each point: ``C 'KEYS' COUNT``. KEYS are pairs; a 1 byte stands before each key, and a 2 byte
between the key and its text. Source: Verilator's ``verilated_cov.cpp``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from draupnir.emulator.errors import InputError
from draupnir.tools.coverage.points import Point, verilog_name

HEADER = "# SystemC::Coverage-3"
_KINDS = {"line": "line", "branch": "branch", "expr": "expression", "toggle": "toggle"}  # Verilator's -> ours
_LINES = re.compile(r"(\d+)(?:-(\d+))?")


class Runs:
    """The coverage of all runs of one compiled design.

    around : the module that contains the design, if it is not the top; it is no part of the design, and a simulator
        may leave out the name TOP of the whole
    """

    def __init__(self, around: str = "") -> None:
        self._counts: Counter[str] = Counter()
        self._around = around

    def add(self, text: str) -> None:
        """Add the coverage data of a run. Raises InputError for a text that is not coverage data."""
        header, *lines = text.removesuffix("\n").split("\n")
        if header != HEADER:
            raise InputError(f"coverage data begins with {header[:40]!r}; right is {HEADER!r}")
        for number, line in enumerate(lines, 2):
            keys, quote, count = line.rpartition("' ")
            if not (quote and keys.startswith("C '") and count.isdecimal()):
                raise InputError(f"coverage data, line {number}: {line[:40]!r}; right is C 'KEYS' COUNT")
            self._counts[keys[3:]] += int(count)

    def add_counts(self, names: Sequence[str], counts: Sequence[int]) -> None:
        """Add the counts of a run, in the order of the names of the points."""
        self._counts.update(dict(zip(names, counts, strict=True)))

    @property
    def counts(self) -> dict[str, int]:
        """The count of each point, in the order of their names; a name is what Verilator calls the keys of a point."""
        return dict(sorted(self._counts.items()))

    def hits(self) -> dict[Point, int]:
        """Return all points in the order of their places, and how often each was hit in all runs."""
        hits: Counter[Point] = Counter()
        for keys, count in self._counts.items():
            point = _point(keys)
            if point.module != self._around:
                path = point.instance.removeprefix("TOP.").removeprefix(f"{self._around}.")
                hits[replace(point, instance=f"TOP.{path}")] += count
        return dict(sorted(hits.items()))


def _point(keys: str) -> Point:
    text_of = dict(part.split("\2", 1) for part in keys.split("\1") if "\2" in part)
    verilator_kind = text_of.get("t", "")
    if verilator_kind not in _KINDS:
        raise InputError(f"coverage data: kind {verilator_kind!r}; right is one of {', '.join(_KINDS)}")
    name = text_of["o"]
    return Point(
        file=text_of["f"],
        line=int(text_of["l"]),
        column=int(text_of["n"]),
        kind=_KINDS[verilator_kind],
        module=verilog_name(text_of["page"].partition("/")[2]),
        instance=verilog_name(text_of.get("h", "")),
        name=verilog_name(name) if verilator_kind == "toggle" else name,
        lines=tuple(_lines(text_of.get("S", ""))),
    )


def _lines(text: str) -> Iterator[int]:
    """Yield the lines of a list like "3,5-7"."""
    for first, last in _LINES.findall(text):
        yield from range(int(first), int(last or first) + 1)
