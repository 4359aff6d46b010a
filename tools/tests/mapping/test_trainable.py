"""The numbers that training may change: they come from a folder and go back into one, and the chip does as they say."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from draupnir.emulator import columns
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.layout import LIF
from draupnir.emulator.odin.network import network as odin_network
from draupnir.emulator.reckon.network import network as reckon_network
from draupnir.tools.mapping import folder
from draupnir.tools.mapping.choices import Choices
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.crossbar.assembly import assemble, placed
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.mapping.network import INPUT, NeuronKind
from draupnir.tools.mapping.trainable import NetworkNumbers, trainable
from draupnir.tools.tests.mapping.networks import connect, network, population, random_network
from draupnir.tools.tests.mapping.test_batch import CHIPS, assert_equal, random_mapped

N_NETWORKS = 6
PLAIN = Conventions(1.0, Reset.ZERO)


def other_numbers(seed, start):
    """Numbers that differ from these at random, by up to some LSB."""
    rng = np.random.default_rng(seed)
    return NetworkNumbers(
        tuple(weights + rng.normal(0, 2, weights.shape) for weights in start.weights),
        tuple(threshold + rng.normal(0, 10, threshold.shape) for threshold in start.thresholds),
    )


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("seed", range(N_NETWORKS))
def test_numbers_that_did_not_change_are_the_same_configuration(chip, seed):
    mapped, _ = random_mapped(chip, seed)
    if mapped is not None:
        one = trainable(mapped)
        assert one.remapped(one.start()).configuration == mapped.configuration
        assert sum(weights.size for weights in one.start().weights) > 0


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("seed", range(N_NETWORKS))
def test_the_chip_with_other_numbers_does_what_the_batch_said(chip, seed, tmp_path):
    mapped, samples = random_mapped(chip, seed)
    if mapped is None:
        return
    one = trainable(mapped)
    numbers = one.bounded(other_numbers(seed, one.start()))
    batch = one.run(numbers, samples)
    folder.write(one.remapped(numbers), tmp_path / "net", None)
    reread = folder.read(tmp_path / "net", chip)
    run = mapper_of(chip).chip_run(reread)
    for b, sample in enumerate(samples):
        assert_equal(run(sample), batch, b, batch.spikes.shape[2])
    # The network in floating point has the same numbers, so that a training can go on from the folder.
    start = trainable(reread).start()
    for ours, theirs in zip((*start.weights, *start.thresholds), (*numbers.weights, *numbers.thresholds), strict=True):
        assert np.rint(ours).tolist() == np.rint(theirs).tolist()


def test_a_row_of_odin_keeps_its_sign_and_one_of_tinyodin_need_not() -> None:
    weights = np.array([[2.0, 1.0], [-2.0, -1.0], [0.0, 1.0]])
    net = network([population("out", 2)], [connect(INPUT, "out", weights)])
    lows, highs = zip(*(_ends(chip, net) for chip in ("odin", "tinyodin")), strict=True)
    assert [low.tolist() for low in lows] == [[[0, 0], [-7, -7], [0, 0]], [[-8, -8], [-8, -8], [0, -8]]]
    assert [high.tolist() for high in highs] == [[[7, 7], [0, 0], [0, 7]], [[7, 7], [7, 7], [0, 7]]]


def _ends(chip, net):
    (weights,) = trainable(mapper_of(chip).map(net, PLAIN, Choices())).weights
    return weights.low, weights.high


def test_a_twin_gets_what_its_neuron_gets() -> None:
    mapped, _ = random_mapped("odin", 7)
    one = trainable(mapped)
    integers = odin_network(one.remapped(other_numbers(0, one.start())).configuration)
    place = mapped.plan.places[0]
    has_twin = place.twins >= 0
    neurons, twins = place.neurons[has_twin], place.twins[has_twin]
    assert len(twins) > 0
    assert integers.weights[:, neurons].tolist() == integers.weights[:, twins].tolist()
    assert integers.thr[neurons].tolist() == integers.thr[twins].tolist()


@pytest.mark.parametrize("chip", ["odin", "tinyodin"])
@pytest.mark.parametrize("seed", range(N_NETWORKS))
def test_the_places_of_a_plan_are_those_that_mapping_gives(chip, seed):
    mapped, _ = random_mapped(chip, seed)
    if mapped is None:
        return
    crossbar = placed(mapped.network, mapped.conventions, mapped.plan)
    first = assemble(mapped.network, mapped.conventions, chip, chip == "odin", split_signs=True)
    for field in fields(first):
        ours, theirs = getattr(crossbar, field.name), getattr(first, field.name)
        if isinstance(ours, dict):
            assert {name: own.tolist() for name, own in ours.items()} == {n: own.tolist() for n, own in theirs.items()}
        else:
            assert np.array_equal(ours, theirs), field.name


def test_a_source_that_loses_a_sign_in_training_keeps_its_two_rows() -> None:
    net = network([population("out", 3, NeuronKind.IF)], [connect(INPUT, "out", [[1.0, -1.0, 1.0], [1.0, 1.0, -1.0]])])
    mapped = mapper_of("odin").map(net, PLAIN, Choices(split_signs=True))
    one = trainable(mapped)
    positive = one.remapped(NetworkNumbers((np.full((2, 3), 7.0),), one.start().thresholds))
    mapper, sample = mapper_of("odin"), np.ones((4, 2), np.uint8)
    assert (
        mapper.unrounded_run(positive)(sample).spikes.tolist() == mapper.integer_run(positive)(sample).spikes.tolist()
    )
    assert mapper.weights(positive)["out"].on_chip.tolist() == [7] * 6


def test_two_neighbours_on_reckon_share_a_threshold() -> None:
    mapped, _ = random_mapped("reckon", 2)
    one = trainable(mapped)
    integers = reckon_network(one.remapped(other_numbers(0, one.start())).configuration)
    assert integers.thr[::2].tolist() == integers.thr[1::2].tolist()
    assert len(set(integers.thr.tolist())) > 2


def test_what_the_user_set_for_learning_stays() -> None:
    mapped = mapper_of("odin").map(random_network(1, one_sign=True), PLAIN, Choices(split_signs=True))
    configuration = mapped.configuration
    words = configuration.memories["neurons"].copy()
    columns.put(LIF["ca_theta1"], words, np.full(len(words), 3))
    registers = configuration.registers | {"SPI_SDSP_ON_SYN_STIM": (1,)}
    patched = replace(configuration, registers=registers, memories={**configuration.memories, "neurons": words})
    one = trainable(replace(mapped, configuration=patched))
    trained = one.remapped(other_numbers(0, one.start())).configuration
    assert trained.registers["SPI_SDSP_ON_SYN_STIM"] == (1,)
    assert set(columns.column(LIF["ca_theta1"], trained.memories["neurons"]).tolist()) == {3}
    assert not np.array_equal(trained.memories["synapses"], configuration.memories["synapses"])


def test_a_chip_whose_mapper_does_not_train_is_named(monkeypatch):
    mapped, _ = random_mapped("tinyodin", 2)
    monkeypatch.setattr("draupnir.tools.mapping.trainable.mapper_of", lambda chip: object())
    with pytest.raises(InputError, match="tinyodin: its mapper has no trainable"):
        trainable(mapped)
