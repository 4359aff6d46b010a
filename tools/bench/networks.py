"""Different networks and streams of events that are as much work as those of one workload."""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator import chips, columns
from draupnir.emulator.speeds.levels import HOST
from draupnir.tools.bench.workloads import Workload

SPIKE = "SPIKE"  # a host's operation, whose operand is the neuron


def networks(workload: Workload, n: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return n different networks as changes of a chip; each has the rows of its synapses in an order of its own."""
    matrices = {
        memory.name: columns.unpack(workload.memories[memory.name], memory).astype(np.int64)
        for memory in workload.chip.memories
        if memory.matrix is not None
    }
    return [{name: rng.permutation(entries) for name, entries in matrices.items()} for _ in range(n)]


def streams(workload: Workload, n: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return n streams like the events of a workload: those of its ``stream``, or its events in other orders.

    The operations of a host stay in their order. The neurons of its spikes change places.
    """
    if workload.stream is not None:
        return [workload.stream(seed) for seed in range(n)]
    host = HOST.load(chips.package(workload.chip.name))
    if host is None:
        return [rng.permutation(workload.events) for _ in range(n)]
    is_spike = workload.events[:, 0] == host.Op[SPIKE]
    every_stream = [workload.events.copy() for _ in range(n)]
    for stream in every_stream:
        stream[is_spike, 1] = rng.permutation(stream[is_spike, 1])
    return every_stream
