"""On a GPU, if this machine has one: ten thousand chips, of which none differs from the CPU in anything."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

import draupnir
from draupnir.tools.bench.networks import networks, streams
from draupnir.tools.tests.gpu.alike import WORKLOADS, both, difference, environment_of

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
    chosen_networks = networks(workload, N_NETWORKS, rng)
    events, environment = streams(workload, N_NETWORKS, rng), environment_of(workload, rng)
    n = N_CHIPS // N_NETWORKS
    one, other = both(workload.model(), environment, 2_000_000, events=events * n, changes=chosen_networks * n)
    assert difference(one, other) == [] and len(one) == N_CHIPS


@pytest.mark.parametrize("name", ["lif", "eprop"])
@pytest.mark.parametrize("seed", range(3))
def test_runs_that_are_cut_at_random_go_on(seed: int, name: str) -> None:
    rng, workload = np.random.default_rng(seed), WORKLOADS[name](100)
    limits = rng.integers(0, 60_000, N_NETWORKS)
    changes = networks(workload, N_NETWORKS, rng)
    first = both(workload.model(), None, limits, events=workload.events, changes=changes, finish=False)
    assert difference(*first) == [] and not first[0].figures["done"].all()
    rest = [workload.events[n:] for n in first[0].figures["n_sent"]]
    one = draupnir.run_many(first[0], events=rest, keep_states=True)
    other = draupnir.run_many(first[1], events=rest, keep_states=True, backend="cuda")
    assert difference(one, other) == []
