"""Many chips at once: independent runs in one thread and on all cores, and short runs in batches of ``run_many``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from draupnir.emulator import chips, state
from draupnir.emulator.speeds import many_runs
from draupnir.emulator.speeds.batch import Sample, n_cores, run_batch
from draupnir.emulator.speeds.levels import ENGINE
from draupnir.many import jobs_of
from draupnir.tools.bench.contestants import Disagreement, same_output, synaptic_operations
from draupnir.tools.bench.measure import Contestant
from draupnir.tools.bench.workloads import Workload

BATCH = "batch"  # the name of the workload
RUN_MANY = "run_many"  # the name of the workload of short runs
RUN_EVENTS = 10  # events of a short run
BATCHES = 16, 256, 1024
N_CHIPS = 16
ALONE, BATCH_OF = f"{N_CHIPS} runs, one after the other", "a batch of {} runs"
ONE_THREAD, ALL_CORES = f"{N_CHIPS} chips, 1 thread", f"{N_CHIPS} chips, a thread for each of {{}} cores"


def all_cores() -> str:
    """The name of the contestant that uses all cores."""
    return ALL_CORES.format(n_cores())


def contestants(workload: Workload) -> list[Contestant]:
    """Many chips, each of which runs all events of the workload, in one thread and on all cores.

    Raises Disagreement if the two ways give different results.
    """
    models = [workload.model() for _ in range(N_CHIPS)]
    ready = models[0].snapshot()
    samples = [Sample(model, workload.events, workload.environment) for model in models]

    def prepare() -> None:
        for model in models:
            model.restore(ready)

    def ends(n_threads: int | None) -> tuple[list[Any], list[state.Snapshot]]:
        prepare()
        runs = list(run_batch(samples, n_threads))
        return runs, [model.snapshot() for model in models]

    (alone, alone_ends), (together, together_ends) = ends(1), ends(None)
    _agree(alone, together, alone_ends, together_ends)
    clocks = sum(run.n_cycles for run in alone)
    operations = sum(synaptic_operations(run) for run in alone)
    return [
        Contestant(name, BATCH, partial(_run, samples, n_threads), prepare, clocks, operations)
        for name, n_threads in ((ONE_THREAD, 1), (all_cores(), None))
    ]


def contestants_of_batches(workload: Workload) -> list[Contestant]:
    """Short runs from one base in ``run_many``, in batches of several sizes, and one after the other; in one thread.

    Raises Disagreement if they give different results.
    """
    model, events, environment = workload.model(), workload.events[:RUN_EVENTS], workload.environment
    ready, engine = model.snapshot(), ENGINE.require(chips.package(model.chip.name))

    def one_by_one() -> Any:
        for _ in range(N_CHIPS):
            model.restore(ready)
            ran = engine.run(model, events, environment)
        return ran

    ran = one_by_one()
    model.restore(ready)
    of_one = ran.n_cycles, synaptic_operations(ran)
    every_contestant = [Contestant(ALONE, RUN_MANY, one_by_one, lambda: None, *(N_CHIPS * n for n in of_one))]
    for size in BATCHES:
        jobs = jobs_of(model, events, [{}] * size, environment)
        figures = many_runs.run(jobs, 1).figures
        if not (figures["n_cycles"] == ran.n_cycles).all() or not (figures["n_spikes"] == len(ran.cycles)).all():
            raise Disagreement(f"{RUN_MANY}: a batch of {size} runs differs from a run alone")
        run = partial(many_runs.run, jobs, 1)
        every_contestant.append(
            Contestant(BATCH_OF.format(size), RUN_MANY, run, lambda: None, *(size * n for n in of_one))
        )
    return every_contestant


def _run(samples: Sequence[Sample], n_threads: int | None) -> None:
    for _ in run_batch(samples, n_threads):
        pass


def _agree(
    a: Sequence[Any], b: Sequence[Any], a_ends: Sequence[state.Snapshot], b_ends: Sequence[state.Snapshot]
) -> None:
    for i in range(len(a)):
        if not same_output(a[i], b[i]) or state.diff(a_ends[i], b_ends[i]):
            raise Disagreement(f"{BATCH}: chip {i} differs between one thread and many")
