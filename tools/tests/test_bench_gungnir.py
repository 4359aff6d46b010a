"""Gungnir's workloads: all levels of the model agree, and the chip does what the workload is for."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.gungnir.events import engine
from draupnir.tools.bench.contestants import Job
from draupnir.tools.bench.workloads import gungnir, odin

N_EVENTS = 60  # two steps and a half


def test_with_eprop_off_it_is_odins_job_clock_by_clock() -> None:
    job, odins = Job(gungnir.lif(N_EVENTS), N_EVENTS), Job(odin.lif(N_EVENTS), N_EVENTS)
    rows, loop, events = job.models()
    assert rows.n_clocks == loop.n_clocks == events.n_clocks == odins.models()[0].n_clocks > 10_000
    assert np.array_equal(job.rows, odins.rows)


def test_a_step_teaches_and_learns() -> None:
    workload = gungnir.eprop(N_EVENTS)
    rows, loop, events = Job(workload, N_EVENTS).models()
    assert rows.n_clocks == loop.n_clocks == events.n_clocks
    model = workload.model()
    run = engine.run(model, workload.events, workload.environment)
    assert min(run.statistics.cycles[name] for name in ("FEEDBACK", "LEARN")) > 1_000
    assert run.statistics.weight_steps > 100


def test_each_seed_has_its_own_steps() -> None:
    stream = gungnir.eprop(N_EVENTS).stream
    assert stream is not None
    assert np.array_equal(stream(0), gungnir.eprop(N_EVENTS).events)
    assert not np.array_equal(stream(0), stream(1))
