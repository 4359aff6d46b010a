"""Many chips at once: independent event-level runs in one thread, and in one thread for each core."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from draupnir.emulator import state
from draupnir.emulator.speeds.batch import Sample, n_cores, run_batch
from draupnir.tools.bench.contestants import Disagreement, same_output, synaptic_operations
from draupnir.tools.bench.measure import Contestant
from draupnir.tools.bench.workloads import Workload

BATCH = "batch"  # the name of the workload
N_CHIPS = 16
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


def _run(samples: Sequence[Sample], n_threads: int | None) -> None:
    for _ in run_batch(samples, n_threads):
        pass


def _agree(
    a: Sequence[Any], b: Sequence[Any], a_ends: Sequence[state.Snapshot], b_ends: Sequence[state.Snapshot]
) -> None:
    for i in range(len(a)):
        if not same_output(a[i], b[i]) or state.diff(a_ends[i], b_ends[i]):
            raise Disagreement(f"{BATCH}: chip {i} differs between one thread and many")
