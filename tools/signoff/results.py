"""The results that other commands left: found in folders, checked, and compared with the present sources."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.tools.report import schema
from draupnir.tools.report.provenance import Origin

FILES = ("prove.json", "cover.json", "mutate.json", "inject.json", "report.json")
# For each command: the keys that its result needs, and their types.
KEYS: dict[str, dict[str, type]] = {
    "regress": {"holds": bool, "cases": list},
    "sim": {"holds": bool},
    "cover": {"holds": bool, "figures": dict, "waivers": list, "open": list, "cases": list},
    "mutate": {"mutants": int, "killed": int, "equivalent": int, "hole": int, "open": int, "modules": dict},
    "prove": {"holds": bool, "proofs": list},
    "inject": {"holds": bool, "outcomes": dict, "groups": list, "null_runs": int, "null_runs_that_differ": int},
}
ORIGIN_KEYS = {"command": str, "date": str, "seeds": list, "commit": str, "sources": dict, "versions": dict}
WITH_CHANGES = "with changes"
_TYPES = {bool: "true or false", int: "a whole number", list: "a list", dict: "an object", str: "a text"}


@dataclass(frozen=True)
class Result:
    """A result of a command.

    command : for instance "cover"; path : its file; content : the file's object
    stale : the reason why it does not count, "" if it comes from the present sources
    """

    command: str
    path: Path
    content: dict[str, Any]
    stale: str = ""

    @property
    def origin(self) -> dict[str, Any]:
        """The origin, with empty parts if the result does not state it."""
        empty = {key: kind() for key, kind in ORIGIN_KEYS.items()}
        return {**empty, **self.content.get("origin", {})}

    @property
    def side(self) -> str:
        """The RTL: "ours", "ours, ecp5" for its netlist, or "original" for Verilog that came with --rtl."""
        if self.content.get("netlist"):
            return f"ours, {self.content['netlist']}"
        return "original" if self.origin["sources"] else "ours"

    @property
    def simulator(self) -> str:
        """The simulator, "model" if the golden model itself was compared, "" if there was none."""
        return str(self.content.get("sim") or "")

    @property
    def fails(self) -> bool:
        """True if the result says that something is wrong. A mutant that is open is undecided, and not wrong."""
        if self.command == "mutate":
            return bool(self.content["hole"])
        return not self.content["holds"]

    def __str__(self) -> str:
        rtl = f" of {self.side}" + (f" in {self.simulator}" if self.simulator else "")
        return f"{self.command}{rtl}"


@dataclass
class Evidence:
    """The results of a chip, and files that do not count, each with the reason."""

    results: list[Result] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def current(self) -> list[Result]:
        """The results from the present sources."""
        return [result for result in self.results if not result.stale]

    def select(self, command: str, side: str | None = None) -> list[Result]:
        """Return the current results of a command, of both kinds of RTL or of one."""
        return [one for one in self.current if one.command == command and side in (None, one.side)]


def find(folders: Sequence[Path], chip: str, present: Origin) -> Evidence:
    """Return all results of a chip in folders and below them.

    present : the origin of anything that is made now. A result from other sources is stale.

    Of several results of the same command line, only the newest counts. Raises InputError, with the file, for a result
    that cannot be read.
    """
    evidence = Evidence()
    for path in sorted({path.resolve(): path for folder in folders for path in _paths(folder)}.values()):
        content = _object(path)
        command = str(content.get("schema", "")).removeprefix("draupnir.")
        if command not in KEYS:
            continue
        if reason := _foreign(content, command, chip):
            evidence.ignored.append(f"{path}: {reason}")
            continue
        _check(path, content, KEYS[command])
        evidence.results.append(Result(command, path, content))
    evidence.results = _judged(_newest(evidence), present)
    return evidence


def _paths(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place) / name for name in names if name in FILES)


def _object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON: {error}; run the command that writes it again") from error
    return content if isinstance(content, dict) else {}


def _foreign(content: dict[str, Any], command: str, chip: str) -> str:
    """Return the reason why a result does not belong to the chip, "" if it does."""
    version = schema.VERSIONS.get(command, schema.VERSION)
    if content.get("version") != version:
        return f"version {content.get('version')} of {content['schema']}; this draupnir reads version {version}"
    if "chip" not in content:
        return "it names no chip, because an older draupnir made it"
    return "" if content["chip"] == chip else f"a result of {content['chip']}"


def _check(path: Path, content: dict[str, Any], keys: dict[str, type]) -> None:
    """Raise InputError for a key that is missing or of another type."""
    for key, right in keys.items():
        if type(content.get(key)) is not right:
            raise InputError(f"{path}: {key} is {content.get(key)!r:.40}; right is {_TYPES[right]}")
    origin = content.get("origin", {})
    if not isinstance(origin, dict):
        raise InputError(f"{path}: origin is {origin!r:.40}; right is an object")
    for key, right in ORIGIN_KEYS.items():
        if key in origin and type(origin[key]) is not right:
            raise InputError(f"{path}: origin.{key} is {origin[key]!r:.40}; right is {_TYPES[right]}")


def _newest(evidence: Evidence) -> list[Result]:
    """Return the newest result of each command line; the others become ignored."""
    newest: dict[tuple[str, str, str, str], Result] = {}
    for result in sorted(evidence.results, key=lambda one: str(one.origin["date"])):
        line = (result.command, result.side, result.simulator, str(result.origin["command"] or result.path))
        if line in newest:
            evidence.ignored.append(f"{newest[line].path}: {result.path} is newer, and of the same command line")
        newest[line] = result
    order = list(KEYS)
    return sorted(newest.values(), key=lambda one: (order.index(one.command), one.side, one.simulator, str(one.path)))


def _judged(results: list[Result], present: Origin) -> list[Result]:
    """Return the results, each with the reason why it is stale, if it is."""
    of_original = [one for one in results if one.side == "original"]
    newest = max(of_original, key=lambda one: str(one.origin["date"]), default=None)
    sources = newest.origin["sources"].get("commit", "") if newest else ""
    return [replace(one, stale=_stale(one, present, sources)) for one in results]


def _stale(result: Result, present: Origin, sources: str) -> str:
    origin = result.origin
    commit, version = origin["commit"], origin["versions"].get("draupnir")
    if not origin["date"]:
        return "it does not state its origin"
    if WITH_CHANGES in commit:
        return "it was made with changes that no commit has"
    if commit != present.commit.partition(",")[0]:
        return f"it was made by commit {commit[:12] or 'unknown'}, and this is {present.commit[:12] or 'no checkout'}"
    if version != present.versions.get("draupnir"):
        return f"it was made by draupnir {version}, and this is {present.versions.get('draupnir')}"
    if WITH_CHANGES in present.commit:
        return "the present sources have changes that no commit has"
    if result.side == "original" and origin["sources"].get("commit") != sources:
        return (
            f"its Verilog is {str(origin['sources'].get('commit'))[:19]}, and that of the newest result {sources[:19]}"
        )
    return ""
