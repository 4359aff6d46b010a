"""A network in the form that kernels take, with synapses and spikes in the order of ``axons.py``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.ranc.axons import axon_places, in_places
from draupnir.emulator.ranc.ticks.network import CoreNetwork, packet_targets, targets

DESTINATION_FIELDS = [(name, np.int32) for name in ("target", "axon", "place", "tick")]
PARAMETERS = ("reset_potential", "leak", "positive_threshold", "negative_threshold", "reset_mode")
# Records, whose fields kernels also read where they are not compiled.
DESTINATION = np.dtype((np.record, DESTINATION_FIELDS))
NEURON_ROW = np.dtype((np.record, [*DESTINATION_FIELDS, *((name, np.int32) for name in PARAMETERS)]))


class Planes(NamedTuple):
    """A network. C cores, A axons, N neurons, G weights, V words of spikes in a core, P packets.

    places : (C, A) int64, the place of each axon
    types : (C, V) int64, the type of the axons of a word
    synapses : (C, N, V) int64, the connections in that order
    weights : (C, N, G) int32
    neurons : (C, N) of ``NEURON_ROW``: where a spike goes, and the parameters. ``target`` is a core, or -1 for one
        outside of the grid; ``place`` is that of the axon among the core's spikes, or -1 for an axon that it lacks
    potentials : (C, N) int64, at the start
    is_core : (C,) bool
    packets : (P,) of ``DESTINATION``
    packet_starts : (n + 1,) int64, as in ``CoreNetwork``
    """

    places: np.ndarray
    types: np.ndarray
    synapses: np.ndarray
    weights: np.ndarray
    neurons: np.ndarray
    potentials: np.ndarray
    is_core: np.ndarray
    packets: np.ndarray
    packet_starts: np.ndarray

    @property
    def n_words(self) -> int:
        """The words of spikes of a core, V."""
        return int(self.types.shape[1])


def planes_of(network: CoreNetwork) -> Planes:
    """Bring a network into the form that kernels take."""
    places, types = axon_places(network.axons, network.grid.n_weights)
    is_core = network.is_core.copy()
    is_core[network.output] = False  # the output bus replaces a core
    q, packets = network.neurons, np.zeros(len(network.packets), DESTINATION)
    neurons = np.zeros(q.shape, NEURON_ROW)
    for name in PARAMETERS:
        neurons[name] = q[name]
    _set_destinations(neurons, targets(network), q["destination_axon"], q["destination_tick"], places)
    _set_destinations(packets, packet_targets(network), network.packets["axon"], network.packets["tick"], places)
    return Planes(
        places,
        types,
        in_places(network.connections, places, types.shape[1]),
        network.weights.astype(np.int32),
        neurons,
        q["current_potential"].copy(),
        is_core,
        packets,
        network.packet_starts,
    )


def _set_destinations(
    rows: np.ndarray, cores: np.ndarray, axons: np.ndarray, ticks: np.ndarray, places: np.ndarray
) -> None:
    has_axon = (cores >= 0) & (axons >= 0) & (axons < places.shape[1])
    rows["place"] = np.where(has_axon, places[cores, np.where(has_axon, axons, 0)], -1)
    rows["target"], rows["axon"], rows["tick"] = cores, axons, ticks
