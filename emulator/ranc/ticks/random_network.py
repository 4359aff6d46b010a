"""Random networks, for tests and for measurements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.emulator.ranc.ticks.network import PACKET, CoreGrid, CoreNetwork, empty


@dataclass(frozen=True)
class Sort:
    """The sort of network to draw.

    n_outputs : outputs; the axons that neurons send to there are 0..n_outputs - 1
    n_ticks : ticks with input packets, and packets : their mean number in a tick
    density : the probability of a synapse
    weight, leak, threshold : the largest absolute value; thresholds above and below 0
    delayed : the probability that a destination tick is random, and not 0
    to_output : the probability that a neuron sends to the output bus whatever its core
    described : the probability that a core is described at all
    """

    n_outputs: int = 16
    n_ticks: int = 20
    packets: float = 8.0
    density: float = 0.4
    weight: int = 8
    leak: int = 3
    threshold: int = 12
    delayed: float = 0.5
    to_output: float = 0.3
    described: float = 0.85


def draw(rng: np.random.Generator, grid: CoreGrid, sort: Sort | None = None) -> CoreNetwork:
    """Draw a network and its input."""
    drawn_sort = sort or Sort()
    output = int(rng.integers(grid.n_cores))
    network = empty(grid, int(rng.integers(2)), output, drawn_sort.n_outputs)
    network.is_core[:] = rng.random(grid.n_cores) < drawn_sort.described
    for core in np.flatnonzero(network.is_core):
        _draw_core(rng, network, int(core), drawn_sort)
    _draw_packets(rng, network, drawn_sort)
    return network


def _draw_core(rng: np.random.Generator, network: CoreNetwork, core: int, sort: Sort) -> None:
    grid, q, n = network.grid, network.neurons[core], network.grid.n_neurons
    x, y = core % grid.n_x, core // grid.n_x
    network.axons[core] = rng.integers(grid.n_weights, size=grid.n_axons)
    network.connections[core] = rng.random((n, grid.n_axons)) < sort.density
    network.weights[core] = rng.integers(-sort.weight, sort.weight + 1, (n, grid.n_weights))
    q["leak"] = rng.integers(-sort.leak, sort.leak + 1, n)
    q["reset_potential"] = rng.integers(-sort.leak, sort.leak + 1, n)
    q["positive_threshold"] = rng.integers(-2, sort.threshold + 1, n)
    q["negative_threshold"] = rng.integers(-sort.threshold, 3, n)
    q["current_potential"] = rng.integers(-sort.threshold, sort.threshold + 1, n)
    q["reset_mode"] = rng.integers(2, size=n)
    targets = np.where(rng.random(n) < sort.to_output, network.output, rng.integers(grid.n_cores, size=n))
    q["dx"], q["dy"] = targets % grid.n_x - x, targets // grid.n_x - y
    n_axons = np.where(targets == network.output, network.n_outputs, grid.n_axons)
    q["destination_axon"] = rng.integers(n_axons)
    q["destination_tick"] = np.where(rng.random(n) < sort.delayed, rng.integers(grid.n_ticks, size=n), 0)


def _draw_packets(rng: np.random.Generator, network: CoreNetwork, sort: Sort) -> None:
    grid = network.grid
    counts = rng.poisson(sort.packets, sort.n_ticks)
    n = int(counts.sum())
    targets = rng.integers(grid.n_cores, size=n)
    network.packets = np.zeros(n, PACKET)
    network.packets["x"], network.packets["y"] = targets % grid.n_x, targets // grid.n_x
    most = min(network.n_outputs, grid.n_axons)
    network.packets["axon"] = rng.integers(np.where(targets == network.output, most, grid.n_axons))
    network.packets["tick"] = rng.integers(grid.n_ticks, size=n)
    network.packet_starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
