"""Many samples at once on the integer network: what one sample at a time gives, and what the chip does."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.choices import Choices, Decision, Ties
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.mapping.network import INPUT, NeuronKind
from draupnir.tools.mapping.trainable import trainable
from draupnir.tools.mapping.violations import BrokenRules
from draupnir.tools.tests.mapping.networks import connect, network, population, random_network, random_samples

CHIPS = ("odin", "reckon", "tinyodin")
N_NETWORKS = 20
N_SAMPLES = 4


def random_mapped(chip, seed):
    """A random network on a chip with its samples; (None, None) if it has no room for the twins that it needs."""
    kinds = (NeuronKind.IF, NeuronKind.LI) if seed % 5 == 0 else (NeuronKind.LIF, NeuronKind.LIF)
    net = random_network(seed, kinds, one_sign=seed % 4 == 1)
    decision = Decision.POTENTIAL if kinds[1] is NeuronKind.LI else None
    if chip == "reckon" and seed % 10 == 0:
        decision = Decision.MAJORITY
    elif chip != "reckon" and seed % 5 == 1:
        decision = Decision.FIRST
    start = 60 * (seed % 2) if chip == "odin" else 0
    choices = Choices(decision, tuple(Ties)[seed % 2], split_signs=True, start=start)
    try:
        mapped = mapper_of(chip).map(net, Conventions(1.0, tuple(Reset)[seed % 3]), choices)
    except BrokenRules as broken:
        assert [violation.rule for violation in broken.violations] == ["too-large"]
        return None, None
    return mapped, random_samples(seed, net, N_SAMPLES)


def assert_equal(answer, batch, b, n):
    """An answer to sample b is what the batch has of it, spike by spike if the answer has spikes."""
    assert answer.label == batch.labels[b]
    if len(answer.potentials):  # a chip may send the label alone
        assert answer.potentials.tolist() == batch.outputs[b, -1].tolist()
    assert answer.synaptic_operations == batch.synaptic_operations[b]
    assert answer.dropped_spikes == batch.dropped_spikes[b]
    for t in range(batch.spikes.shape[1] if answer.timesteps is not None else 0):
        spikes = np.bincount(answer.spikes[answer.timesteps == t], minlength=n)
        assert spikes.tolist() == batch.spikes[b, t].tolist()


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("seed", range(N_NETWORKS))
def test_a_batch_is_what_each_sample_is_alone(chip, seed):
    mapped, samples = random_mapped(chip, seed)
    if mapped is None:
        assert chip == "odin"
        return
    run = mapper_of(chip).integer_run(mapped)
    network = trainable(mapped)
    batch = network.run(network.start(), samples)
    assert batch.spikes.sum() > 0 or seed not in (2, 3, 4)
    for b, sample in enumerate(samples):
        assert_equal(run(sample), batch, b, batch.spikes.shape[2])


def wide(n, weight=2.0):
    """One input that makes n neurons spike at once, each of which excites the next layer."""
    populations = [population("hidden", n, NeuronKind.IF), population("out", 2, NeuronKind.IF)]
    return network(
        populations, [connect(INPUT, "hidden", np.full((1, n), weight)), connect("hidden", "out", np.ones((n, 2)))]
    )


def test_spikes_that_find_a_full_fifo_are_dropped_as_on_the_chip() -> None:
    mapped = mapper_of("tinyodin").map(wide(200), Conventions(1.0, Reset.ZERO), Choices())
    sample = np.ones((1, 2, 1), np.uint8)
    batch = trainable(mapped).run(trainable(mapped).start(), sample)
    answer = mapper_of("tinyodin").chip_run(mapped)(sample[0])
    assert answer.dropped_spikes >= 2 * (200 - 127)  # the event that is processed keeps its place
    assert_equal(answer, batch, 0, batch.spikes.shape[2])


def test_a_network_that_never_comes_to_rest_is_named_with_the_sample() -> None:
    loop = connect("out", "out", [[0, 2.0], [2.0, 0]], recurrent=True)
    net = network([population("out", 2, NeuronKind.IF)], [connect(INPUT, "out", [[2.0, 0]]), loop])
    mapped = mapper_of("tinyodin").map(net, Conventions(1.0, Reset.ZERO), Choices())
    samples = np.array([[[0]], [[1]]], np.uint8)
    with pytest.raises(InputError, match="sample 1: the network does not come to rest"):
        trainable(mapped).run(trainable(mapped).start(), samples)
