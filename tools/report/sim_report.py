"""The outcomes of simulations: cocotb tests as a page, and any results as JUnit XML and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from draupnir.cocotb_tests.runner import BenchOutcome
from draupnir.golden.compare import ComparedBits
from draupnir.golden.files import filling
from draupnir.tools.report import junit, pages, schema
from draupnir.tools.report.provenance import Origin

JUNIT, JSON = "results.xml", "report.json"
HEADER = ("test", "result", "clocks compared", "mismatches", "bits compared", "bits unknown", "seconds", "files")


def write(
    folder: Path,
    title: str,
    outcomes: Sequence[BenchOutcome],
    summary: str,
    origin: Origin,
    about: Mapping[str, str] = {},
) -> Path:
    """Write report.html, results.xml and report.json into a folder, which already has a folder for each test.

    title : the chip and the simulator; summary : one line on all tests
    about : chip, RTL and simulator, for report.json
    Returns the page's path.
    """
    report_object = as_json(outcomes, origin, about)
    with filling(folder) as temporary:
        _put_results(temporary, report_object, title, [_result(outcome) for outcome in outcomes], origin)
        page = pages.page(title, _parts(folder, outcomes, summary), origin)
        (temporary / pages.PAGE).write_text(page, encoding="utf-8")
    return folder / pages.PAGE


def write_results(
    folder: Path, report_object: Mapping[str, Any], title: str, results: Sequence[junit.JUnitResult], origin: Origin
) -> None:
    """Write results.xml and report.json into the folder, both or none.

    report_object : the content of report.json, without its schema
    """
    with filling(folder) as temporary:
        _put_results(temporary, report_object, title, results, origin)


def _put_results(
    folder: Path, report_object: Mapping[str, Any], title: str, results: Sequence[junit.JUnitResult], origin: Origin
) -> None:
    (folder / JSON).write_text(schema.text("sim", report_object) + "\n", encoding="utf-8")
    (folder / JUNIT).write_text(junit.xml(title, results, origin), encoding="utf-8")


def as_json(outcomes: Sequence[BenchOutcome], origin: Origin, about: Mapping[str, str] = {}) -> dict[str, Any]:
    """The outcomes as an object for JSON, without its schema; about : chip, RTL and simulator"""
    tests = [_json(outcome) for outcome in outcomes]
    holds = all(outcome.passed for outcome in outcomes)
    return {**about, "holds": holds, "tests": tests, "origin": origin.as_json()}


def bits(outcome: BenchOutcome) -> ComparedBits:
    """The output bits that a test compared."""
    notes = outcome.notes
    return ComparedBits(
        notes.get("output_bits", 0), notes.get("unknown", {}), notes.get("absent", {}), notes.get("probes", {})
    )


def _json(outcome: BenchOutcome) -> dict[str, Any]:
    return {
        "test": str(outcome.test),
        "passed": outcome.passed,
        "failure": outcome.failure,
        "seconds": outcome.seconds,
        "folder": str(outcome.folder),
        **outcome.notes,
        "bits_compared": bits(outcome).n_compared,
    }


def _result(outcome: BenchOutcome) -> junit.JUnitResult:
    notes = outcome.notes
    counts = junit.counts(notes.get("compared", 0), notes.get("mismatches", 0), bits(outcome))
    if pins_never_known := outcome.notes.get("never_known"):
        counts["never known"] = ", ".join(pins_never_known)
    return junit.JUnitResult(outcome.test.module, outcome.test.name, outcome.failure, outcome.seconds, counts)


def _parts(folder: Path, outcomes: Sequence[BenchOutcome], summary: str) -> list[str]:
    """The parts of the page: the sum, a table of the tests, and the reasons of failures."""
    rows = [_row(folder, outcome) for outcome in outcomes]
    failed_outcomes = [outcome for outcome in outcomes if not outcome.passed]
    failures = [pages.text(f"{outcome.test} failed", outcome.failure) for outcome in failed_outcomes]
    return [pages.verdict(not failed_outcomes, summary), pages.table(HEADER, rows), *failures]


def _row(folder: Path, outcome: BenchOutcome) -> list[pages.Cell]:
    compared_bits, notes = bits(outcome), outcome.notes
    files = [path for path in sorted(outcome.folder.glob("*")) if path.suffix in (".txt", ".html", ".vcd", ".fst")]
    inside = folder.resolve()
    links = [pages.PageLink(path.name, str(path.resolve().relative_to(inside))) for path in files]
    return [
        str(outcome.test),
        "ok" if outcome.passed else "FAILED",
        f"{notes.get('compared', 0):,}",
        f"{notes.get('mismatches', 0):,}",
        f"{compared_bits.n_compared:,}",
        f"{compared_bits.n_unknown:,}",
        f"{outcome.seconds:.1f}",
        links,
    ]
