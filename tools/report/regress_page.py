"""The report of `draupnir regress`: a page, JUnit XML and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from draupnir.golden.compare import ComparedBits
from draupnir.golden.files import filling
from draupnir.golden.regress import PAIR
from draupnir.tools.report import junit, pages, schema
from draupnir.tools.report.pages import Cell
from draupnir.tools.report.provenance import Origin

N_HEAD = 2  # the number of lines before those of the cases
JUNIT, JSON = "results.xml", "report.json"
HEADER = (
    "case", "result", "clocks", "mismatches", "words that differ", "bits compared", "bits unknown", "first difference",
    "waveform",
)  # fmt: skip


def write(folder: Path, title: str, report_object: Mapping[str, Any], lines: Sequence[str], origin: Origin) -> Path:
    """Write report.html, results.xml and report.json, all or none.

    folder : the folder of the report, which already has the waveforms of cases that differ
    title : the RTL and the simulator
    report_object : the result as JSON (``draupnir.golden.regress_report.as_object``); lines : the same in words
        (``draupnir.golden.regress_report.lines``): a head, one line for each case, the reasons of failures, and the sum
    Returns the page's path.
    """
    whole_object = {**report_object, "origin": origin.as_json()}
    rows = [_row(folder, case) for case in report_object["cases"]]
    parts = [pages.verdict(report_object["holds"], lines[-1]), pages.table(HEADER, rows)]
    if reasons := lines[N_HEAD + len(rows) : -1]:
        parts.append(pages.text("Why", "\n".join(reasons)))
    with filling(folder) as temporary:
        (temporary / JSON).write_text(schema.text("regress", whole_object) + "\n", encoding="utf-8")
        results = [_result(title, case) for case in report_object["cases"]]
        (temporary / JUNIT).write_text(junit.xml(title, results, origin), encoding="utf-8")
        (temporary / pages.PAGE).write_text(pages.page(title, parts, origin), encoding="utf-8")
    return folder / pages.PAGE


def _row(folder: Path, case: Mapping[str, Any]) -> list[Cell]:
    bits, words = case["output_bits"], case["words"]
    wave = f"{case['case']}.fst"
    waves = [] if case["holds"] else [wave, f"{case['case']}{PAIR}"]
    return [
        case["case"],
        _verdict(case),
        f"{case['clocks']:,}",
        f"{case['mismatches']:,}",
        "not compared" if words is None else f"{words:,}",
        f"{bits['compared']:,}",
        f"{case['unknown']:,}",
        _first_difference(case),
        [pages.PageLink(name, name) for name in waves if (folder / name).is_file()] or "",
    ]


def _verdict(case: Mapping[str, Any]) -> str:
    if not case["holds"]:
        return "FAILED"
    return "undefined in the source" if case["undefined"] else "holds"


def _first_difference(case: Mapping[str, Any]) -> str:
    """The first difference in words, "" if there is none."""
    difference = case["first_difference"]
    return difference["text"] if difference else ""


def _result(title: str, case: Mapping[str, Any]) -> junit.JUnitResult:
    """The result of a case for JUnit: the reason of a failure, and counts."""
    bits, words = case["output_bits"], case["words"]
    failure = "" if case["holds"] else _first_difference(case) or _unknown_bits(case)
    return junit.JUnitResult(
        title,
        case["case"],
        failure,
        properties={
            **junit.counts(case["clocks"], case["mismatches"], ComparedBits(bits["total"], bits["unknown"])),
            "words that differ": "not compared" if words is None else str(words),
        },
    )


def _unknown_bits(case: Mapping[str, Any]) -> str:
    """The reason why a case without any difference fails: its unknown bits."""
    undeclared = case.get("undeclared") or case["output_bits"]["unknown"]
    return "unknown bits: " + ", ".join(f"{name} {n:,}" for name, n in undeclared.items())
