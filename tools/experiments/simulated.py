"""Reports of experiments under cocotb. A bench notes its experiment and the place of its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from draupnir.cocotb_tests.runner import BenchOutcome
from draupnir.tools.report.provenance import Origin


def report(outcome: BenchOutcome, simulator: str, origin: Origin) -> None:
    """Write the report of the experiment that a test has noted, if there is one. Add its figures to the notes."""
    write_report = REPORTS.get(outcome.notes.get("experiment", ""))
    if write_report is not None:
        outcome.notes.update(write_report(Path(outcome.notes["record"]), simulator, origin))


def _digits(record: Path, simulator: str, origin: Origin) -> dict[str, Any]:
    from draupnir.tools.experiments.digits import simulated  # imported here, because most tests are not experiments

    return simulated.report(record, simulator, origin)


REPORTS = {"digits": _digits}
