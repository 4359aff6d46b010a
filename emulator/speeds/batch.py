"""Many chips at once: independent event-level runs on all cores, with the same results as one run after the other.

The engine runs without Python's global lock, so threads are enough, and nothing is copied.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import pieces
from draupnir.emulator.speeds.levels import BUS_ENGINE, ENGINE

T = TypeVar("T")
AHEAD = 4  # runs for each thread that are prepared, or whose result still waits


@dataclass(frozen=True)
class Sample:
    """One run.

    model : a golden model that no other run uses; it is in its final state after the run
    events, environment, max_cycles : the arguments of the chip's ``engine.run``
    not_before : the same; None for a chip that its host leads
    """

    model: Any
    events: np.ndarray
    environment: Environment
    max_cycles: int | None = None
    not_before: np.ndarray | None = None

    def run(self) -> Any:
        """Run it in this thread, and return the result of the chip's ``engine.run``.

        Raises InputError for ``not_before`` of a chip that its host leads.
        """
        package = chips.package(self.model.chip.name)
        arguments = (self.model, self.events, self.environment, self.max_cycles)
        if self.not_before is None:
            return ENGINE.require(package).run(*arguments)
        if package.host is not None:
            raise InputError(f"{package.name}: its host leads the chip, and sends no event; right is not_before None")
        return BUS_ENGINE.require(package).run(*arguments, self.not_before)


def run_batch(samples: Iterable[Sample], n_threads: int | None = None) -> Iterator[Any]:
    """Yield the results of the runs, in the order of the samples. Two samples must not share a model.

    An iterator of samples may create any number of them on the way; see ``in_order`` for all the rest.
    """
    return in_order((sample.run for sample in samples), n_threads)


def in_order(jobs: Iterable[Callable[[], T]], n_threads: int | None = None) -> Iterator[T]:
    """Yield the results of jobs, in their order, each as soon as it and all before it are there.

    jobs : functions that any thread may call; an iterator is read only when a thread is free
    n_threads : at least 1; None for one thread on each core

    If a job raises an error, the error is raised in the place of its result, and the batch ends. It also ends on
    Ctrl-C, and when the caller closes the iterator. Runs of chips that have begun then stop within about a second.
    """
    n_threads = n_threads or n_cores()
    todo = iter(jobs)
    stop = threading.Event()

    def run(job: Callable[[], T]) -> T:
        with pieces.stoppable(stop):
            return job()

    with ThreadPoolExecutor(n_threads, thread_name_prefix="chip") as pool:
        running: list[Future[T]] = []
        try:
            running += [pool.submit(run, job) for job in islice(todo, AHEAD * n_threads)]
            while running:
                yield running.pop(0).result()
                running += [pool.submit(run, job) for job in islice(todo, 1)]
        finally:
            stop.set()
            for future in running:
                future.cancel()


def n_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
