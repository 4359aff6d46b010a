"""The same runs on the CPU and on a GPU, and all that may differ between them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

import draupnir
from draupnir.emulator.speeds.many_arrays import copied
from draupnir.tools.bench.workloads import Workload, odin, reckon, tinyodin
from draupnir.tools.gpu import devices, on_gpu, toolchain

WORKLOADS = {
    "lif": odin.lif,
    "izhikevich": odin.izhikevich,
    "bursts": odin.bursts,
    "recurrent": tinyodin.recurrent,
    "feedforward": tinyodin.feedforward,
    "inference": reckon.inference,
    "eprop": reckon.eprop,
}


class CopyingDevice(devices.CpuDevice):
    """The CPU, with a copy of all arrays, as on a GPU: nothing that the host writes later is seen there."""

    def put(self, thing: Any) -> Any:
        return copied(np.array, thing)

    def get(self, thing: Any) -> Any:
        return copied(np.array, thing)


def pretend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the backend find a GPU, which is the CPU."""
    monkeypatch.setattr(toolchain, "cuda_with_gpu", lambda: None)
    monkeypatch.setattr(on_gpu, "GpuDevice", CopyingDevice)


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


def environment_of(workload: Workload, rng: np.random.Generator) -> Any:
    """Return delays of 0 to 20 clocks for the partner at the buses of a workload's chip."""
    kind = type(workload.environment)
    return kind(**{f.name: int(rng.integers(f.name == "tick", 21)) for f in fields(kind)})
