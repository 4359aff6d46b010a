"""A network for handwritten digits, trained in snnTorch: a NIR file, test images, and the spikes of snnTorch for them.

Each pixel of 0..16 spikes up to eight times in eight timesteps. ``snntorch.nir``, ``snntorch_samples.npz`` and
``snntorch_spikes.npz`` are for ``draupnir map``.
"""

import nir
import numpy as np
import snntorch as snn
import torch
from sklearn.datasets import load_digits
from snntorch.export_nir import export_to_nir

N_TRAIN, N_HIDDEN, N_EPOCHS = 1400, 100, 30

torch.manual_seed(0)
torch.set_num_threads(1)
images, labels = load_digits(return_X_y=True)  # 1,797 images of 8 x 8 pixels
timesteps = np.arange(1, 9)[:, np.newaxis]
spikes = np.diff(np.floor(images[:, np.newaxis, :] / 16 * timesteps), axis=1, prepend=0).astype(np.uint8)
inputs, targets = torch.tensor(spikes, dtype=torch.float32), torch.tensor(labels)


def leaky(n: int) -> snn.Leaky:
    """Return n neurons. snnTorch exports them only if beta and threshold have an entry for each."""
    return snn.Leaky(beta=torch.full((n,), 0.9), threshold=torch.ones(n), init_hidden=True)


hidden, output = leaky(N_HIDDEN), leaky(10)
first, second = torch.nn.Linear(64, N_HIDDEN, bias=False), torch.nn.Linear(N_HIDDEN, 10, bias=False)
network = torch.nn.Sequential(first, hidden, second, output)


def run(samples: torch.Tensor) -> torch.Tensor:
    """Return the output spikes of samples, each from rest: (samples, timesteps, 10)."""
    for layer in (hidden, output):
        layer.mem = torch.zeros(1)
    return torch.stack([network(samples[:, t]) for t in range(samples.shape[1])], dim=1)


# --- Training ---------------------------------------------------------------------------------------------------

with torch.no_grad():
    first.weight *= 2
    second.weight *= 2
optimiser = torch.optim.Adam(network.parameters(), 2e-3)
for _ in range(N_EPOCHS):
    for batch in torch.randperm(N_TRAIN).split(64):
        loss = torch.nn.functional.cross_entropy(run(inputs[batch]).sum(dim=1), targets[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

# --- The files --------------------------------------------------------------------------------------------------

nir.write("snntorch.nir", export_to_nir(network, torch.zeros(64)))
with torch.no_grad():
    recording = run(inputs[N_TRAIN:]).numpy().astype(np.uint8)
np.savez("snntorch_train.npz", spikes=spikes[:N_TRAIN], labels=labels[:N_TRAIN])
np.savez("snntorch_samples.npz", spikes=spikes[N_TRAIN:], labels=labels[N_TRAIN:])
np.savez("snntorch_spikes.npz", spikes=recording)
