"""NIR files that are read: each form in which frameworks write them, and the network that comes out."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from draupnir.tools.mapping.conventions import Reset
from draupnir.tools.mapping.front import load
from draupnir.tools.mapping.graph import PARAMETERS
from draupnir.tools.mapping.network import INPUT, NeuronKind
from draupnir.tools.mapping.read.nir_file import read_nir
from draupnir.tools.tests.mapping.graphs import (
    DT,
    chain,
    entry,
    graph,
    integrate_and_fire,
    leaky,
    lif,
    linear,
    nir,
    out,
    small,
    weights,
    write,
)

pytestmark = pytest.mark.usefixtures("in_process")


def read(folder, model):
    return load(write(folder, model), DT, Reset.ZERO)


def test_a_reset_that_nobody_named_is_zero_with_a_note(tmp_path):
    front = load(write(tmp_path, small()), DT, None)
    assert front.conventions.reset is Reset.ZERO
    assert front.notes == (
        "NIR does not say how a neuron resets: without --reset it is zero; a recording with --reference shows it",
    )


def test_a_feedforward_network(tmp_path):
    model = chain(
        input=entry(6), fc1=linear(5, 6), lif1=lif(5), fc2=linear(3, 5, 1), lif2=lif(3, tau=2e-3), output=out(3)
    )
    front = read(tmp_path, model)
    network = front.network
    assert (network.input_shape, network.n_inputs, network.output, front.notes) == ((6,), 6, "lif2", ())
    assert [(one.name, one.kind, one.shape, one.size) for one in network.populations] == [
        ("lif1", NeuronKind.LIF, (5,), 5),
        ("lif2", NeuronKind.LIF, (3,), 3),
    ]
    assert [(one.source, one.target, one.recurrent, one.path) for one in network.connections] == [
        (INPUT, "lif1", False, ("fc1",)),
        ("lif1", "lif2", False, ("fc2",)),
    ]
    first, second = network.connections
    assert first.weights.dtype == np.float64
    np.testing.assert_array_equal(first.weights, weights(5, 6))
    np.testing.assert_array_equal(second.weights, weights(3, 5, 1))
    np.testing.assert_array_equal(network.population("lif2").tau, np.full(3, 2e-3))
    assert network.population("lif1").threshold.tolist() == [1.0] * 5
    assert network.inputs_of("lif2") == (second,)


def test_each_node_is_what_the_package_itself_reads(tmp_path):
    path = write(tmp_path, small())
    ours, theirs = read_nir(path), nir.read(path, type_check=False)
    assert ours.edges == tuple(map(tuple, theirs.edges))
    assert ours.nodes.keys() == theirs.nodes.keys()
    for name in ("tau", "r", "v_leak", "v_threshold", "v_reset"):
        np.testing.assert_array_equal(ours.nodes["lif"].numbers[name], getattr(theirs.nodes["lif"], name))
    np.testing.assert_array_equal(ours.nodes["fc"].numbers["weight"], theirs.nodes["fc"].weight)


def test_each_kind_of_node_of_the_package_is_known_with_its_parameters() -> None:
    kinds = {
        name
        for name in dir(nir)
        if isinstance(getattr(nir, name), type) and issubclass(getattr(nir, name), nir.NIRNode)
    }
    kinds -= {"NIRNode", "NIRGraph"}
    assert len(kinds) > 15
    assert kinds <= PARAMETERS.keys()
    for kind in kinds - {"Input", "Output", "Identity"}:
        own = {field.name for field in fields(getattr(nir, kind)) if field.init and not field.kw_only}
        optional = {"v_reset", "input_shape", "input_type", "start_dim", "end_dim"}
        assert set(PARAMETERS[kind]) == own - optional, kind


def test_neurons_without_a_leak_and_neurons_that_do_not_spike(tmp_path):
    model = chain(input=entry(6), a=linear(4, 6), b=integrate_and_fire(4), c=linear(2, 4), d=leaky(2), output=out(2))
    first, last = read(tmp_path, model).network.populations
    assert (first.kind, first.spikes, first.tau.tolist()) == (NeuronKind.IF, True, [np.inf] * 4)
    assert (last.kind, last.spikes, last.threshold.tolist()) == (NeuronKind.LI, False, [np.inf] * 2)


def test_an_integrator_is_read_by_its_potential(tmp_path):
    (last,) = read(tmp_path, small(lif=nir.I(r=np.ones(4)))).network.populations
    assert (last.kind, last.spikes) == (NeuronKind.INTEGRATOR, False)


def test_a_batch_dimension_is_left_out_and_told(tmp_path):
    front = read(tmp_path, small(input=entry(1, 6)))
    assert front.network.connections[0].weights.shape == (4, 6)
    assert front.notes == ("node 'input': shape (1, 6) is read as (6,): the batch dimension was exported, too",)


def test_parameters_of_shape_nothing_are_those_of_each_neuron(tmp_path):
    front = read(tmp_path, small(lif=lif(tau=3e-3)))
    assert front.network.populations[0].tau.tolist() == [3e-3] * 4


def test_a_parameter_for_all_beside_one_for_each(tmp_path):
    node = lif(4)
    node.tau, node.r = np.array(5e-3), np.array([50.0])
    (population,) = read(tmp_path, small(lif=node)).network.populations
    assert population.tau.tolist() == [5e-3] * 4
    assert population.r.tolist() == [50.0] * 4


def test_a_file_of_an_older_writer_has_no_v_reset(tmp_path):
    import h5py

    path = write(tmp_path, small())
    with h5py.File(path, "a") as file:
        del file["node/nodes/lif/v_reset"]
    assert load(path, DT, Reset.ZERO).network.populations[0].v_reset.tolist() == [0.0] * 4


def test_potentials_are_told_from_the_leak_potential(tmp_path):
    (population,) = read(tmp_path, small(lif=lif(4, leak=-65.0, reset=-65.0, threshold=-50.0))).network.populations
    assert (population.threshold.tolist(), population.v_reset.tolist()) == ([15.0] * 4, [0.0] * 4)


def recurrent(w_rec):
    inner = graph({"input": entry(4), "lif": lif(4), "w_rec": w_rec, "output": out(4)}, RING)
    return chain(input=entry(6), fc=linear(4, 6), rec=inner, fc2=linear(2, 4), lif2=lif(2), output=out(2))


RING = [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")]


def test_a_subgraph_with_a_loop_as_snntorch_writes_it(tmp_path):
    network = read(tmp_path, recurrent(linear(4, 4, 5))).network
    assert [one.name for one in network.populations] == ["rec/lif", "lif2"]
    loops = [one for one in network.connections if one.recurrent]
    assert [(one.source, one.target, one.path) for one in loops] == [("rec/lif", "rec/lif", ("rec/w_rec",))]
    np.testing.assert_array_equal(loops[0].weights, weights(4, 4, 5))


def test_what_leads_back_in_a_loop_of_two_layers_is_recurrent(tmp_path):
    nodes = {"input": entry(6), "b": lif(3), "ab": linear(3, 4), "ba": linear(4, 3), "a": lif(4), "fc": linear(4, 6)}
    edges = [("input", "fc"), ("fc", "a"), ("a", "ab"), ("ab", "b"), ("b", "ba"), ("ba", "a"), ("b", "output")]
    network = read(tmp_path, graph(nodes | {"output": out(3)}, edges)).network
    assert [one.name for one in network.populations] == ["a", "b"]
    arrows = {(one.source, one.target): one.recurrent for one in network.connections}
    assert arrows == {(INPUT, "a"): False, ("a", "b"): False, ("b", "a"): True}


def test_a_shortcut_past_a_loop_does_not_turn_the_order_round(tmp_path):
    """Both the loop's neuron and the one behind it are as close to the input."""
    nodes = {"input": entry(6), "last": lif(4), "skip": linear(4, 6, 1), "loop": lif(4), "fc": linear(4, 6)}
    edges = [("input", "fc"), ("fc", "loop"), ("input", "skip"), ("skip", "last"), ("loop", "w"), ("w", "loop")]
    nodes |= {"w": linear(4, 4), "w2": linear(4, 4, 2), "output": out(4)}
    edges += [("loop", "w2"), ("w2", "last"), ("last", "output")]
    network = read(tmp_path, graph(nodes, edges)).network
    assert [one.name for one in network.populations] == ["loop", "last"]
    assert {(one.source, one.target): one.recurrent for one in network.connections} == {
        (INPUT, "loop"): False,
        (INPUT, "last"): False,
        ("loop", "last"): False,
        ("loop", "loop"): True,
    }


