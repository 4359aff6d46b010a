"""Networks on chips: the integer network and the chip's event level give the same answers, and limits are named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.network import network as odin_network
from draupnir.emulator.reckon.network import network as reckon_network
from draupnir.emulator.tinyodin.network import network as tinyodin_network
from draupnir.tools.mapping import reference
from draupnir.tools.mapping.answers import NO_LABEL
from draupnir.tools.mapping.choices import Choices, Decision, Ties
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.crossbar.samples import inputs
from draupnir.tools.mapping.labels import float_labels
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.mapping.network import INPUT, NeuronKind
from draupnir.tools.mapping.violations import BrokenRules
from draupnir.tools.tests.mapping.networks import connect, network, population, random_network, random_samples

CHIPS = ("odin", "reckon", "tinyodin")
PLAIN = Conventions(1.0, Reset.ZERO)
N_NETWORKS = 12


def mapped(chip, net, conventions=PLAIN, **choices):
    return mapper_of(chip).map(net, conventions, Choices(**choices))


def fits(chip, net):
    """The network on a chip, or None if it has no room for the twins that it needs."""
    try:
        return mapped(chip, net, split_signs=True)
    except BrokenRules as broken:
        assert [violation.rule for violation in broken.violations] == ["too-large"]
        return None


def one_layer(weights, **parameters):
    """Inputs, and a layer of LIF neurons that is read."""
    weights = np.asarray(weights, float)
    return network([population("out", weights.shape[1], **parameters)], [connect(INPUT, "out", weights)])


def broken(chip, net, conventions=PLAIN, **choices):
    """The one line for a network that a chip cannot take."""
    with pytest.raises(BrokenRules) as caught:
        mapped(chip, net, conventions, **choices)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- The chip does what the integer network does ---------------------------------------------------------------


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("seed", range(N_NETWORKS))
def test_chip_and_integer_network_give_the_same_answers(chip, seed):
    on_chip = fits(chip, net := random_network(seed, one_sign=seed % 4 == 1))
    if on_chip is None:
        assert chip == "odin"
        return
    mapper = mapper_of(chip)
    chip_run, integer_run = mapper.chip_run(on_chip), mapper.integer_run(on_chip)
    for sample in random_samples(seed, net):
        answer, expected = chip_run(sample), integer_run(sample)
        assert answer.label == expected.label
        assert answer.potentials.tolist() == expected.potentials.tolist()
        assert answer.dropped_spikes == expected.dropped_spikes
        if chip != "reckon":  # whose spikes stay inside
            assert answer.spikes.tolist() == expected.spikes.tolist()
            assert answer.synaptic_operations == expected.synaptic_operations


@pytest.mark.parametrize("decision", [Decision.POTENTIAL, Decision.MAJORITY])
def test_reckon_reads_potentials_or_a_label(decision):
    net = random_network(7, (NeuronKind.LIF, NeuronKind.LI))
    on_chip = mapped("reckon", net, decision=decision)
    mapper = mapper_of("reckon")
    chip_run, integer_run = mapper.chip_run(on_chip), mapper.integer_run(on_chip)
    samples = random_samples(1, net, 6)
    labels = [chip_run(sample).label for sample in samples]
    assert labels == [integer_run(sample).label for sample in samples]
    assert len(set(labels)) > 1


@pytest.mark.parametrize("chip", CHIPS)
def test_a_sample_leaves_nothing_for_the_next(chip):
    net = random_network(1, one_sign=True)
    run = mapper_of(chip).chip_run(mapped(chip, net))
    first, second = random_samples(2, net, 2)
    alone = run(second)
    run(first)
    repeated = run(second)
    assert (alone.label, alone.spikes.tolist()) == (repeated.label, repeated.spikes.tolist())


def test_a_loop_that_never_comes_to_rest_is_named() -> None:
    loop = connect("out", "out", [[0, 2.0], [2.0, 0]], recurrent=True)
    net = network([population("out", 2, NeuronKind.IF)], [connect(INPUT, "out", [[2.0, 0]]), loop])
    run = mapper_of("tinyodin").chip_run(mapped("tinyodin", net))
    with pytest.raises(InputError, match="tinyodin: the network does not come to rest after an input"):
        run(np.ones((1, 1), np.uint8))


# --- Places and numbers ----------------------------------------------------------------------------------------


def test_tinyodin_weights_and_thresholds_have_a_scale_for_each_neuron() -> None:
    net = one_layer([[0.5, 2.0], [-0.25, 0.3]], tau=np.inf, kind=NeuronKind.IF)
    integers = tinyodin_network(mapped("tinyodin", net).configuration)
    assert integers.weights[254:].tolist() == [[7, 7], [-4, 1]]  # 0.5 and 2.0 are 7 LSB
    assert integers.thr.tolist() == [15, 4]  # above 1.0, which is 14 and 3.5 LSB
    assert integers.leak.tolist() == [0, 0]


def test_the_constant_leak_equals_the_share_at_a_part_of_the_threshold() -> None:
    net = one_layer([[0.05]], tau=10.0)
    at_half, at_all = (mapped("tinyodin", net, leak_at=leak_at) for leak_at in (0.5, 1.0))
    assert tinyodin_network(at_half.configuration).leak.tolist() == [7]  # a tenth of half of 140 LSB
    assert tinyodin_network(at_all.configuration).leak.tolist() == [14]


def test_clip_cuts_the_largest_weights() -> None:
    net = one_layer([[1.0], [0.5], [-0.25]], kind=NeuronKind.IF)
    assert tinyodin_network(mapped("tinyodin", net, clip=0.5).configuration).weights[253:].ravel().tolist() == [
        7,
        7,
        -4,
    ]


def test_a_threshold_that_does_not_fit_makes_the_scale_smaller() -> None:
    net = one_layer([[0.001]], threshold=1.0, kind=NeuronKind.IF)
    integers = tinyodin_network(mapped("tinyodin", net).configuration)
    assert (integers.thr.tolist(), integers.weights[255].tolist()) == ([2047], [2])


def test_a_source_with_both_signs_has_two_rows_on_odin() -> None:
    net = random_network(7)
    on_chip = mapped("odin", net, split_signs=True)
    integers = odin_network(on_chip.configuration)
    layer, out = on_chip.plan.places
    assert layer.twins is not None
    twins = layer.twins[layer.twins >= 0]
    assert len(twins) > 0
    positive, negative = integers.weights[layer.neurons], integers.weights[twins]
    assert (negative <= 0).all()
    assert (positive[layer.twins >= 0] >= 0).all()
    # Twins have the same inputs and thresholds, so they spike together.
    with_twin = layer.neurons[layer.twins >= 0]
    assert integers.weights[:, with_twin].tolist() == integers.weights[:, twins].tolist()
    assert integers.thr[with_twin].tolist() == integers.thr[twins].tolist()
    # A pair of rows together has the weights that one row of tinyODIN has, as far as three bits go.
    one_row = mapped("tinyodin", net)
    single = tinyodin_network(one_row.configuration).weights[np.ix_(*(place.neurons for place in one_row.plan.places))]
    whole = positive[:, out.neurons].copy()
    whole[layer.twins >= 0] += negative[:, out.neurons]
    assert np.sign(whole).tolist() == np.sign(single).tolist()


def test_a_start_potential_leaves_room_for_inhibition_on_odin() -> None:
    net = one_layer([[1.0], [-1.0]], kind=NeuronKind.IF)
    integers = odin_network(mapped("odin", net, start=100).configuration)
    assert (integers.core[0], integers.thr[0]) == (100, 108)
    assert not integers.enabled[1:].any()


@pytest.mark.parametrize("chip", ["odin", "tinyodin"])
def test_a_bias_is_a_row_that_is_stimulated_in_every_timestep(chip):
    net = network([population("out", 1, NeuronKind.IF, bias=[0.25])], [connect(INPUT, "out", [[0.5]])])
    plan = mapped(chip, net).plan
    assert plan.bias_rows.tolist() == [254]
    sample = np.array([[1], [0], [1]], np.uint8)
    assert inputs(plan, sample).tolist() == [254, 255, 254, 254, 255]


def test_time_references_stand_between_timesteps() -> None:
    plan = mapped("tinyodin", one_layer([[0.05]])).plan
    assert inputs(plan, np.array([[1], [0], [1]], np.uint8)).tolist() == [255, -1, -1, 255]


def test_reckon_keeps_decay_and_reset_exactly() -> None:
    net = one_layer([[0.5, 1.0]], tau=10.0)
    for reset, mode in ((Reset.ZERO, 1), (Reset.SUBTRACT_AFTER_LEAK, 0)):
        integers = reckon_network(mapped("reckon", net, Conventions(1.0, reset)).configuration)
        assert integers.rst_mode == mode
        assert integers.alpha[:2].tolist() == [round(0.9 * 32768)] * 2
        assert integers.thr[:2].tolist() == [1017, 1017]  # 127 << 3 is 1.0; neighbours share one threshold
        assert integers.winp[0, :2].tolist() == [64, 127]


def test_neurons_that_count_on_reckon_have_no_decay() -> None:
    integers = reckon_network(mapped("reckon", one_layer([[1.0, 0.5, 0.2]])).configuration)
    assert (integers.kappa, integers.n_rec, integers.n_out) == (128, 4, 3)
    assert integers.wout[:3, :3].tolist() == (64 * np.eye(3)).tolist()


# --- Decisions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "ties", "label"), [("count", "lowest", 0), ("count", "earliest", 1), ("first", "lowest", 1)]
)
def test_decisions(decision, ties, label):
    """Neuron 1 spikes first, and both spike once."""
    net = one_layer(np.diag([1.5, 1.5]), kind=NeuronKind.IF)
    sample = np.array([[0, 1], [1, 0]], np.uint8)
    for chip in ("odin", "tinyodin"):
        on_chip = mapped(chip, net, decision=Decision(decision), ties=Ties(ties))
        assert mapper_of(chip).chip_run(on_chip)(sample).label == label
    floats = reference.run(net, sample[np.newaxis], PLAIN)
    assert float_labels(on_chip.plan, floats).tolist() == [label]


@pytest.mark.parametrize("chip", CHIPS)
def test_no_spike_is_no_label(chip):
    on_chip = mapped(chip, one_layer([[1.5, 1.5]]))
    assert mapper_of(chip).chip_run(on_chip)(np.zeros((3, 1), np.uint8)).label == NO_LABEL


def test_tinyodin_reads_potentials_if_asked() -> None:
    net = one_layer([[0.2, 0.9], [0.8, 0.1]], kind=NeuronKind.INTEGRATOR)
    on_chip = mapped("tinyodin", net, decision=Decision.POTENTIAL)
    run = mapper_of("tinyodin").chip_run(on_chip)
    first, second = (run(np.array([spikes], np.uint8)) for spikes in ([1, 0], [0, 1]))
    assert (first.label, second.label) == (1, 0)
    assert (first.potentials.tolist(), second.potentials.tolist()) == ([2, 7], [6, 1])  # one scale for both


# --- Limits ----------------------------------------------------------------------------------------------------


def test_too_large_for_a_crossbar() -> None:
    net = one_layer(np.ones((200, 60)))
    line = broken("tinyodin", net)
    assert line.startswith("tinyodin: the network: 200 rows of inputs + 60 neurons = 260, and tinyodin has 256 rows")


def test_both_signs_on_odin_name_the_sources() -> None:
    line = broken("odin", one_layer([[1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]))
    assert "input: input 0 (and 1 more) have weights of both signs, and a row of odin has one" in line
    assert "right is --split-signs" in line


@pytest.mark.parametrize("chip", ["odin", "tinyodin"])
def test_outputs_that_do_not_spike_are_refused(chip):
    line = broken(chip, one_layer([[1.0]], kind=NeuronKind.LI))
    assert f"node 'out': LI neurons do not spike, and {chip} sends spikes; right is LIF or IF" in line


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (one_layer(np.ones((300, 2))), "300 inputs, and reckon has 256 input neurons; right is at most 256"),
        (one_layer(np.ones((1, 17))), "17 outputs, and reckon has 16; right is at most 16"),
        (one_layer([[1.0]], tau=2.0), "node 'out': neuron 0 keeps 0.5 of its potential in a timestep; right is 0.875"),
        (one_layer([[1.0]], kind=NeuronKind.LI), "node 'out': it takes the input directly"),
    ],
)
def test_limits_of_reckon(net, words):
    assert words in broken("reckon", net)


def test_a_decision_that_reckon_cannot_make() -> None:
    line = broken("reckon", one_layer([[1.0]]), decision=Decision.FIRST)
    assert "--decision first for LIF neurons: reckon sends potentials and labels, and no spikes; right is count" in line


def test_a_layer_that_is_almost_empty_is_noted() -> None:
    weights = np.full((64, 10), 0.001)
    weights[0, :] = 5.0
    notes = mapped("tinyodin", one_layer(weights)).notes
    assert notes == ("node 'fc': 630 of 640 weights become 0, because one is 5",)


def test_a_chip_without_a_mapper_says_so(monkeypatch):
    package = replace(chips.package("odin"), mapper=None)
    monkeypatch.setattr(chips, "package", lambda name: package)
    with pytest.raises(InputError, match="odin has no mapper"):
        mapper_of("odin")


def test_a_bias_of_both_signs_has_two_rows_on_odin() -> None:
    net = network([population("out", 2, NeuronKind.IF, bias=[0.25, -0.25])], [connect(INPUT, "out", [[0.5, 0.5]])])
    on_chip = mapped("odin", net)
    assert on_chip.plan.bias_rows.tolist() == [253, 254]
    assert odin_network(on_chip.configuration).weights[253:255, :2].tolist() == [[4, 0], [0, -4]]
