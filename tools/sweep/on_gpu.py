"""The jobs of a sweep on the GPU of this machine: as many runs in one call as fill it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.speeds import pieces
from draupnir.tools.gpu.on_gpu import CHUNK
from draupnir.tools.jobs import store
from draupnir.tools.jobs.job import PureJob, PureJobOutcome
from draupnir.tools.sweep import block

WORKER = "GPU"


def run(jobs: Iterable[PureJob], store_path: Path, goes_on: Callable[[], bool]) -> Iterator[PureJobOutcome]:
    """Run jobs, and yield their outcomes; parameters and results are as for ``JobOptions.run``.

    The results are those of the CPU, so the store may have some of them from there. Raises InputError as a job does.
    """
    rest = iter(jobs)
    with store.opened(store_path) as results:
        while goes_on() and (group := list(islice(rest, CHUNK // block.RUNS))):
            new_jobs = []
            for job in group:
                earlier_outcome = results.find(job)
                if earlier_outcome is None:
                    new_jobs.append(job)
                else:
                    yield earlier_outcome
            for part in _consecutive(new_jobs):
                for outcome in _outcomes(part):
                    results.keep(outcome)
                    yield outcome
            pieces.check_stop()


def _consecutive(jobs: Sequence[PureJob]) -> Iterator[list[PureJob]]:
    """The jobs in parts whose runs are consecutive."""
    places = (job.arguments["first"] - i * block.RUNS for i, job in enumerate(jobs))
    for _, part in groupby(zip(places, jobs, strict=True), lambda pair: pair[0]):
        yield [job for _, job in part]


def _outcomes(jobs: Sequence[PureJob]) -> Iterator[PureJobOutcome]:
    """Run consecutive jobs in one call."""
    first, start = jobs[0].arguments["first"], time.perf_counter()
    subject = block.subject_of(*(jobs[0].arguments[name] for name in ("path", "text", "files")))
    whole = subject.run(first, jobs[-1].arguments["last"], "cuda")
    seconds = (time.perf_counter() - start) / len(jobs)
    for job in jobs:
        part = _cut(whole, job.arguments["first"] - first, job.arguments["last"] - first)
        yield PureJobOutcome(job, "done", block.packed_block(part), seconds=seconds, worker=WORKER)


def _cut(whole: Mapping[str, Mapping[str, np.ndarray]], first: int, last: int) -> dict[str, dict[str, Any]]:
    """Some of the runs of a block, with their own numbers."""
    rows = {kind: {name: array[first:last] for name, array in whole[kind].items()} for kind in ("columns", "arrays")}
    spikes = whole["spikes"]
    if spikes:
        places = slice(*np.searchsorted(spikes["run"], [first, last]))
        spikes = {name: column[places] - (first if name == "run" else 0) for name, column in spikes.items()}
    return {**rows, "spikes": dict(spikes)}
