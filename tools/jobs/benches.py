"""The jobs of `draupnir sim`: one for each cocotb test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from draupnir.cocotb_tests import runner
from draupnir.cocotb_tests.catalogue import Test
from draupnir.cocotb_tests.first_memory import located
from draupnir.cocotb_tests.runner import BenchOutcome
from draupnir.rtl.initial import Initial
from draupnir.tools.jobs import rtl
from draupnir.tools.jobs.job import PureJob, file_hash
from draupnir.tools.jobs.options import JobOptions, successes
from draupnir.tools.jobs.plain import plain, restored
from draupnir.tools.terminal import builds

_TIMES = ("seconds", "cpu")  # the notes that are not the same in each run


def jobs(
    about: Mapping[str, Any],
    simulator: str,
    start: Initial,
    seed: int,
    waves: bool,
    tests: Sequence[tuple[Test, Path, str]],
) -> list[PureJob]:
    """Return a job for each test.

    about : the RTL, of ``rtl.description``
    tests : each test with the folder for its log and waveform, and the command that runs it alone
    """
    same = {"about": dict(about), "simulator": simulator, "initial": plain(start), "seed": seed, "waves": waves}
    return [
        PureJob(
            f"{about['chip']} {test} in {simulator}",
            f"{__name__}:run",
            {
                **same,
                "test": plain(test),
                "test_hash": file_hash([test.path] if test.path else []),
                "folder": str(folder),
                "reproduce": reproduce,
            },
        )
        for test, folder, reproduce in tests
    ]


def run_all(options: JobOptions, bench_jobs: Sequence[PureJob]) -> Iterator[BenchOutcome]:
    """Run each test in a job, and yield the outcomes in the order in which they come.

    Raises as ``options.successes`` does.
    """
    for outcome_of_job in successes(options.run(bench_jobs)):
        outcome: BenchOutcome = restored(BenchOutcome, outcome_of_job.result, seconds=outcome_of_job.seconds)
        yield replace(outcome, notes=outcome.notes | {"seconds": outcome_of_job.seconds})


def run(
    about: Mapping[str, Any],
    simulator: runner.Simulator,
    initial: Mapping[str, Any],
    seed: int,
    waves: bool,
    test: Mapping[str, Any],
    test_hash: str,
    folder: str,
    reproduce: str,
) -> dict[str, Any]:
    """Run a cocotb test: a job. Returns a plain ``BenchOutcome`` without its times."""
    with tempfile.TemporaryDirectory(prefix="draupnir-") as scratch:
        chip, design = rtl.declaration(about), rtl.read_design(about, Path(scratch))
        bench = runner.build(design, chip, simulator, builds.compiled_folder(Path(scratch)), waves)
        start = restored(Initial, initial)
        outcome = runner.run(bench, restored(Test, test), Path(folder), seed, reproduce, start)
        outcome = located(bench, outcome, seed, start)
    notes = {name: note for name, note in outcome.notes.items() if name not in _TIMES}
    result: dict[str, Any] = plain(replace(outcome, notes=notes), omitted=["seconds"])
    return result