def test_weights_of_two_ways_between_the_same_neurons_are_added(tmp_path):
    nodes = {"input": entry(6), "a": linear(4, 6), "b": linear(4, 6, 1), "lif": lif(4), "output": out(4)}
    edges = [("input", "a"), ("input", "b"), ("a", "lif"), ("b", "lif"), ("lif", "output")]
    (connection,) = read(tmp_path, graph(nodes, edges)).network.connections
    np.testing.assert_array_equal(connection.weights, weights(4, 6).astype(float) + weights(4, 6, 1))
    assert connection.path == ("a", "b")


def test_weights_in_a_row_are_multiplied(tmp_path):
    model = chain(
        input=entry(6), a=linear(5, 6), s=nir.Scale(scale=np.arange(1.0, 6)), b=linear(4, 5, 1), l=lif(4), o=out(4)
    )
    (connection,) = read(tmp_path, model).network.connections
    right = weights(4, 5, 1).astype(float) @ np.diag(np.arange(1.0, 6)) @ weights(5, 6).astype(float)
    np.testing.assert_allclose(connection.weights, right, rtol=1e-12)
    assert connection.path == ("a", "s", "b")


def test_biases_go_through_what_follows_them(tmp_path):
    affine = nir.Affine(weight=weights(5, 6), bias=np.arange(5.0))
    model = chain(input=entry(6), a=affine, b=linear(4, 5, 1), lif=lif(4), output=out(4))
    (population,) = read(tmp_path, model).network.populations
    np.testing.assert_allclose(population.bias, weights(4, 5, 1).astype(float) @ np.arange(5.0), rtol=1e-12)


