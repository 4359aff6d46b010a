"""The options by which commands spread their jobs over processes or machines."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import Any

import click

from draupnir.emulator.errors import InputError
from draupnir.tools.jobs.job import PureJob, PureJobOutcome
from draupnir.tools.terminal.arguments import limit_option

STORE = Path("build/jobs.sqlite")
LIMIT = 600.0  # seconds
MOST_WORKERS = 1024
_FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class JobOptions:
    """The options of a user about jobs.

    workers : the number of processes; None if the user named none
    cluster : the address of a Dask scheduler; None for this machine
    tls : "ca", "cert" or "key" -> file
    """

    workers: int | None = None
    cluster: str | None = None
    tls: Mapping[str, Path] = field(default_factory=dict)
    limit: float = LIMIT
    store: Path = STORE

    @property
    def are_many(self) -> bool:
        """True if the user asked for several processes or for a cluster."""
        return self.workers is not None or self.cluster is not None

    def run(self, jobs: Iterable[PureJob], goes_on: Callable[[], bool] = lambda: True) -> Iterator[PureJobOutcome]:
        """Run jobs, and yield each outcome, in any order; see ``draupnir.tools.jobs.campaign.run``.

        Raises InputError for a store that is none, and for a cluster that is not there.
        """
        from draupnir.tools.jobs import campaign, pool, store  # imported here, because --help does not need it

        def opened_pool() -> contextlib.AbstractContextManager[pool.Pool]:
            return pool.of_cluster(self.cluster, self.tls) if self.cluster else pool.of_this_machine(self.workers or 1)

        with store.opened(self.store) as results, opened_pool() as workers:
            yield from campaign.run(jobs, results, workers, self.limit, goes_on)


def job_options(
    function: Callable[..., None] | None = None, *, limit_name: str = "--limit", seconds: float = LIMIT
) -> Callable[..., Any]:
    """Add the options to a command, which receives them as the argument ``job_options``, a ``JobOptions``.

    limit_name, seconds : the name of the option for the time of each job, and its default
    """
    if function is None:
        return partial(job_options, limit_name=limit_name, seconds=seconds)

    @wraps(function)
    def command(
        workers: int | None,
        cluster: str | None,
        tls_files: tuple[str, ...],
        job_limit: float,
        job_store: Path,
        **words: Any,
    ) -> None:
        if workers is not None and cluster is not None:
            raise InputError(f"--workers {workers}: not with --cluster, whose workers are its own")
        if tls_files and cluster is None:
            raise InputError(f"--tls {tls_files[0]}: only with --cluster tls://...")
        options = JobOptions(workers, cluster, _tls(tls_files), job_limit, job_store)
        function(job_options=options, **words)

    for option in reversed(_options(limit_name, seconds)):
        command = option(command)
    return command


def _options(limit_name: str, seconds: float) -> tuple[Callable[[Any], Any], ...]:
    return (
        click.option("--workers", metavar="N", type=click.IntRange(1, MOST_WORKERS), help="Run N jobs at a time."),
        click.option("--cluster", metavar="ADDRESS", help="Run jobs on the Dask cluster at ADDRESS (docs/cluster.md)."),
        click.option(
            "--tls", "tls_files", metavar="PART=FILE", multiple=True, help="With --cluster tls://...: ca, cert and key."
        ),
        limit_option("Time for each job.", seconds, limit_name, "job_limit"),
        click.option(
            "--store",
            "job_store",
            metavar="FILE",
            type=_FILE,
            default=STORE,
            show_default=True,
            help="Results that need not run again.",
        ),
    )


def successes(outcomes: Iterable[PureJobOutcome]) -> Iterator[PureJobOutcome]:
    """Yield the outcomes that have a result. A job without a result does not end the others.

    At the end raises InputError if a job has no result, with the first of them by name; RuntimeError for a defect.
    """
    failed = []
    for one in outcomes:
        if one.kind == "done":
            yield one
        else:
            failed.append(one)
    for one in failed:
        if one.kind == "defect":
            raise RuntimeError(f"{one.job.name}:\n{one.text}")
    if failed:
        more = f" ({len(failed) - 1} more jobs have no result)" if failed[1:] else ""
        raise InputError(f"{min(map(str, failed))}{more}")


def _tls(texts: tuple[str, ...]) -> dict[str, Path]:
    from draupnir.tools.jobs.pool import TLS_FILES

    files: dict[str, Path] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        if name not in TLS_FILES or not equals or not file or name in files:
            raise InputError(f"--tls {text}: right is ca=FILE, cert=FILE or key=FILE, each once")
        files[name] = Path(file)
    return files
