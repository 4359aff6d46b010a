"""`ChipLayer`: forward it is the chip, and backward every weight and threshold has a gradient."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping import folder
from draupnir.tools.mapping.choices import Choices, Decision
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.mapping.network import NeuronKind
from draupnir.tools.mapping.trainable import trainable
from draupnir.tools.tests.mapping.networks import random_network, random_samples
from draupnir.tools.tests.mapping.test_batch import CHIPS, assert_equal, random_mapped

torch = pytest.importorskip("torch", reason="needs the extra [train]: pip install 'draupnir[train]'")
ChipLayer = import_module("draupnir.tools.training.layer").ChipLayer

N_NETWORKS = 10
LI = (NeuronKind.LIF, NeuronKind.LI)


def moved_layer(mapped, seed):
    """A layer of a mapped network whose parameters an optimiser has changed, some beyond the chip's range."""
    layer = ChipLayer(mapped)
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += torch.randn_like(parameter) * 0.3
    return layer


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("seed", range(N_NETWORKS))
def test_the_forward_pass_is_what_the_chip_does_with_the_folder(chip, seed, tmp_path):
    mapped, samples = random_mapped(chip, seed)
    if mapped is None:
        return
    layer = moved_layer(mapped, seed)
    output = layer(torch.from_numpy(samples).float())
    is_count = chip == "reckon" and mapped.plan.decision is Decision.COUNT  # whose output neurons count spikes
    exact = output.exact.potentials[:, :, mapped.plan.output_neurons] if is_count else output.exact.outputs
    assert output.potentials.detach().numpy().tolist() == exact.tolist()
    layer.save(tmp_path / "net")
    on_chip = folder.read(tmp_path / "net", chip)
    for name, spikes in output.populations.items():
        own = next(place.neurons for place in on_chip.plan.places if place.name == name)
        assert spikes.detach().numpy().tolist() == output.exact.spikes[:, :, own].tolist()
    run = mapper_of(chip).chip_run(on_chip)
    for b, sample in enumerate(samples):
        assert_equal(run(sample), output.exact, b, output.exact.spikes.shape[2])


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("decision", [None, Decision.POTENTIAL])
def test_every_parameter_that_can_matter_has_a_gradient(chip, decision):
    net = random_network(9, LI if decision else (NeuronKind.LIF, NeuronKind.LIF), one_sign=True)
    mapped = mapper_of(chip).map(net, Conventions(1.0, Reset.ZERO), Choices(decision, split_signs=True))
    layer = ChipLayer(mapped)
    output = layer(torch.from_numpy(random_samples(9, net, 16)).float())
    layer.logits(output).square().sum().backward()
    assert len(layer.weights) == len(trainable(mapped).weights) == 3  # one is the bias
    for parameter in layer.parameters():
        assert parameter.numel() == 0 or parameter.grad.abs().sum() > 0


def test_a_forward_pass_moves_parameters_into_the_range_of_the_chip() -> None:
    mapped, samples = random_mapped("tinyodin", 2)
    layer = ChipLayer(mapped)
    with torch.no_grad():
        layer.weights[0].fill_(5.0)
    layer(torch.from_numpy(samples).float())
    assert layer.weights[0].max() == 1.0  # 7 LSB


def test_inputs_may_have_gradients() -> None:
    mapped, samples = random_mapped("reckon", 2)
    spikes = torch.from_numpy(samples).float().requires_grad_()
    ChipLayer(mapped)(spikes).potentials[:, -1].sum().backward()
    assert spikes.grad.shape == samples.shape
    assert spikes.grad.abs().sum() > 0


@pytest.mark.parametrize("chip", CHIPS)
def test_a_layer_that_is_read_again_goes_on_from_the_same_numbers(chip, tmp_path):
    mapped, samples = random_mapped(chip, 2)
    layer = moved_layer(mapped, 0)
    layer.save(tmp_path / "net")
    reread = ChipLayer.load(tmp_path / "net")
    assert reread.run(samples).spikes.tolist() == layer.run(samples).spikes.tolist()
    layer(torch.from_numpy(samples).float())
    for ours, theirs in zip(reread.parameters(), layer.parameters(), strict=True):
        assert np.allclose(ours.detach(), theirs.detach(), atol=0.08)  # at most half an LSB of 4 bits


@pytest.mark.parametrize(
    ("spikes", "message"),
    [
        (np.zeros((2, 3)), r"spikes: shape \(2, 3\); right is \(samples, timesteps, "),
        (np.full((1, 1, 30), 2.0), r"spikes: shape|spikes\[0, 0, 0\] is 2; right is 0 or 1"),
    ],
)
def test_other_inputs_are_named(spikes, message):
    mapped, samples = random_mapped("tinyodin", 2)
    if spikes.ndim == 3:
        spikes = spikes[:, :, : samples.shape[2]]
    with pytest.raises(InputError, match=message):
        ChipLayer(mapped)(torch.from_numpy(spikes))
