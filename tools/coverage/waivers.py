"""Waivers: points that no run can hit, or that need not be hit, each with its reason.

A file of waivers is TOML. It has a table ``[[original]]`` for each waiver of Verilog that comes with ``--rtl``, and
``[[ours]]`` for our RTL; README.md describes the keys. A waiver names its place by the text of the line, or by the
signal, so that it survives edits.
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.tools.coverage.places import Places
from draupnir.tools.coverage.points import KINDS, Hits, Point, with_stars_only

SECTIONS = ("original", "ours")
_LISTS, _FLAGS, _NUMBERS = ("kinds", "points"), ("proof", "review", "partly"), ("clocks",)
_TEXTS = ("module", "line", "after", "signal", "bits", "instance", "reason")
_BITS = re.compile(r"(\d+)(?:\.\.(\d+))?")


@dataclass(frozen=True)
class Waiver:
    """A waiver.

    module : a pattern of modules
    line : a pattern of the text of the line, with single spaces
    line_before : the text of the line before it, if there are several such lines
    signal, bits : instead of ``line``, a pattern of signals, or of elements of arrays, and those of their bits whose
        toggles are waived, as ranges; no range means all bits
    kinds, names : the kinds of the points that are waived, and patterns of their names; no pattern means every name
    instance : a pattern of instances
    partly : True if some of the points are hit, and the waiver is for the others
    reason : a sentence that says why
    by_proof : True if a proof shows that the points cannot be hit, False if somebody has reviewed them
    clocks : in how many clocks after a reset the proof shows it; 0 if the points can never be hit
    """

    module: str
    reason: str
    by_proof: bool = False
    clocks: int = 0
    line: str = ""
    line_before: str = ""
    signal: str = ""
    bits: tuple[tuple[int, int], ...] = ()
    kinds: tuple[str, ...] = KINDS
    names: tuple[str, ...] = ()
    instance: str = "*"
    partly: bool = False

    @property
    def kind(self) -> str:
        return "proof" if self.by_proof else "review"

    @property
    def place(self) -> str:
        """The place in words."""
        ranges = ",".join(str(low) if low == high else f"{high}:{low}" for low, high in self.bits)
        return f"{self.module}: {self.line or self.signal}{f'[{ranges}]' if ranges else ''}"

    def matches(self, point: Point, places: Places) -> bool:
        """Return True if the point is waived."""
        modules = point.module, point.module.partition("__")[0]
        if point.kind not in self.kinds or not _fits(self.module, *modules):
            return False
        if not fnmatch.fnmatchcase(point.instance, with_stars_only(self.instance)):
            return False
        if self.signal:
            is_bit = not self.bits or any(low <= point.bit <= high for low, high in self.bits)
            is_signal = _fits(self.signal, point.signal, point.vector)
            return is_signal and is_bit and self._has_name(point.name.rpartition(":")[2])
        if not self._has_name(places.name(point)):
            return False
        return fnmatch.fnmatchcase(places.text(point), with_stars_only(self.line)) and (
            not self.line_before or places.text_before(point) == self.line_before
        )

    def _has_name(self, name: str) -> bool:
        return not self.names or any(fnmatch.fnmatchcase(name, with_stars_only(pattern)) for pattern in self.names)


def _fits(pattern: str, *names: str) -> bool:
    return any(fnmatch.fnmatchcase(name, with_stars_only(pattern)) for name in names)


@dataclass
class Judgement:
    """The points and the waivers, sorted by what became of them.

    waived : waiver -> the points that it waives and that were not hit
    hit : the waivers of which a point was hit after all
    unmatched : the waivers that match no point
    proofs : point -> whether a proof shows that it cannot be hit, None if time was not enough; empty without proofs
    open : the points that were neither hit nor waived
    """

    waived: dict[Waiver, list[Point]] = field(default_factory=dict)
    hit: dict[Waiver, list[Point]] = field(default_factory=dict)
    unmatched: list[Waiver] = field(default_factory=list)
    open: list[Point] = field(default_factory=list)
    proofs: Mapping[Point, bool | None] = field(default_factory=dict)

    @property
    def to_prove(self) -> dict[Point, int]:
        """The points that are waived by a proof, each with its waiver's clocks."""
        return {p: waiver.clocks for waiver, points in self.waived.items() if waiver.by_proof for p in points}

    @property
    def unproved(self) -> dict[Waiver, list[Point]]:
        """The waivers by a proof with points for which the proofs failed."""
        failed = {
            waiver: [point for point in points if self.proofs.get(point, True) is not True]
            for waiver, points in self.waived.items()
            if waiver.by_proof
        }
        return {waiver: points for waiver, points in failed.items() if points}

    def n_proved(self, waiver: Waiver) -> int:
        """The number of a waiver's points for which a proof shows that they cannot be hit."""
        return sum(self.proofs.get(point) is True for point in self.waived[waiver]) if waiver.by_proof else 0

    def n_waived(self, kind: str) -> int:
        """The number of points of a kind that are waived."""
        return len({point for points in self.waived.values() for point in points if point.kind == kind})


