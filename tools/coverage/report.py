"""The result of a measurement of coverage: as lines for people, and as an object for programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from draupnir.tools.coverage.places import Places
from draupnir.tools.coverage.points import Hits, Point, figures
from draupnir.tools.coverage.waivers import Judgement, Waiver

_MOST_PLACES = 40  # that are printed
_HEAD = ("kind", "hit", "of", "%", "waived", "% after waivers")


def table(hits: Hits, judgement: Judgement) -> Iterator[str]:
    """Yield the figures of each kind, as lines."""
    yield "{:12}{:>8}{:>8}{:>9}{:>9}{:>18}".format(*_HEAD)
    for kind, row in rows(hits, judgement).items():
        yield (
            f"{kind:12}{row['hit']:8,}{row['of']:8,}{_percent(row['hit'], row['of']):>9}{row['waived']:9,}"
            f"{_percent(row['hit'], row['of'] - row['waived']):>18}"
        )


def rows(hits: Hits, judgement: Judgement) -> dict[str, dict[str, int]]:
    """Return kind -> the number of points that were hit, of all points, and of points that are waived."""
    return {
        kind: {"hit": n_hit, "of": n_all, "waived": judgement.n_waived(kind)}
        for kind, (n_hit, n_all) in figures(hits.items()).items()
    }


def _percent(n_hit: int, n_all: int) -> str:
    """Return a percentage that is 100 only if all were hit."""
    share = 100.0 if n_hit == n_all else min(100 * n_hit / n_all, 99.99)
    return f"{share:.2f}"


def open_lines(judgement: Judgement, places: Places) -> Iterator[str]:
    """Yield the first places with points that are open, and the number of all others."""
    groups = list(_together(judgement.open))
    for points in groups[:_MOST_PLACES]:
        first = points[0]
        names = toggles(points) if first.kind == "toggle" else (places.name(point) for point in points)
        names_text = ", ".join(dict.fromkeys(names))
        yield f"{Path(first.file).name}:{first.line} {first.kind} {names_text}"
        yield f"    {places.text(first)}"
    if n_more := len(groups[_MOST_PLACES:]):
        yield f"... and {n_more:,} places more; cover.json has all"


def _together(points: Sequence[Point]) -> Iterator[list[Point]]:
    """BinGroup points by file, line, kind and signal; toggles come last."""

    def place(point: Point) -> tuple[bool, str, int, str, str]:
        return point.kind == "toggle", point.file, point.line, point.kind, point.signal

    for _, group in groupby(sorted(points, key=place), key=place):
        yield list(group)


def toggles(points: Sequence[Point]) -> Iterator[str]:
    """Yield the toggles of signals in short: "a[7:4]" for both directions of four bits, "b 0->1" for one of them."""
    directions_of: defaultdict[str, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for point in points:
        name, _, direction = point.name.rpartition(":")
        directions_of[_vector(name)][point.bit].append(direction)
    for vector, directions in directions_of.items():
        runs = groupby(sorted(directions), key=lambda bit: sorted(directions[bit]))
        for directions_text, bits in ((" ".join(way), list(run)) for way, run in runs):
            yield vector.format(_ranges(bits)) + ("" if " " in directions_text else f" {directions_text}")


def _vector(name: str) -> str:
    """Return a name in which {} stands for the last index, if it has one."""
    return f"{name.rpartition('[')[0]}[{{}}]" if name.endswith("]") else name


def _ranges(bits: Sequence[int]) -> str:
    """Return ascending bits as a list of ranges, the highest first in each."""
    firsts = [bit for bit in bits if bit - 1 not in bits]
    lasts = [bit for bit in bits if bit + 1 not in bits]
    pairs = zip(firsts, lasts, strict=True)
    return ",".join(str(first) if first == last else f"{last}:{first}" for first, last in pairs)


def waiver_lines(judgement: Judgement) -> Iterator[str]:
    """Yield the waivers that do not apply: a point of theirs was hit after all, or there is no such point."""
    for waiver, points in judgement.hit.items():
        yield f"waived, but hit after all: {waiver.place} ({_first_names(points)})"
    for waiver, points in judgement.unproved.items():
        yield f"waived by a proof, but not proved: {waiver.place} ({_first_names(points)})"
    for waiver in judgement.unmatched:
        yield f"waived, but there is no such point: {waiver.place}"


def _first_names(points: Sequence[Point]) -> str:
    return ", ".join(point.name for point in points[:3]) + (", ..." if len(points) > 3 else "")


def as_object(hits: Hits, judgement: Judgement, places: Places) -> dict[str, Any]:
    """Return the figures, the open points and the waivers as an object for JSON."""
    return {
        "figures": rows(hits, judgement),
        "open": [_point(point, places) for point in judgement.open],
        "waivers": [_waiver(waiver, judgement) for waiver in judgement.waived],
    }


def _point(point: Point, places: Places) -> dict[str, Any]:
    return {
        "kind": point.kind,
        "file": point.file,
        "line": point.line,
        "module": point.module,
        "instance": point.instance,
        "name": places.name(point),
        "text": places.text(point),
    }


def _waiver(waiver: Waiver, judgement: Judgement) -> dict[str, Any]:
    return {
        "place": waiver.place,
        "kind": waiver.kind,
        "clocks": waiver.clocks or None,
        "reason": waiver.reason,
        "points": len(judgement.waived[waiver]),
        "proved": judgement.n_proved(waiver),
        "hit": len(judgement.hit.get(waiver, ())),
    }
