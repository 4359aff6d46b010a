"""Points of a design that a run covers or leaves open, and how often each was hit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

KINDS = ("line", "branch", "expression", "toggle")
_ENCODED = re.compile(r"__0([0-9A-Fa-f]{2})")  # a character of a name that C++ does not allow


@dataclass(frozen=True, order=True)
class Point:
    """A point of a design.

    file, line, column : the place in the Verilog; line and column count from 1
    kind : one of ``KINDS``
    module : the module; with other parameters than its own, Verilator adds "__" and a code to its name
    instance : the instance, for instance "TOP.ODIN.scheduler_0"; "*" stands for what differs between several
    name : the point at this place: "else", "(a==0) => 0", "ctrl_cnt[3]:0->1"
    lines : the lines that run when the point is hit; none for an expression or a toggle
    """

    file: str
    line: int
    column: int
    kind: str
    module: str
    instance: str
    name: str
    lines: tuple[int, ...] = ()

    @property
    def signal(self) -> str:
        """The signal of a toggle; "" for other points."""
        return self.name.rpartition(":")[0].partition("[")[0] if self.kind == "toggle" else ""

    @property
    def vector(self) -> str:
        """The signal of a toggle, and the element of an array: "words[3]" for "words[3][0]:0->1"; "" for others."""
        name = self.name.rpartition(":")[0] if self.kind == "toggle" else ""
        return name.rpartition("[")[0] if name.endswith("]") else name

    @property
    def bit(self) -> int:
        """The bit of a toggle; 0 for a signal of one bit."""
        inside = re.search(r"\[(\d+)\]:", self.name)
        return int(inside[1]) if inside else 0


Hits = Mapping[Point, int]  # point -> how often it was hit


def verilog_name(name: str) -> str:
    """Return the Verilog name for Verilator's; "." and "$" stand in it for what C++ does not allow."""
    return _ENCODED.sub(lambda code: chr(int(code[1], 16)), name)


def selected(hits: Hits, keep: Callable[[Point], bool]) -> dict[Point, int]:
    """Return the points for which ``keep`` is true."""
    return {point: n for point, n in hits.items() if keep(point)}


def figures(hits: Iterable[tuple[Point, int]]) -> dict[str, tuple[int, int]]:
    """Return kind -> (points that were hit, all points), for each kind in ``KINDS``."""
    n_hit, n_all = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 0)
    for point, n in hits:
        n_all[point.kind] += 1
        n_hit[point.kind] += n > 0
    return {kind: (n_hit[kind], n_all[kind]) for kind in KINDS}


def with_stars_only(pattern: str) -> str:
    """Return a pattern for ``fnmatch`` in which only * is special: names in generate loops have brackets."""
    return pattern.replace("[", "[[]")
