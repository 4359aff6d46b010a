"""A whole sweep: all runs of a space in jobs, and their results in files, in the order of the runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.batch import n_cores
from draupnir.golden.case import digest
from draupnir.golden.files import replacing
from draupnir.tools.jobs.job import PureJobOutcome
from draupnir.tools.jobs.options import JobOptions, successes
from draupnir.tools.sweep import block, on_gpu, results
from draupnir.tools.sweep.packed_arrays import unpack
from draupnir.tools.sweep.space import SweepSpace

SPACE = "space.toml"
_Block = Mapping[str, Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class SweepOutcome:
    """The outcome of a sweep.

    n_runs : the runs in the files; n_space : the runs of the whole space
    sha256 : of the Parquet file; arrays : the names of the arrays in Zarr
    """

    n_runs: int
    n_space: int
    sha256: str
    arrays: list[str]

    def rows(self, folder: Path) -> Iterator[tuple[str, str]]:
        """Yield the figures: a name for people, and its text."""
        yield (
            "runs",
            f"{self.n_runs:,}" + ("" if self.n_runs == self.n_space else f" of {self.n_space:,}, then stopped"),
        )
        yield "table", f"{folder / results.RUNS}"
        yield "its SHA-256", self.sha256
        if self.arrays:
            yield "arrays", f"{folder / results.ARRAYS}: {', '.join(self.arrays)}"


def claim(folder: Path, swept: SweepSpace, resume: bool) -> None:
    """Keep the space in the folder of its results. Raises InputError for a folder that has another sweep."""
    path = folder / SPACE
    if path.exists() and not resume:
        raise InputError(f"{folder}: it has a sweep already; right is --resume, or another -o")
    if path.exists() and path.read_text() != swept.text:
        raise InputError(f"--resume: {path} is another space than {swept.source.path}; right is another -o")
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(swept.text)


def run(
    swept: SweepSpace, folder: Path, options: JobOptions, advance: Callable[[int], None], backend: str = "cpu"
) -> SweepOutcome:
    """Run all runs that the store does not have, and write the files.

    advance : receives numbers of runs; backend : as for ``draupnir.run_many``
    """
    if not options.are_many:
        options = replace(options, workers=n_cores())
    stop_at: list[int] = []

    def goes_on() -> bool:
        return not stop_at

    with results.opened(folder, swept.n_runs) as files:
        jobs = block.jobs(swept)
        ran = on_gpu.run(jobs, options.store, goes_on) if backend == "cuda" else options.run(jobs, goes_on)
        outcomes = _contents(successes(ran), swept, stop_at, advance)
        n_runs = 0
        for first, content in _in_order(outcomes):
            stop = swept.stop.first(content["columns"])
            n = min(first + block.RUNS, swept.n_runs) - first if stop is None else stop + 1
            files.write(first, _axes(swept, first, n), content, n)
            n_runs = first + n
            if stop is not None:
                break
        for _ in outcomes:  # the jobs that ran beyond the last run, whose results are not needed
            pass
        files.cut(n_runs)
    return SweepOutcome(n_runs, swept.n_runs, digest(folder / results.RUNS), files.names)


def _contents(
    outcomes: Iterable[PureJobOutcome], swept: SweepSpace, stop_at: list[int], advance: Callable[[int], None]
) -> Iterator[tuple[int, _Block]]:
    """The first run and the content of each block, in any order; notes in ``stop_at`` that no more jobs are needed."""
    for outcome in outcomes:
        content = {
            kind: {name: unpack(text) for name, text in arrays.items()} for kind, arrays in outcome.result.items()
        }
        first = outcome.job.arguments["first"]
        if swept.stop.first(content["columns"]) is not None:
            stop_at.append(first)
        advance(outcome.job.arguments["last"] - first)
        yield first, content


def _in_order(outcomes: Iterator[tuple[int, _Block]]) -> Iterator[tuple[int, _Block]]:
    """The blocks in the order of their runs. Those that are early wait."""
    early: dict[int, _Block] = {}
    due = 0
    for first, content in outcomes:
        early[first] = content
        while due in early:
            yield due, early.pop(due)
            due += block.RUNS


def _axes(swept: SweepSpace, first: int, n: int) -> dict[str, Any]:
    """The values of all axes in some runs, for the table."""
    points = swept.points(first, first + n)
    columns: dict[str, Any] = {}
    for axis in swept.axes:
        values = [axis.values[number] for number in points[axis.name].tolist()]
        columns[axis.name] = values if isinstance(values[0], str) else np.array(values, np.int64)
    return columns
