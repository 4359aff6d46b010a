"""Experiments under cocotb: a bench notes which one it ran and where its record is; here the report is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from draupnir.cocotb_tests.runner import BenchOutcome
from draupnir.tools.report.provenance import Origin


def report(outcome: BenchOutcome, simulator: str, origin: Origin) -> None:
    """Write the report of the experiment that a test has noted, if any, and add what is told of it to the notes."""
    wanted = REPORTS.get(outcome.notes.get("experiment", ""))
    if wanted is not None:
        outcome.notes.update(wanted(Path(outcome.notes["record"]), simulator, origin))


def _digits(record: Path, simulator: str, origin: Origin) -> dict[str, Any]:
    from draupnir.tools.experiments.digits import simulated  # only here: most tests are no experiment

    return simulated.report(record, simulator, origin)


REPORTS = {"digits": _digits}
