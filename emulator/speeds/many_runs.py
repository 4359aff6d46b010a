"""Many runs of one chip on all cores: columns in, columns out. See ``many.py`` for the compiled part."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.speeds import batch
from draupnir.emulator.speeds.levels import ENGINE
from draupnir.emulator.speeds.many_jobs import ChipStates, ManyJobs, new_states
from draupnir.emulator.speeds.many_level import ManyLevel
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


def level_of(chip: Chip) -> ManyLevel | None:
    """Return what the chip's engine has for many runs, or None if it has nothing."""
    level: ManyLevel | None = getattr(ENGINE.require(chips.package(chip.name)), "many", None)
    return level


def run(
    jobs: ManyJobs, n_threads: int | None = None, worker: Callable[..., Any] | None = None, chunk: int = CHUNK
) -> ManyOutcome:
    """Run them all, on all cores or so many threads. Raises Stopped if the work has to stop.

    worker : another one than those of ``many_workers.py``, with the same arguments; chunk : runs that it takes at once
    """
    level = level_of(jobs.chip)
    ours: Callable[..., Any] = OneByOneWorker if level is None else CompiledWorker
    worker = worker or ours
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

    calls = (partial(work, *part) for part in _chunks(len(jobs), n_threads, chunk))
    figures, spikes = zip(*(batch.in_order(calls, n_threads) if len(jobs) else [work(0, 0)]), strict=True)
    return ManyOutcome(np.concatenate(figures), np.concatenate(spikes), ends if jobs.keep else None)


def _chunks(n: int, n_threads: int | None, most: int) -> Iterator[tuple[int, int]]:
    """The runs in parts of ``most`` or fewer, at least one for each thread."""
    size = max(1, min(most, -(-n // (n_threads or batch.n_cores()))))
    return ((first, min(first + size, n)) for first in range(0, n, size))
