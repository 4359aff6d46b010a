"""A network on a grid of RANC's cores, as its tools describe it: cores, neurons, output bus and input packets.

All numbers are int64 and as wide as in the files; what does not fit a hardware is refused where the hardware is chosen.
Source: RANC simulator, README.md, decode.hpp and csramrow.h.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

NEURON_FIELDS = (
    "reset_potential",
    "leak",
    "positive_threshold",
    "negative_threshold",
    "dx",
    "dy",
    "destination_axon",
    "destination_tick",
    "current_potential",
    "reset_mode",
)
NEURON = np.dtype([(name, np.int64) for name in NEURON_FIELDS])
PACKET = np.dtype([(name, np.int64) for name in ("x", "y", "axon", "tick")])


class CoreGrid(NamedTuple):
    """The sizes of a grid. The names of the simulator's configuration are in brackets.

    n_x, n_y : cores in a row, and rows (num_cores_x, num_cores_y); core k is at x = k % n_x, y = k // n_x
    n_axons, n_neurons, n_weights : of each core (num_axons, num_neurons, num_weights)
    n_ticks : words of a scheduler (max_tick_offset)
    """

    n_x: int
    n_y: int
    n_axons: int
    n_neurons: int
    n_weights: int
    n_ticks: int

    @property
    def n_cores(self) -> int:
        """The places of the grid, one of which has the output bus."""
        return self.n_x * self.n_y


@dataclass(eq=False)
class CoreNetwork:
    """A network and its input. C = ``grid.n_cores``, N neurons, A axons, G weights.

    reset_type : 0 resets a potential below the negative threshold, 1 also one that is equal to it (neuron_reset_type)
    output : the place of the output bus, which replaces a core; n_outputs : its axons
    is_core : (C,) bool, the cores that the file describes; the others never spike
    axons : (C, A) int64, the type of each axon, 0..G - 1, which selects the weight
    connections : (C, N, A) bool, the synapses
    weights : (C, N, G) int64
    neurons : (C, N) of ``NEURON``; dx and dy are the distances from the neuron's core to the target
    packets : (P,) of ``PACKET``, the input packets; x and y are the target's place
    packet_starts : (n + 1,) int64, the packets of tick i are ``packets[packet_starts[i]:packet_starts[i + 1]]``. Those
        of tick 0 come before the first tick, and those of tick i during tick i.
    """

    grid: CoreGrid
    reset_type: int
    output: int
    n_outputs: int
    is_core: np.ndarray
    axons: np.ndarray
    connections: np.ndarray
    weights: np.ndarray
    neurons: np.ndarray
    packets: np.ndarray
    packet_starts: np.ndarray

    @property
    def n_input_ticks(self) -> int:
        """The ticks, from 0 on, for which the network has a list of packets."""
        return len(self.packet_starts) - 1

    def place(self, core: int) -> str:
        """The name of a core in messages."""
        return f"core ({core % self.grid.n_x}, {core // self.grid.n_x})"


def empty(grid: CoreGrid, reset_type: int, output: int, n_outputs: int) -> CoreNetwork:
    """A network without a core or a packet. Its neurons are the simulator's default: threshold 1, all else 0."""
    c, n, a, g = grid.n_cores, grid.n_neurons, grid.n_axons, grid.n_weights
    neurons = np.zeros((c, n), NEURON)
    neurons["positive_threshold"] = 1
    return CoreNetwork(
        grid,
        reset_type,
        output,
        n_outputs,
        is_core=np.zeros(c, np.bool_),
        axons=np.zeros((c, a), np.int64),
        connections=np.zeros((c, n, a), np.bool_),
        weights=np.zeros((c, n, g), np.int64),
        neurons=neurons,
        packets=np.zeros(0, PACKET),
        packet_starts=np.zeros(1, np.int64),
    )


def targets(network: CoreNetwork) -> np.ndarray:
    """The core to which each neuron sends, (C, N) int64; -1 if that is outside of the grid."""
    grid = network.grid
    cores = np.arange(grid.n_cores)[:, None]
    return _cores_at(grid, cores % grid.n_x + network.neurons["dx"], cores // grid.n_x + network.neurons["dy"])


def packet_targets(network: CoreNetwork) -> np.ndarray:
    """The core to which each input packet goes, (P,) int64; -1 if that is outside of the grid."""
    return _cores_at(network.grid, network.packets["x"], network.packets["y"])


def _cores_at(grid: CoreGrid, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    is_inside = (x >= 0) & (x < grid.n_x) & (y >= 0) & (y < grid.n_y)
    places: np.ndarray = np.where(is_inside, x + grid.n_x * y, -1)
    return places
