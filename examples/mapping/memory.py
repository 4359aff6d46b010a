"""A task that needs a memory, for ReckOn: are two cues the same, with 40 to 60 timesteps between them?

A cue lasts five timesteps, in which ten inputs spike often: the first ten for one cue, the next ten for the other.
All 30 inputs also spike at random. ``memory.npz`` is a recurrent network with random weights, whose potentials lose a
tenth in each timestep, so that only loops can remember. ``python memory.py SEED`` gives other weights.
"""

import sys

import numpy as np

PER_CUE, N_TIMESTEPS, CUE = 10, 80, 5
N_INPUTS, N_NEURONS = 3 * PER_CUE, 60


def samples(rng, n):
    """(n, timesteps, inputs) spikes and (n,) labels: 1 if both cues are the same."""
    spikes = rng.random((n, N_TIMESTEPS, N_INPUTS)) < 0.02
    cues, gaps = rng.integers(0, 2, (n, 2)), rng.integers(40, 61, n)
    for sample, (first, second), gap in zip(spikes, cues, gaps, strict=True):
        for cue, end in ((first, N_TIMESTEPS - 2 * CUE - gap), (second, N_TIMESTEPS - CUE)):
            inputs = slice(PER_CUE * cue, PER_CUE * (cue + 1))
            sample[end - CUE : end, inputs] |= rng.random((CUE, PER_CUE)) < 0.4
    return spikes.astype(np.uint8), (cues[:, 0] == cues[:, 1]).astype(np.int64)


data = np.random.default_rng(1)
for name, n in (("memory_train", 1250), ("memory_test", 400)):
    spikes, labels = samples(data, n)
    np.savez(f"{name}.npz", spikes=spikes, labels=labels)

rng = np.random.default_rng(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
np.savez(
    "memory.npz",
    w1=rng.normal(0, 0.45, (N_INPUTS, N_NEURONS)),
    rec1=rng.normal(0, 0.13, (N_NEURONS, N_NEURONS)),
    beta1=0.9,
    w2=rng.normal(0, 0.065, (N_NEURONS, 2)),
    beta2=0.9,
    readout="potential",
)
