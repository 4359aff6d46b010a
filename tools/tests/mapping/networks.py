"""Random float networks, built without any file, and samples for them."""

from __future__ import annotations

import numpy as np

from draupnir.tools.mapping.network import INPUT, Connection, NeuronKind, Population, SpikingNetwork


def population(name, size, kind=NeuronKind.LIF, tau=10.0, threshold=1.0, bias=None):
    """Neurons of one kind with one tau, in timesteps, whose gain is 1."""
    tau = np.full(size, tau if kind in (NeuronKind.LIF, NeuronKind.LI) else np.inf)
    spikes = kind in (NeuronKind.LIF, NeuronKind.IF)
    return Population(
        name,
        kind,
        (size,),
        tau=tau,
        r=np.where(np.isinf(tau), 1.0, tau),
        threshold=np.full(size, threshold if spikes else np.inf),
        v_reset=np.zeros(size),
        bias=np.zeros(size) if bias is None else np.asarray(bias, float),
    )


def connect(source, target, weights, recurrent=False):
    """A connection; weights : (sources, targets)"""
    return Connection(source, target, np.asarray(weights, float).T, recurrent, ("fc",))


def network(populations, connections):
    """A network whose time is counted in timesteps, and whose last population is read."""
    n_inputs = next(one.weights.shape[1] for one in connections if one.source == INPUT)
    return SpikingNetwork((n_inputs,), tuple(populations), tuple(connections), populations[-1].name, 1.0)


def random_network(seed, kinds=(NeuronKind.LIF, NeuronKind.LIF), one_sign=False):
    """Two layers of random sizes. Every second network has a loop of inhibition, and every third a bias."""
    rng = np.random.default_rng(seed)
    n_inputs, n_hidden, n_out = (int(n) for n in rng.integers((3, 2, 2), (30, 40, 11)))

    def weights(n_in, n):
        matrix = rng.normal(0.15, 0.5, (n_in, n))
        return np.abs(matrix) * np.where(rng.random((n_in, 1)) < 0.3, -1, 1) if one_sign else matrix

    bias = rng.normal(0, 0.1, n_hidden) if seed % 3 == 0 else None
    populations = [population("hidden", n_hidden, kinds[0], bias=bias), population("out", n_out, kinds[1])]
    connections = [
        connect(INPUT, "hidden", weights(n_inputs, n_hidden)),
        connect("hidden", "out", weights(n_hidden, n_out)),
    ]
    if seed % 2 == 0:  # of inhibition, which always comes to rest
        loop = -np.abs(weights(n_hidden, n_hidden)) * 0.2
        excites = (connections[1].weights > 0).any(axis=0)[:, np.newaxis]
        connections.append(connect("hidden", "hidden", np.where(one_sign & excites, 0, loop), recurrent=True))
    return network(populations, connections)


def random_samples(seed, net, n=3):
    """(n, timesteps, inputs) uint8 of 0 and 1."""
    rng = np.random.default_rng(seed)
    return (rng.random((n, int(rng.integers(1, 8)), net.n_inputs)) < 0.3).astype(np.uint8)
