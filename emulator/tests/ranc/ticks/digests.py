"""A digest of runs with both semantics, for processes in which kernels are compiled otherwise."""

from __future__ import annotations

import hashlib

import numpy as np

from draupnir.emulator.ranc.ticks import hardware, simulator
from draupnir.emulator.ranc.ticks.hardware import Hardware
from draupnir.emulator.ranc.ticks.network import CoreGrid
from draupnir.emulator.ranc.ticks.random_network import Sort, draw

N_TICKS = 8


def digest(seed: int = 1) -> str:
    """Return a hash of outputs, counts, potentials and spikes of a random network, 64 hexadecimal digits."""
    network = draw(np.random.default_rng(seed), CoreGrid(3, 2, 16, 8, 4, 16), Sort(n_ticks=N_TICKS))
    runs = (
        simulator.simulate(network, N_TICKS, record_neurons=True),
        hardware.run(network, N_TICKS, hardware=Hardware(period=120)),
    )
    whole = hashlib.sha256()
    for run in runs:
        whole.update(repr(sorted(run.counts.items())).encode())
        for rows in (run.outputs, run.potentials, run.spikes):
            assert rows is not None
            whole.update(rows.tobytes())
    return whole.hexdigest()


if __name__ == "__main__":
    print(digest())
