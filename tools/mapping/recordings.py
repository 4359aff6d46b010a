"""Spikes that a framework recorded, to hold the float reference against.

An .npz file of the samples' form: "spikes" are those of the output, and an array with the name of a population those of
its neurons; each is (samples, timesteps, neurons), for the first of the samples. A .npy file has the output's alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.network import SpikingNetwork
from draupnir.tools.mapping.read.npz import Npz
from draupnir.tools.mapping.samples import SpikeSamples, read_samples


def read_recording(path: Path, network: SpikingNetwork, samples: SpikeSamples) -> dict[str, NDArray[np.bool_]]:
    """Population -> (n, timesteps, neurons), n not more than there are samples.

    Raises InputError with one line for what does not fit network and samples; OSError.
    """
    spiking = {one.name: one for one in network.populations if one.spikes}
    names = [name for name in Npz(path).names if name != "labels"] if path.suffix.lower() == ".npz" else ["spikes"]
    recording = {}
    for name in names:
        population = network.output if name == "spikes" else name
        if population not in spiking:
            right = ", ".join(f"'{one}'" for one in spiking)
            raise InputError(f"{path}: {name}: '{population}' has no spikes; right is the spikes of {right}")
        spikes = read_samples(path, spiking[population].size, name)
        if spikes.n_timesteps != samples.n_timesteps or spikes.n > samples.n:
            text = f"{spikes.n} samples of {spikes.n_timesteps} timesteps"
            right = f"up to {samples.n} of {samples.n_timesteps}, as {samples.path} has"
            raise InputError(f"{path}: {name}: {text}; right is {right}")
        recording[population] = spikes.all().astype(np.bool_)
    if not recording:
        raise InputError(f"{path}: it holds no spikes; right is an array 'spikes' of the output '{network.output}'")
    return recording
