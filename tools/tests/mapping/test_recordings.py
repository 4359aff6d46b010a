"""Recorded spikes: of the output or of any population, and refused where they are of something else."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.front import front
from draupnir.tools.mapping.read.arrays import graph_of_arrays
from draupnir.tools.mapping.recordings import read_recording
from draupnir.tools.mapping.reference import compare, run
from draupnir.tools.mapping.samples import read_samples

GRAPH = {"w1": np.ones((3, 4)), "w2": np.ones((4, 2))}
SHOWN = np.random.default_rng(1).integers(0, 2, (6, 5, 3)).astype(np.uint8)
RULES = Conventions(1.0, Reset.ZERO)


@pytest.fixture
def samples(tmp_path):
    np.savez(tmp_path / "samples.npz", spikes=SHOWN)
    return read_samples(tmp_path / "samples.npz", 3)


def network(**arrays):
    return front(graph_of_arrays(GRAPH | arrays, "net"), RULES, "net").network


def test_spikes_of_output_and_hidden_neurons(tmp_path, samples):
    net = network()
    spikes = run(net, SHOWN, RULES).spikes
    np.savez(tmp_path / "r.npz", spikes=spikes["layer2"][:4], layer1=np.packbits(spikes["layer1"], axis=-1))
    recording = read_recording(tmp_path / "r.npz", net, samples)
    assert {name: array.shape for name, array in recording.items()} == {"layer2": (4, 5, 2), "layer1": (6, 5, 4)}
    agreement = compare(net, SHOWN, recording, RULES)
    assert (agreement.n_equal, agreement.n) == (4, 4)


def test_spikes_of_the_output_alone(tmp_path, samples):
    np.save(tmp_path / "r.npy", np.zeros((6, 5, 2), np.bool_))
    assert list(read_recording(tmp_path / "r.npy", network(), samples)) == ["layer2"]


@pytest.mark.parametrize(
    ("arrays", "line"),
    [
        ({"lif9": np.zeros((6, 5, 2))}, "lif9: 'lif9' has no spikes; right is the spikes of 'layer1', 'layer2'"),
        ({"spikes": np.zeros((7, 5, 2))}, "spikes: 7 samples of 5 timesteps; right is up to 6 of 5, as "),
        ({"spikes": np.zeros((6, 4, 2))}, "spikes: 6 samples of 4 timesteps; right is up to 6 of 5, as "),
        (
            {"layer1": np.zeros((6, 5, 3))},
            "layer1 has shape (6, 5, 3), and the network has 4 inputs; right is (samples, timesteps, 4)",
        ),
        ({"labels": np.zeros(6)}, "it holds no spikes; right is an array 'spikes' of the output 'layer2'"),
    ],
)
def test_spikes_of_something_else(tmp_path, samples, arrays, line):
    path = tmp_path / "r.npz"
    np.savez(path, **arrays)
    with pytest.raises(InputError) as caught:
        read_recording(path, network(), samples)
    assert str(caught.value).startswith(f"{path}: {line}")


def test_an_output_that_does_not_spike(tmp_path, samples):
    path = tmp_path / "r.npz"
    np.savez(path, spikes=np.zeros((6, 5, 2)))
    with pytest.raises(InputError, match="spikes: 'layer2' has no spikes; right is the spikes of 'layer1'"):
        read_recording(path, network(readout=np.array("potential")), samples)
