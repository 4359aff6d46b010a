"""Many chips at once: independent event-level runs on all cores, with the results of one after the other.

The engine runs outside of Python's lock, so threads are enough: models stay where they are, and nothing is copied.
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

AHEAD = 4  # runs for each thread that are prepared, or done and not yet taken


@dataclass(frozen=True)
class Sample:
    """One run.

    model : a golden model of its own, as it is to begin; the run leaves it as it ends
    events, environment, max_cycles : as the chip's ``engine.run`` takes them
    """

    model: Any
    events: np.ndarray
    environment: Environment
    max_cycles: int | None = None

    def run(self) -> Any:
        """The run, now and here; returns what the chip's ``engine.run`` returns."""
        engine = ENGINE.needed(chips.package(self.model.chip.name))
        return engine.run(self.model, self.events, self.environment, self.max_cycles)


def run_batch(samples: Iterable[Sample], n_threads: int | None = None) -> Iterator[Any]:
    """The runs' results, in the order of the samples, each as soon as it and those before it are there.

    samples : taken as threads become free, so that any number of them may be made on the way
    n_threads : None is one for each core
    No two samples at work at the same time may share a model. An error of a run is raised in its place, and ends the
    batch: as Ctrl-C does, and whoever takes no more results. Runs under way stop within a second or so.
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
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
