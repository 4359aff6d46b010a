"""Run many jobs in a pool. What the store already has does not run again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from itertools import islice
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds import pieces
from draupnir.tools.jobs.job import PureJob, PureJobOutcome, product_hash
from draupnir.tools.jobs.pool import Pool
from draupnir.tools.jobs.process import perform
from draupnir.tools.jobs.store import Store

AHEAD = 2  # jobs that wait in the pool, for each that runs
LOOK = 0.5  # seconds between two looks at whether the work is to stop
_Running = dict["Future[dict[str, Any]]", PureJob]


def run(
    jobs: Iterable[PureJob], store: Store, pool: Pool, limit: float, goes_on: Callable[[], bool] = lambda: True
) -> Iterator[PureJobOutcome]:
    """Run jobs, and yield each outcome as soon as it is there, in any order.

    jobs : may be endless
    limit : seconds for each job
    goes_on : called before each new job; if it returns False, only the jobs that run already are awaited
    """
    rest, running = iter(jobs), _Running()
    while True:
        pieces.check_stop()
        n_free = max(0, (1 + AHEAD) * pool.n_parallel() - len(running))
        new_jobs = list(islice(rest, n_free)) if goes_on() else []
        for job in new_jobs:
            if (earlier_outcome := store.find(job)) is not None:
                yield earlier_outcome
            else:
                running[pool.executor.submit(perform, _request(job, limit))] = job
        if not running and not new_jobs:
            return
        for future in wait(running, LOOK, FIRST_COMPLETED).done if running else ():
            outcome = _outcome(running.pop(future), future)
            store.keep(outcome)
            yield outcome


def _request(job: PureJob, limit: float) -> dict[str, Any]:
    return {
        "function": job.function,
        "arguments": dict(job.arguments),
        "limit": limit,
        "product": product_hash(),
        "folder": os.getcwd(),
    }


def _outcome(job: PureJob, future: Future[dict[str, Any]]) -> PureJobOutcome:
    """The outcome of a job whose future is done."""
    try:
        reply = future.result()
    except CancelledError as error:
        text = "the cluster has given up the jobs; the same command goes on where this one ended"
        raise InputError(f"--cluster: {text}") from error
    except pieces.Stopped:
        raise
    except Exception as error:  # Dask's: a worker that ends time after time, or has no Draupnir
        return PureJobOutcome(job, "died", None, f"{type(error).__name__}: {' '.join(str(error).split())}")
    return PureJobOutcome(
        job, reply["kind"], reply.get("result"), reply.get("text", ""), reply["seconds"], reply["worker"]
    )


def hours(n: float) -> Callable[[], bool]:
    """Return a function for ``goes_on`` of ``run`` that returns False after n hours."""
    end = time.monotonic() + 3600 * n
    return lambda: time.monotonic() < end
