"""The float reference: equal to what snnTorch computed, worked by hand for each convention, and the hints it gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.tools.mapping.conventions import Conventions, Decay, Reset
from draupnir.tools.mapping.front import front
from draupnir.tools.mapping.graph import Graph, Node
from draupnir.tools.mapping.network import SpikingNetwork
from draupnir.tools.mapping.read.arrays import graph_of_arrays
from draupnir.tools.mapping.reference import compare, hold, run

RECORDING = Path(__file__).with_name("frameworks") / "snntorch_digits.npz"


def network(graph: Graph, reset: Reset = Reset.ZERO, dt: float = 1.0) -> SpikingNetwork:
    return front(graph, Conventions(dt, reset), "net").network


def one_neuron(**arrays):
    """One input, one neuron, weight 1."""
    as_arrays = {name: np.asarray(array) for name, array in arrays.items()}
    return network(graph_of_arrays({"w1": np.ones((1, 1))} | as_arrays, "net"))


def stimulus(*spikes):
    """One sample of one input."""
    return np.array(spikes, np.uint8).reshape(1, -1, 1)


def potentials(net, samples, reset, dt=1.0, decay=Decay.EULER):
    return run(net, samples, Conventions(dt, reset, decay)).potentials[net.output][0, :, 0].tolist()


def spikes(net, samples, reset):
    return run(net, samples, Conventions(1.0, reset)).spikes[net.output][0, :, 0].tolist()


def digits(beta: float) -> tuple[SpikingNetwork, np.ndarray, dict[str, dict[str, np.ndarray]]]:
    with np.load(RECORDING, allow_pickle=False) as file:
        arrays = {"w1": file["w1"], "w2": file["w2"], "beta1": np.array(beta), "beta2": np.array(beta)}
        samples = np.unpackbits(file["spikes"], axis=-1, count=64)
        sizes = {"hidden": ("layer1", 100), "output": ("layer2", 10)}
        recording = {
            reset: {
                layer: np.unpackbits(file[f"{reset}_{name}"], axis=-1, count=size)
                for name, (layer, size) in sizes.items()
            }
            for reset in ("subtract_after_leak", "zero")
        }
    return network(graph_of_arrays(arrays, "net")), samples, recording


@pytest.mark.parametrize("reset", [Reset.SUBTRACT_AFTER_LEAK, Reset.ZERO])
def test_all_spikes_of_360_images_are_those_of_snntorch(reset):
    net, samples, recording = digits(0.9)
    agreement = compare(net, samples, recording[reset.replace("-", "_")], Conventions(1.0, reset))
    assert (agreement.n_equal, agreement.n, agreement.first) == (360, 360, None)
    assert agreement.holds


def test_one_spike_more_in_the_recording_is_found() -> None:
    net, samples, recording = digits(0.9)
    spikes = {name: array.copy() for name, array in recording["zero"].items()}
    spikes["layer2"][17, 3, 6] ^= 1
    agreement = compare(net, samples, spikes, Conventions(1.0, Reset.ZERO))
    assert (agreement.n_equal, agreement.holds) == (359, False)
    assert str(agreement.first).startswith("sample 17, timestep 3, 'layer2' neuron 6: ")


def test_a_time_constant_of_one_timestep_keeps_nothing() -> None:
    """With float32, tau can be a little below the dt that it was made of."""
    net = network(leaky_graph(tau=1e-3 * (1 - 1e-7), r=0.9), dt=1e-3)
    assert potentials(net, stimulus(1, 0), Reset.ZERO, 1e-3) == [0.9, 0.0]


def test_the_reset_that_fits_is_named() -> None:
    net, samples, recording = digits(0.9)
    verdict = hold(net, samples[:40], recording["subtract_after_leak"], Conventions(1.0, Reset.ZERO))
    assert str(verdict) == (
        "float reference equal to the recording in 0 of 40 samples with --dt 1 --reset zero; "
        "sample 0, timestep 1, 'layer1' neuron 35: no spike, and the recording has a spike; "
        "--dt 1 --reset subtract-after-leak fits: 40 of 40"
    )


def test_nothing_fits_where_the_leak_is_another() -> None:
    net, samples, recording = digits(0.5)
    verdict = hold(net, samples[:40], {"layer1": recording["zero"]["layer1"]}, Conventions(1.0, Reset.ZERO))
    assert not verdict.baseline.holds
    assert str(verdict).endswith("no other --reset or --decay, and no usual --dt, comes closer")


def test_what_holds_is_said_in_one_line() -> None:
    net, samples, recording = digits(0.9)
    verdict = hold(net, samples, recording["zero"], Conventions(1.0, Reset.ZERO))
    assert str(verdict) == "float reference equal to the recording in 360 of 360 samples"


def leaky_graph(tau: float, r: float) -> Graph:
    """One input, weight 1, one LIF neuron in seconds."""
    numbers = {"tau": tau, "r": r, "v_leak": 0.0, "v_threshold": 1.0}
    nodes = [
        Node("input", "Input", {"shape": np.array([1.0])}, {}),
        Node("fc", "Linear", {"weight": np.ones((1, 1))}, {}),
        Node("lif", "LIF", {name: np.array([value]) for name, value in numbers.items()}, {}),
        Node("output", "Output", {}, {}),
    ]
    edges = (("input", "fc"), ("fc", "lif"), ("lif", "output"))
    return Graph({node.path: node for node in nodes}, edges)


@pytest.mark.parametrize("dt", [1e-2, 1e-3, 1e-4])
def test_the_timestep_that_fits_is_named(dt):
    net = network(leaky_graph(tau=2e-2, r=12.0), dt=1e-3)
    samples = np.random.default_rng(0).integers(0, 2, (20, 60, 1)).astype(np.uint8)
    recording = {"lif": run(net, samples, Conventions(1e-3, Reset.ZERO)).spikes["lif"]}
    verdict = hold(net, samples, recording, Conventions(dt, Reset.ZERO))
    best = verdict.others[0] if verdict.others else verdict.baseline
    assert best.holds
    assert best.conventions == Conventions(1e-3, Reset.ZERO)
    assert verdict.baseline.holds == (dt == 1e-3)


def test_no_timestep_beyond_a_time_constant_is_tried() -> None:
    net = network(leaky_graph(tau=5e-3, r=12.0), dt=1e-3)
    silent = {"lif": np.ones((1, 4, 1), np.bool_)}
    verdict = hold(net, np.zeros((1, 4, 1), np.uint8), silent, Conventions(1e-3, Reset.ZERO))
    tried = {(one.conventions.dt, one.conventions.decay) for one in verdict.others}
    assert (1e-2, Decay.EULER) not in tried
    assert (1e-2, Decay.EXPONENTIAL) in tried


def test_potentials_without_a_leak_by_hand() -> None:
    net = one_neuron(thr1=2.5)
    assert potentials(net, stimulus(1, 1, 1, 0, 1), Reset.ZERO) == [1, 2, 0, 0, 1]
    assert potentials(net, stimulus(1, 1, 1, 0, 1), Reset.SUBTRACT) == [1, 2, 0.5, 0.5, 1.5]
    assert potentials(net, stimulus(1, 1, 1, 0, 1), Reset.SUBTRACT_AFTER_LEAK) == [1, 2, 3, 0.5, 1.5]
    assert spikes(net, stimulus(1, 1, 1, 0, 1), Reset.SUBTRACT_AFTER_LEAK) == [False, False, True, False, False]


def test_resets_differ_by_the_leak_of_a_timestep() -> None:
    net = one_neuron(w1=np.full((1, 1), 4.0), thr1=2.0, beta1=0.5)
    assert potentials(net, stimulus(1, 0, 0), Reset.SUBTRACT) == [2, 1, 0.5]
    assert potentials(net, stimulus(1, 0, 0), Reset.SUBTRACT_AFTER_LEAK) == [4, 0, 0]


def test_a_potential_at_the_threshold_is_no_spike() -> None:
    net = one_neuron(thr1=2.0)
    assert spikes(net, stimulus(1, 1, 1), Reset.ZERO) == [False, False, True]


def test_a_bias_comes_in_each_timestep() -> None:
    net = one_neuron(bias1=0.25, thr1=9.0)
    assert potentials(net, stimulus(0, 1, 0), Reset.ZERO) == [0.25, 1.5, 1.75]


def test_recurrent_spikes_arrive_a_timestep_later() -> None:
    net = one_neuron(thr1=0.5, rec1=np.full((1, 1), 0.4))
    assert potentials(net, stimulus(1, 0, 0), Reset.ZERO) == [0, 0.4, 0.4]


def test_layers_pass_spikes_on_in_the_same_timestep() -> None:
    net = one_neuron(thr1=0.5, w2=np.ones((1, 1)), thr2=0.5)
    assert spikes(net, stimulus(0, 1, 0), Reset.ZERO) == [False, True, False]


def test_a_readout_by_potential_does_not_spike() -> None:
    net = one_neuron(readout="potential", beta1=0.5)
    result = run(net, stimulus(1, 1, 1, 1), Conventions(1.0, Reset.ZERO))
    assert result.spikes == {}
    assert result.potentials[net.output][0, :, 0].tolist() == [1, 1.5, 1.75, 1.875]


def test_the_decay_by_hand() -> None:
    """tau 2 ms, dt 1 ms: Euler keeps 1/2, and the exponential exp(-1/2); r times the rest is added."""
    net = network(leaky_graph(tau=2e-3, r=1.0), dt=1e-3)
    assert potentials(net, stimulus(1, 1, 0), Reset.ZERO, 1e-3) == [0.5, 0.75, 0.375]
    keep = np.exp(-0.5)
    exponential = potentials(net, stimulus(1, 1, 0), Reset.ZERO, 1e-3, Decay.EXPONENTIAL)
    np.testing.assert_allclose(exponential, [1 - keep, 1 - keep**2, keep - keep**3], rtol=1e-12)


def test_a_network_of_sinabs_with_a_timestep_of_milliseconds_is_told_its_own() -> None:
    """Sinabs counts time in timesteps: its time constants are numbers of them."""
    net = network(leaky_graph(tau=10.0, r=10.0), dt=1.0)
    samples = stimulus(1, 0, 1, 1, 0, 1)
    recording = {net.output: run(net, samples, Conventions(1.0, Reset.SUBTRACT)).spikes[net.output]}
    assert recording[net.output].any()
    verdict = hold(net, samples, recording, Conventions(1e-2, Reset.SUBTRACT))
    assert str(verdict).endswith("--dt 1 --reset subtract fits: 1 of 1")
