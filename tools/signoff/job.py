"""A whole job of ``draupnir signoff``: read the results of a chip, judge them, and write the page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import place
from draupnir.golden import case
from draupnir.golden.files import replacing_all
from draupnir.tools.bench.machine import machine
from draupnir.tools.report import junit, pages, schema
from draupnir.tools.report.provenance import Origin
from draupnir.tools.signoff import figures, page, quirks, results, sections, stages
from draupnir.tools.signoff.sections import Section

FILES = ("signoff.html", "signoff.json", "signoff.xml")


@dataclass(frozen=True)
class SignOff:
    """The sign-off of a chip.

    origin, machine : of this sign-off
    evidence : the results; lines : the checklist; tables : all that the page shows below its head
    """

    chip: str
    origin: Origin
    machine: dict[str, str]
    evidence: results.Evidence
    numbers: figures.Figures
    lines: list[stages.CheckedLine]
    tables: list[Section]

    @property
    def failing(self) -> list[str]:
        """The results that say that something is wrong, also if they are stale."""
        return [f"{result}: {result.path}" for result in self.evidence.results if result.fails]

    @property
    def stale(self) -> list[str]:
        """The results that do not count, and why."""
        return [f"{one}: {one.stale} ({one.path})" for one in self.evidence.results if one.stale]

    @property
    def not_measured(self) -> list[str]:
        """A line for each command without a result that counts."""
        return sections.not_measured(self.evidence, self.chip)

    @property
    def stage(self) -> str:
        """The stage that is reached."""
        return stages.reached(self.lines)

    @property
    def gaps(self) -> list[str]:
        """The lines of the checklist that the next stage still needs, in words."""
        stage = stages.next_stage(self.lines)
        return [f"{line.requirement}: {line.gap}" for line in self.lines if line.stage == stage and not line.holds]

    def as_object(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "chip": self.chip,
            "holds": not self.failing,
            "stage": self.stage,
            "next_stage": stages.next_stage(self.lines),
            "missing": self.gaps,
            "failing": self.failing,
            "stale": self.stale,
            "not_measured": self.not_measured,
            "figures": self.numbers,
            "checklist": [line.as_object() for line in self.lines],
            "tables": [table.as_object() for table in self.tables],
            "machine": self.machine,
            "origin": self.origin.as_json(),
        }

    def text(self) -> list[str]:
        """Return the sign-off in short, as lines for people."""
        following = stages.next_stage(self.lines)
        return [
            f"{self.chip}: stage {self.stage}",
            *(f"fails: {line}" for line in self.failing),
            *(f"stale: {line}" for line in self.stale),
            *self.not_measured,
            *(f"missing for {following}: {line}" for line in self.gaps),
        ]


def sign_off(chip: str, folders: Sequence[Path], origin: Origin, previous: Path | None = None) -> SignOff:
    """Return the sign-off of a chip.

    folders : where other commands left their results; origin : that of anything that is made now
    previous : the signoff.json of an earlier sign-off

    Raises InputError for a result, or an earlier sign-off, that cannot be read.
    """
    package = chips.package(chip)
    earlier = None if previous is None else read(previous, chip)
    golden = place(package, "golden")
    golden_cases = case.discover(golden) if golden else []
    evidence = results.find(folders, chip, origin)
    odd = quirks.quirks(package)
    try:
        numbers = figures.figures(evidence, {one.name for one in golden_cases}, len(odd))
        measured = [sections.tests(evidence), *sections.coverage(evidence), *sections.mutants(evidence)]
        measured += [sections.proofs(evidence), sections.faults(evidence)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        files = ", ".join(str(one.path) for one in evidence.results)
        raise InputError(f"{files}: incomplete: {error}; run the command that writes it again") from error
    lines = stages.judge(numbers, chip)
    tables = [sections.checklist(lines), sections.trend(numbers, earlier), *measured]
    tables += [sections.cases(golden_cases), sections.quirks(odd), sections.results(evidence)]
    here = {name: str(machine()[name]) for name in ("cpu", "cores", "system")}
    return SignOff(chip, origin, here, evidence, numbers, lines, tables)


def read(path: Path, chip: str) -> dict[str, Any]:
    """Return an earlier sign-off of a chip. Raises InputError for any other file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"--previous {path}: not JSON: {error}; right is a signoff.json") from error
    content = content if isinstance(content, dict) else {}
    numbers = content.get("figures")
    if content.get("schema") != "draupnir.signoff" or not _are_figures(numbers):
        raise InputError(f"--previous {path}: no sign-off; right is a signoff.json")
    if content.get("chip") != chip:
        raise InputError(f"--previous {path}: a sign-off of {content.get('chip')}; right is one of {chip}")
    return content


def _are_figures(numbers: object) -> bool:
    return isinstance(numbers, dict) and all(type(one) in (int, float, type(None)) for one in numbers.values())


def write(signed: SignOff, folder: Path) -> Path:
    """Write the page, the JSON and the JUnit XML, all or none. Returns the path of the page."""
    title = f"Sign-off of {signed.chip}"
    texts = (
        page.page(title, _head(signed), signed.tables, signed.origin),
        schema.text("signoff", signed.as_object()) + "\n",
        junit.xml(title, list(_junit(signed)), signed.origin),
    )
    folder.mkdir(parents=True, exist_ok=True)
    with replacing_all([folder / name for name in FILES]) as files:
        for file, text in zip(files, texts, strict=True):
            file.write_text(text, encoding="utf-8")
    return folder / FILES[0]


def _head(signed: SignOff) -> list[str]:
    meaning = stages.stages().get(signed.stage, "the first stage is not reached")
    following = stages.next_stage(signed.lines)
    verdict = "A result says that something fails." if signed.failing else "No result says that something fails."
    return [
        pages.paragraph(f"Stage reached: {signed.stage}, {meaning}.", "lead"),
        pages.verdict(not signed.failing, verdict),
        pages.items("What fails", signed.failing),
        pages.items("Stale results, which do not count", signed.stale),
        pages.items("Not measured", signed.not_measured),
        pages.items(f"Missing for stage {following}", signed.gaps),
        pages.items("The machine of this sign-off", [f"{name}: {text}" for name, text in signed.machine.items()]),
    ]


def _junit(signed: SignOff) -> list[junit.JUnitResult]:
    """Return each result, and each line of the checklist; a line that is not fulfilled is skipped."""
    of_results = [
        junit.JUnitResult(
            f"{signed.chip}.results",
            f"{one}: {one.path}",
            failure="it says that something fails" if one.fails else "",
            skipped=one.stale,
        )
        for one in signed.evidence.results
    ]
    unmeasured = [
        junit.JUnitResult(f"{signed.chip}.results", line, skipped="not measured") for line in signed.not_measured
    ]
    of_lines = [
        junit.JUnitResult(
            f"{signed.chip}.{line.stage}",
            f"{line.requirement} ({line.limit_text})",
            skipped=line.gap,
            properties={"figure": line.figure, "measured": stages.number(line.measured)},
        )
        for line in signed.lines
    ]
    every = {name: stages.number(figure) for name, figure in signed.numbers.items()}
    stage = junit.JUnitResult(f"{signed.chip}.stage", f"stage {signed.stage}", properties=every)
    return [stage, *of_results, *unmeasured, *of_lines]
