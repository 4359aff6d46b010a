"""The jobs of `draupnir cover`: one names the points of a design, and one for each golden case counts them.

The name of a point has the path of its source, which is another one on each machine. The results of jobs have the
number of the source in its place.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.golden import regress
from draupnir.golden.case import Case
from draupnir.golden.regress import CaseOutcome
from draupnir.rtl import verilated
from draupnir.rtl.design import Design
from draupnir.tools.coverage import functional
from draupnir.tools.coverage.dat import Runs
from draupnir.tools.coverage.functional import Bins
from draupnir.tools.coverage.measure import Counted, Measurement, measure
from draupnir.tools.jobs.cases import arguments_of, case_of
from draupnir.tools.jobs.job import PureJob
from draupnir.tools.jobs.options import JobOptions, successes
from draupnir.tools.jobs.plain import plain, restored
from draupnir.tools.jobs.rtl import declaration, description, read_design
from draupnir.tools.terminal import builds
from draupnir.tools.terminal.options import Rtl


@dataclass(frozen=True)
class CoverageJobs:
    """Coverage that is measured in jobs, with the same result as in one process.

    rtl : the RTL
    took : called with 1 after each case
    """

    options: JobOptions
    rtl: Rtl
    took: Callable[[int], None]

    def measure(self, design: Design, chip: Chip, cases: Sequence[Case], build_dir: Path, waves: Path) -> Measurement:
        """Run cases as ``draupnir.tools.coverage.measure.measure`` does, each in a job.

        Raises as ``options.successes`` does.
        """
        about = description(chip, self.rtl, design)
        (numbered,) = self._results([PureJob(f"points of {chip.name}", f"{__name__}:points", {"about": about})])
        names = [verilated.with_paths(name, design) for name in numbered]
        measurement = Measurement(Runs(), [])
        results = self._results(_of_cases("hold", about, cases), self.took)
        for one, result in zip(cases, results, strict=True):
            outcome: CaseOutcome = restored(CaseOutcome, result["outcome"], case=one)
            if not outcome.holds:  # once more on this machine, which writes its waveform
                (outcome,) = measure(design, chip, [one], build_dir, waves).outcomes
            measurement.outcomes.append(outcome)
            measurement.runs.add_counts(names, result["counts"])
            if not outcome.holds:
                break
        return measurement

    def count(self, chip: Chip, cases: Sequence[Case]) -> Bins:
        """Count as ``draupnir.tools.coverage.functional.count`` does, each case in a job."""
        about, groups = description(chip, self.rtl, None), functional.all_groups(chip)
        return functional.total(
            {group: np.array(counts, np.int64) for group, counts in zip(groups, result, strict=True)}
            for result in self._results(_of_cases("bins", about, cases))
        )

    def _results(self, jobs: Sequence[PureJob], took: Callable[[int], None] = lambda n: None) -> list[Any]:
        """Return the results of jobs in the order of the jobs."""
        result_of: dict[str, Any] = {}
        for outcome in successes(self.options.run(jobs)):
            result_of[outcome.job.key] = outcome.result
            took(1)
        return [result_of[job.key] for job in jobs]


def points(about: Mapping[str, Any]) -> list[str]:
    """Return the names of all points of a design, in their order: a job."""
    nothing_yet = Runs()
    nothing_yet.add(_device_of(about).coverage(numbered=True))
    return list(nothing_yet.counts)


def hold(about: Mapping[str, Any], folder: str, case: str) -> dict[str, Any]:
    """Compare the design with a case: a job. Returns a plain ``CaseOutcome`` without its case, and all counts."""
    device = _device_of(about)
    device.runs = Runs()
    outcome = regress.hold(device, declaration(about), case_of(folder, case))
    return {"outcome": plain(outcome, omitted=["case"]), "counts": list(device.runs.counts.values())}


def bins(about: Mapping[str, Any], folder: str, case: str) -> list[Any]:
    """Return the counts of all groups of functional coverage in a case: a job."""
    counts = functional.count(declaration(about), [case_of(folder, case)])
    return [group.tolist() for group in counts.values()]


def _of_cases(function: str, about: Mapping[str, Any], cases: Sequence[Case]) -> list[PureJob]:
    return [
        PureJob(
            f"{one.chip} {one.name}, {function}", f"{__name__}:{function}", {"about": dict(about), **arguments_of(one)}
        )
        for one in cases
    ]


def _device_of(about: Mapping[str, Any]) -> Counted:
    """Return the design of a job, which counts. A process keeps the last one."""
    return _kept_device(json.dumps(about))[0]


@lru_cache(maxsize=1)
def _kept_device(about_text: str) -> tuple[Counted, object]:
    """The design, and the object that keeps the folder of its files."""
    about = json.loads(about_text)
    scratch = tempfile.TemporaryDirectory(prefix="draupnir-")
    folder = Path(scratch.name)
    compiled = builds.compiled_folder(folder)
    return Counted(read_design(about, folder), declaration(about), compiled, Runs(), numbered=True), scratch
