"""Many chips at once: independent event-level runs on all cores, with the same results as one run after the other.

The engine runs without Python's global lock, so threads are enough, and nothing is copied.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import pieces
from draupnir.emulator.speeds.levels import ENGINE

AHEAD = 4  # runs for each thread that are prepared, or whose result still waits


@dataclass(frozen=True)
class Sample:
    """One run.

    model : a golden model that no other run uses; it is in its final state after the run
    events, environment, max_cycles : the arguments of the chip's ``engine.run``
    """

    model: Any
    events: np.ndarray
    environment: Environment
    max_cycles: int | None = None

    def run(self) -> Any:
        """Run it in this thread, and return the result of the chip's ``engine.run``."""
        engine = ENGINE.require(chips.package(self.model.chip.name))
        return engine.run(self.model, self.events, self.environment, self.max_cycles)


def run_batch(samples: Iterable[Sample], n_threads: int | None = None) -> Iterator[Any]:
    """Yield the results of the runs, in the order of the samples, each as soon as it and all before it are there.

    samples : an iterator is read only when a thread is free, so it may create any number of samples on the way
    n_threads : at least 1; None for one thread on each core

    Two samples that run at the same time must not share a model. If a run raises an error, the error is raised in the
    place of its result, and the batch ends. It also ends on Ctrl-C, and when the caller closes the iterator. Runs that
    have begun then stop within about a second.
    """
    n_threads = n_threads or n_cores()
    todo = iter(samples)
    stop = threading.Event()

    def run(sample: Sample) -> Any:
        with pieces.stoppable(stop):
            return sample.run()

    with ThreadPoolExecutor(n_threads, thread_name_prefix="chip") as pool:
        running: list[Future[Any]] = []
        try:
            running += [pool.submit(run, sample) for sample in islice(todo, AHEAD * n_threads)]
            while running:
                yield running.pop(0).result()
                running += [pool.submit(run, sample) for sample in islice(todo, 1)]
        finally:
            stop.set()
            for future in running:
                future.cancel()


def n_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