def test_a_bias_of_zeros_is_none(tmp_path):
    model = small(fc=nir.Affine(weight=weights(4, 6), bias=np.zeros(4)))
    assert read(tmp_path, model).network.populations[0].bias.tolist() == [0.0] * 4


@pytest.mark.parametrize("start", [0, 1])
def test_flatten_is_a_renumbering_wherever_it_begins(tmp_path, start):
    flatten = nir.Flatten(input_type={"input": np.array([2, 3])}, start_dim=start, end_dim=-1)
    model = chain(input=entry(2, 3), flat=flatten, fc=linear(4, 6), lif=lif(4), output=out(4))
    front = read(tmp_path, model)
    np.testing.assert_array_equal(front.network.connections[0].weights, weights(4, 6))
    assert front.network.input_shape == (2, 3)


def test_a_flatten_before_the_output_changes_nothing(tmp_path):
    nodes = {
        "input": entry(6),
        "fc": linear(4, 6),
        "lif": lif(4),
        "flat": nir.Flatten({"input": np.array([4])}, 0),
        "o": out(4),
    }
    network = read(tmp_path, chain(**nodes)).network
    assert network.output == "lif"
    assert len(network.connections) == 1


def test_neurons_that_take_the_input_directly_are_told(tmp_path):
    front = read(tmp_path, chain(input=entry(4), lif=lif(4), output=out(4)))
    np.testing.assert_array_equal(front.network.connections[0].weights, np.eye(4))
    assert front.notes == ("node 'lif' takes the input directly: each input gets a neuron of its own",)


def test_neurons_that_nobody_reads_are_told(tmp_path):
    nodes = {"input": entry(6), "fc": linear(4, 6), "lif": lif(4), "w": linear(2, 4), "lost": lif(2), "output": out(4)}
    edges = [("input", "fc"), ("fc", "lif"), ("lif", "w"), ("w", "lost"), ("lif", "output")]
    front = read(tmp_path, graph(nodes, edges))
    assert front.notes == ("node 'lost' has no effect on the output: nothing leads from it there",)


def test_a_delay_of_nothing_is_none(tmp_path):
    model = chain(input=entry(6), fc=linear(4, 6), d=nir.Delay(delay=np.zeros(4)), lif=lif(4), output=out(4))
    np.testing.assert_array_equal(read(tmp_path, model).network.connections[0].weights, weights(4, 6))


def test_a_graph_without_input_and_output_gets_them_at_its_ends(tmp_path):
    network = read(tmp_path, chain(fc=linear(4, 6), lif=lif(4))).network
    assert (network.input_shape, network.output) == ((6,), "lif")


def test_a_graph_in_a_graph_gets_an_input_of_its_own_shape(tmp_path):
    network = read(tmp_path, graph({"net": small()}, [])).network
    assert (network.input_shape, network.output) == ((6,), "net/lif")


def convolution(**others):
    parameters = {"input_shape": (4, 4), "stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
    weight = np.random.default_rng(3).normal(size=(2, 1, 3, 3)).astype(np.float32)
    return nir.Conv2d(**({"weight": weight, "bias": np.zeros(2)} | parameters | others))


def test_a_small_convolution_and_a_pooling_become_one_matrix(tmp_path):
    pool = nir.SumPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0]))
    nodes = {"input": entry(1, 4, 4), "conv": convolution(), "pool": pool, "lif": lif(2, 1, 1), "output": out(2, 1, 1)}
    network = read(tmp_path, chain(**nodes)).network
    (connection,) = network.connections
    kernel = nodes["conv"].weight.astype(float)[:, 0]
    right = np.sum([np.pad(kernel, ((0, 0), (y, 1 - y), (x, 1 - x))) for y in (0, 1) for x in (0, 1)], axis=0)
    np.testing.assert_allclose(connection.weights, right.reshape(2, 16), rtol=1e-12)
    assert network.populations[0].shape == (2, 1, 1)


def test_a_convolution_without_a_shape_takes_that_of_the_input(tmp_path):
    """Files of older writers lack it."""
    import h5py

    path = write(tmp_path, chain(input=entry(1, 4, 4), conv=convolution(), lif=lif(), output=out(2, 2, 2)))
    with h5py.File(path, "a") as file:
        del file["node/nodes/conv/input_shape"]
    network = load(path, DT, Reset.ZERO).network
    assert (network.populations[0].shape, network.connections[0].weights.shape) == ((2, 2, 2), (8, 16))


def test_neurons_of_a_channel_share_their_parameters(tmp_path):
    node = lif(2, 1, 1)
    node.tau = np.array([1e-3, 2e-3]).reshape(2, 1, 1)
    network = read(tmp_path, chain(input=entry(1, 4, 4), conv=convolution(), lif=node, output=out(2, 2, 2))).network
    assert network.populations[0].tau.tolist() == [1e-3] * 4 + [2e-3] * 4
