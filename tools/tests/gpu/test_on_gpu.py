"""On a GPU, if this machine has one: ten thousand chips, of which none differs from the CPU in anything."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

import draupnir
from draupnir.tools.tests.gpu.alike import WORKLOADS, both, changes_of, difference

N_CHIPS, N_NETWORKS = 10_240, 64


def has_gpu() -> bool:
    """Tell whether Numba for GPUs is here, and finds a GPU."""
    return find_spec("numba_cuda") is not None and bool(import_module("numba.cuda").is_available())


pytestmark = [
    pytest.mark.cuda,
    pytest.mark.slow,
    pytest.mark.skipif(not has_gpu(), reason="no GPU, or no extra [cuda]"),
]


@pytest.mark.parametrize("name", WORKLOADS)
def test_none_of_ten_thousand_chips_differs(name: str) -> None:
    workload, rng = WORKLOADS[name](500), np.random.default_rng(len(name))
    model = workload.model()
    changes = changes_of(model, N_NETWORKS, rng)
    events = [rng.permutation(workload.events) for _ in range(N_NETWORKS)]
    environment = draupnir.Environment(*(int(clocks) for clocks in rng.integers(0, 21, 4)))
    n = N_CHIPS // N_NETWORKS
    one, other = both(model, environment, 2_000_000, events=events * n, changes=changes * n)
    assert difference(one, other) == [] and len(one) == N_CHIPS


@pytest.mark.parametrize("seed", range(3))
def test_runs_that_are_cut_at_random_go_on(seed: int) -> None:
    rng, workload = np.random.default_rng(seed), WORKLOADS["lif"](100)
    limits = rng.integers(0, 60_000, N_NETWORKS)
    changes = changes_of(workload.model(), N_NETWORKS, rng)
    first = both(workload.model(), None, limits, events=workload.events, changes=changes, finish=False)
    assert difference(*first) == [] and not first[0].figures["done"].all()
    rest = [workload.events[n:] for n in first[0].figures["n_sent"]]
    one = draupnir.run_many(first[0], events=rest, keep_states=True)
    other = draupnir.run_many(first[1], events=rest, keep_states=True, backend="cuda")
    assert difference(one, other) == []