def judge(hits: Hits, waivers: Sequence[Waiver], places: Places) -> Judgement:
    """Apply waivers to points."""
    judgement = Judgement()
    waived_points: set[Point] = set()
    for waiver in waivers:
        points = [point for point in hits if waiver.matches(point, places)]
        judgement.waived[waiver] = [point for point in points if not hits[point]]
        waived_points.update(judgement.waived[waiver])
        if (hit := [point for point in points if hits[point]]) and not waiver.partly:
            judgement.hit[waiver] = hit
        if not points:
            judgement.unmatched.append(waiver)
    judgement.open = [point for point, n in hits.items() if not n and point not in waived_points]
    return judgement


def read(file: Path, section: str) -> tuple[Waiver, ...]:
    """Return the waivers of a section of a file. Raises InputError, with the file and the waiver, for a wrong file."""
    try:
        tables = tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: {error}") from error
    for name, content in tables.items():
        if name not in SECTIONS or not isinstance(content, list):
            raise InputError(f"{file}: {name}: right are [[{']] and [['.join(SECTIONS)}]]")
    return tuple(
        _waiver(table, f"{file}: [[{section}]] {number}") for number, table in enumerate(tables.get(section, []), 1)
    )


def _waiver(table: dict[str, Any], origin: str) -> Waiver:
    _check(table, origin)
    is_toggle = "signal" in table
    kinds = ("toggle",) if is_toggle else tuple(table.get("kinds", KINDS[:-1]))
    for kind in kinds:
        if kind not in KINDS:
            raise InputError(f"{origin}: kind {kind!r}; right are {', '.join(KINDS)}")
    return Waiver(
        module=table["module"],
        reason=table["reason"],
        by_proof=table.get("proof", False),
        clocks=table.get("clocks", 0),
        line=" ".join(table.get("line", "").split()),
        line_before=" ".join(table.get("after", "").split()),
        signal=table.get("signal", ""),
        bits=tuple(_bits(part.strip(), origin) for part in table["bits"].split(",")) if "bits" in table else (),
        kinds=kinds,
        names=tuple(table.get("points", ())),
        instance=table.get("instance", "*"),
        partly=table.get("partly", False),
    )


def _check(table: dict[str, Any], origin: str) -> None:
    """Raise InputError for a key that is unknown, missing or of another type."""
    for key, content in table.items():
        if key not in (keys := (*_TEXTS, *_LISTS, *_FLAGS, *_NUMBERS)):
            raise InputError(f"{origin}: unknown key {key!r}; right are {', '.join(keys)}")
        right = list if key in _LISTS else bool if key in _FLAGS else int if key in _NUMBERS else str
        if type(content) is not right:
            raise InputError(f"{origin}: {key} is {content!r}; right is {_TYPES[right]}")
    for key in ("module", "reason"):
        if not table.get(key):
            raise InputError(f"{origin}: it needs a {key}")
    if ("line" in table) == ("signal" in table):
        raise InputError(f"{origin}: it needs the text of a line, or a signal, and not both")
    if "clocks" in table and not ("signal" in table and table.get("proof") and table["clocks"] > 0):
        raise InputError(f"{origin}: clocks needs a signal and proof = true, and right is a number from 1 on")
    if table.get("proof", False) == table.get("review", False):
        raise InputError(f"{origin}: it needs proof = true or review = true, and not both")


_TYPES = {list: "a list of texts", bool: "true or false", int: "a number of clocks", str: "a text"}


def _bits(text: str, origin: str) -> tuple[int, int]:
    match = _BITS.fullmatch(text)
    if not match:
        raise InputError(f"{origin}: bits {text!r}; right is a bit, or the first and the last one, for instance '0..7'")
    low, high = int(match[1]), int(match[2] or match[1])
    return min(low, high), max(low, high)
