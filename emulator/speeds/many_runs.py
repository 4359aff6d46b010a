"""Many runs of one chip on all cores: columns in, columns out. See ``many.py`` for the compiled part."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.speeds import batch
from draupnir.emulator.speeds.events import EventLevel
from draupnir.emulator.speeds.levels import ENGINE
from draupnir.emulator.speeds.many_jobs import ChipStates, ManyJobs, new_states
from draupnir.emulator.speeds.many_workers import CompiledWorker, OneByOneWorker

CHUNK = 256  # runs that a thread takes at once, at most


@dataclass(frozen=True)
class ManyOutcome:
    """The outcome of n runs.

    figures : (n,) records: ``n_sent``, ``n_cycles``, ``n_spikes``, ``done``, and the counts of the chip's statistics
    spikes : records of SPIKE, run after run; states : at the end, if they were kept
    """

    figures: np.ndarray
    spikes: np.ndarray
    states: ChipStates | None


def run(jobs: ManyJobs, n_threads: int | None = None) -> ManyOutcome:
    """Run them all, on all cores or so many threads. Raises Stopped if the work has to stop."""
    level = getattr(ENGINE.require(chips.package(jobs.chip.name)).run, "__self__", None)
    worker: Any = CompiledWorker if isinstance(level, EventLevel) else OneByOneWorker
    ends = new_states(jobs.model(), len(jobs) if jobs.keep else 0)
    idle: queue.LifoQueue[Any] = queue.LifoQueue()

    def work(first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Run some consecutive runs on a chip that another thread has done with, or on a new one."""
        try:
            one = idle.get_nowait()
        except queue.Empty:
            one = worker(jobs, level, ends)
        try:
            ran: tuple[np.ndarray, np.ndarray] = one.run(first, last)
        finally:
            idle.put(one)
        return ran

    calls = (partial(work, *chunk) for chunk in _chunks(len(jobs), n_threads))
    figures, spikes = zip(*(batch.in_order(calls, n_threads) if len(jobs) else [work(0, 0)]), strict=True)
    return ManyOutcome(np.concatenate(figures), np.concatenate(spikes), ends if jobs.keep else None)


def _chunks(n: int, n_threads: int | None) -> Iterator[tuple[int, int]]:
    """The runs in parts, at least one for each thread."""
    size = max(1, min(CHUNK, -(-n // (n_threads or batch.n_cores()))))
    return ((first, min(first + size, n)) for first in range(0, n, size))
