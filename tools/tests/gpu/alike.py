"""The same runs on the CPU and on a GPU, and all that may differ between them."""

from __future__ import annotations

from typing import Any

import numpy as np

import draupnir
from draupnir.emulator import columns
from draupnir.tools.bench.workloads import odin, tinyodin

WORKLOADS = {
    "lif": odin.lif,
    "izhikevich": odin.izhikevich,
    "bursts": odin.bursts,
    "recurrent": tinyodin.recurrent,
    "feedforward": tinyodin.feedforward,
}


def both(base: Any, *args: Any, **options: Any) -> tuple[draupnir.ManyRuns, draupnir.ManyRuns]:
    one, other = (draupnir.run_many(base, *args, keep_states=True, **options, backend=b) for b in ("cpu", "cuda"))
    return one, other


def difference(one: draupnir.ManyRuns, other: draupnir.ManyRuns) -> list[str]:
    """Return the names of all that differs."""
    assert one.states is not None and other.states is not None
    pairs: dict[str, tuple[Any, Any]] = {
        "figures": (one.figures, other.figures),
        "spikes": (one.spikes, other.spikes),
        "registers": (one.states.registers, other.states.registers),
        "buses": (one.states.buses, other.states.buses),
        **{name: (memory, other.states.memories[name]) for name, memory in one.states.memories.items()},
    }
    return [name for name, (a, b) in pairs.items() if not np.array_equal(a, b)]


def changes_of(model: Any, n: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return changes that make n chips different in all synapses, of 4 bits each, and in a threshold."""
    entries = columns.matrix_of(model.chip.memory("synapses"))
    return [
        {"synapses": rng.integers(0, 16, entries.shape), "neurons[7].thr": int(rng.integers(2, 8))} for _ in range(n)
    ]
