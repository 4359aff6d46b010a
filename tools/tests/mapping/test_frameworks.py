"""Files that frameworks wrote themselves, and the spikes that they computed: each is equal in every spike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.tools.mapping.conventions import Conventions, Decay, Reset
from draupnir.tools.mapping.front import load
from draupnir.tools.mapping.network import NeuronKind
from draupnir.tools.mapping.reference import hold

pytest.importorskip("h5py", reason="needs the extra [nir]: pip install 'draupnir[nir]'")
pytestmark = pytest.mark.usefixtures("in_process")

FOLDER = Path(__file__).with_name("frameworks")
LIF, IF = NeuronKind.LIF, NeuronKind.IF
CASES = [  # name, inputs, arrays of spikes, conventions, kinds of neurons
    ("snntorch_rleaky", 12, ("hidden", "output"), Conventions(1e-4, Reset.SUBTRACT_AFTER_LEAK), [LIF, LIF]),
    ("snntorch_conv", 64, ("hidden", "output"), Conventions(1e-4, Reset.SUBTRACT_AFTER_LEAK), [LIF, LIF]),
    ("spikingjelly", 64, ("first", "hidden", "output"), Conventions(1e-4, Reset.ZERO), [IF, LIF, LIF]),
    (
        "sinabs",
        64,
        ("first", "hidden", "output"),
        Conventions(1.0, Reset.SUBTRACT, Decay.EXPONENTIAL),
        [IF, LIF, LIF],
    ),
]


def read(name, n_inputs, arrays, conventions):
    """The network of a file, what it was shown, and what its framework recorded of each layer."""
    network = load(FOLDER / f"{name}.nir", conventions.dt, conventions.reset, conventions.decay).network
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        stimulus = np.unpackbits(file["shown"], axis=-1, count=n_inputs)
        layers = zip(network.populations, arrays, strict=True)
        recording = {one.name: np.unpackbits(file[name], axis=-1, count=one.size) == 1 for one, name in layers}
    return network, stimulus, recording


@pytest.mark.parametrize(("name", "n_inputs", "arrays", "conventions", "kinds"), CASES, ids=[case[0] for case in CASES])
def test_all_spikes_are_those_of_the_framework(name, n_inputs, arrays, conventions, kinds):
    network, stimulus, recording = read(name, n_inputs, arrays, conventions)
    assert [one.kind for one in network.populations] == kinds
    assert all(spikes.any() for spikes in recording.values())
    verdict = hold(network, stimulus, recording, conventions)
    assert (verdict.baseline.n_equal, verdict.baseline.n) == (20, 20)


@pytest.mark.parametrize(("name", "n_inputs", "arrays", "conventions", "kinds"), CASES, ids=[case[0] for case in CASES])
def test_the_right_reading_is_found_from_a_wrong_one(name, n_inputs, arrays, conventions, kinds):
    network, stimulus, recording = read(name, n_inputs, arrays, conventions)
    wrong = Conventions(conventions.dt / 10, Reset.ZERO)
    verdict = hold(network, stimulus, recording, wrong)
    assert not verdict.baseline.holds
    assert f"; {conventions} fits: 20 of 20" in str(verdict)
