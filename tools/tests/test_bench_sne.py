"""SNE's workloads: rows of pins and the loop of both streams give the same, and spikes come out."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.sne import streams
from draupnir.emulator.sne.layout import CHIP, TIME_BITS, EventOp
from draupnir.tools.bench.contestants import LOOP, ROWS, Job
from draupnir.tools.bench.workloads import workloads

N_WORDS = 200


@pytest.mark.parametrize("number", range(2))
def test_a_workload_runs_in_both_ways(number: int) -> None:
    workload = workloads(CHIP).makers[number](N_WORDS)
    job = Job(workload, N_WORDS)  # raises Disagreement
    assert [contestant.name for contestant in job.models()] == [ROWS, LOOP]
    assert set(job.clk.tolist()) == {CHIP.period[0]}
    outcome = streams.run(workload.model(), workload.events, workload.environment)
    assert outcome.done and outcome.n_cycles == len(job.rows)
    assert np.count_nonzero(outcome.received >> TIME_BITS == EventOp.SPIKE) > 5
