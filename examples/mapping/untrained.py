"""Networks with random weights, for ``draupnir train`` to begin with, and the digits of 8 x 8 pixels as samples.

Each pixel of 0..16 spikes up to eight times in eight timesteps. The split into 1,437 images to train and 360 to test is
that of ``draupnir demo digits``. ``python untrained.py SEED`` gives other weights.
"""

import sys

import numpy as np

from draupnir.tools.experiments.digits.encoding import digits

rng = np.random.default_rng(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
N_INPUTS, N_LABELS = 64, 10


def weights(n_sources, n_neurons):
    """(sources, neurons) weights, so small that most neurons need several spikes."""
    return rng.normal(0, 0.11, (n_sources, n_neurons))


# tinyODIN: two layers of LIF neurons; the one that spikes most often is the label.
np.savez("tinyodin.npz", w1=weights(N_INPUTS, 100), beta1=0.9, w2=weights(100, N_LABELS), beta2=0.9)

# ODIN: a hidden neuron excites or inhibits, because a row of the crossbar has one sign; potentials are read.
sign = np.where(np.arange(116) < 58, 1, -1)[:, np.newaxis]
np.savez("odin.npz", w1=weights(N_INPUTS, 116), w2=abs(weights(116, N_LABELS)) * sign, readout="potential")

# ReckOn: LIF neurons, and outputs that add up.
reckon = {"w1": weights(N_INPUTS, 100), "beta1": 0.9, "w2": weights(100, N_LABELS), "beta2": 0.9}
np.savez("reckon.npz", readout="potential", **reckon)

data = digits()
timesteps = np.arange(1, 9)[:, np.newaxis]
pixels = data.images.reshape(-1, 1, N_INPUTS)
spikes = np.diff(np.floor(pixels / 16 * timesteps), axis=1, prepend=0).astype(np.uint8)
for name, part in (("train", data.train), ("test", data.test)):
    np.savez(f"{name}.npz", spikes=spikes[part], labels=data.labels[part])
