"""Runs a second of CPU time of `draupnir.run_many`, against the size of a batch, beside single calls of `draupnir.run`.

python examples/search/speed.py -o build/speed
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import draupnir
from draupnir.emulator.speeds.batch import n_cores
from draupnir.tools.bench.workloads import make_workload, workloads
from draupnir.tools.report import plots

SIZES = (1, 4, 16, 64, 256, 1024, 4096)
MOST_EVENTS = 400_000  # of a batch
SECONDS = 1.0  # for each figure, at least


@dataclass(frozen=True)
class Job:
    """A run; name : for people; model : in its first state"""

    name: str
    model: Any
    events: np.ndarray
    environment: Any


def jobs() -> list[Job]:
    """Return a short, a medium and a long run of ODIN."""
    declared = draupnir.chip("odin").declared
    (lif,) = (one for one in workloads(declared).makers if one.__name__ == "lif")
    runs = [Job("1 event", draupnir.model("odin", "examples/odin/net.toml"), np.array([0x6407]), None)]
    for n in (100, 10_000):
        workload = make_workload(lif, declared, n)
        runs.append(Job(f"{n:,} events", workload.model(), workload.events, workload.environment))
    return runs


def rate(call: Callable[[], None], n_runs: int) -> float:
    """Return runs a second of CPU time of one core, the best of all calls within some time.

    Other work on the machine takes wall time, but no CPU time of this process; it only slows through the caches.
    """
    end, best = time.perf_counter() + SECONDS, 0.0
    while time.perf_counter() < end:
        start = time.process_time()
        call()
        best = max(best, n_runs / max(time.process_time() - start, 1e-6))
    return best


def measured(job: Job) -> dict[str, Any]:
    """Return the figures of a job: alone, and by threads and size of the batch."""
    first = job.model.snapshot()

    def alone() -> None:
        job.model.restore(first)
        draupnir.run(job.model, job.events, job.environment)

    def many(n: int, n_threads: int) -> None:
        draupnir.run_many(job.model, job.environment, n_threads=n_threads, events=job.events, changes=[{}] * n)

    alone()
    job.model.restore(first)
    many(1, 1)
    sizes = [n for n in SIZES if n * len(job.events) <= MOST_EVENTS]
    figures: dict[str, Any] = {"alone": rate(alone, 1)}
    job.model.restore(first)
    for n_threads in sorted({1, n_cores()}):
        name = "1 thread" if n_threads == 1 else f"{n_threads} threads"
        figures[name] = {n: rate(partial(many, n, n_threads), n) for n in sizes}
    return figures


@plots.styled
def draw(figures: dict[str, Any], path: Path) -> None:
    """Draw all jobs."""
    figure = plots.new_figure(9, 3.4)
    for axes, (name, one) in zip(figure.subplots(1, len(figures)), figures.items(), strict=True):
        for ways, curve in one.items():
            if ways == "alone":
                axes.axhline(curve, linestyle="--", color="grey", label="draupnir.run, one by one")
            else:
                axes.plot(list(curve), list(curve.values()), marker="o", label=f"run_many, {ways}")
        axes.set(xscale="log", yscale="log", xlabel="runs in a batch", ylabel="runs a second of a core", title=name)
        axes.grid(True)
    figure.axes[1].legend(loc="lower right", fontsize="small")
    figure.suptitle("A batch saves the Python around each run: short runs gain most")
    plots.save(figure, path)


def main() -> None:
    """Measure, write the figures and draw them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=Path("build/speed"))
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    figures = {job.name: measured(job) for job in jobs()}
    (folder / "speed.json").write_text(json.dumps(figures, indent=2) + "\n")
    draw(figures, folder / "speed.png")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
