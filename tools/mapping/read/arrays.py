"""A network as named arrays: the way in without NIR, for whoever has weights as NumPy has them.

name        shape                 meaning, for layer N = 1, 2, ...
wN          (sources, neurons)    weights from the layer before; w1 from the input. A row a source
recN        (neurons, neurons)    weights among the layer's own neurons, one timestep later. A row a source
thrN        (neurons,) or ()      threshold; a neuron spikes above it. 1 if it is missing
betaN       (neurons,) or ()      the share of the potential that a timestep leaves, 0 to below 1; 1 is no leak. 1
biasN       (neurons,) or ()      what each timestep adds. 0
readout     text                  "spikes", or "potential": the last layer does not spike and is read by its potentials

A spike adds its weight as a whole to the potential. Time is counted in timesteps, so the timestep is 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.graph import Graph, Node, Reals

NAME = re.compile(r"(w|rec|thr|beta|bias)([1-9]\d?)")
DIMENSIONS = {"w": 2, "rec": 2, "thr": 1, "beta": 1, "bias": 1}


def graph_of_arrays(arrays: Mapping[str, NDArray[np.generic]], place: str) -> Graph:
    """The graph of named arrays. place : their file, for messages. Raises InputError."""
    potential = _readout(arrays, place)
    numbers = {name: _numbers(name, array, place) for name, array in arrays.items() if name != "readout"}
    n_layers = max((int(re.sub(r"\D", "", name)) for name in numbers), default=0)
    for layer in range(1, n_layers + 1):
        if f"w{layer}" not in numbers:
            has = ", ".join(numbers)
            raise InputError(f"{place}: there is no w{layer}, only {has}; right is w1, w2, ... without a gap")
    if not n_layers:
        raise InputError(f"{place}: there is no w1; right is w1 of shape (inputs, neurons), w2, ...")
    nodes = [_node("input", "Input", shape=np.array([numbers["w1"].shape[0]], np.float64))]
    edges, previous = [], "input"
    for layer in range(1, n_layers + 1):
        name = f"layer{layer}"
        nodes += [
            _node(f"w{layer}", "Synapses", weight=numbers[f"w{layer}"]),
            *_bias(layer, numbers),
            _neurons(layer, numbers, place, potential and layer == n_layers),
        ]
        edges += _chained(previous, *(node.path for node in nodes if node.path in (f"w{layer}", f"bias{layer}")), name)
        if f"rec{layer}" in numbers:
            nodes.append(_node(f"rec{layer}", "Synapses", weight=numbers[f"rec{layer}"]))
            edges += _chained(name, f"rec{layer}", name)
        previous = name
    nodes.append(_node("output", "Output"))
    edges.append((previous, "output"))
    return Graph({node.path: node for node in nodes}, tuple(edges), dt=1.0)


def _readout(arrays: Mapping[str, NDArray[np.generic]], place: str) -> bool:
    """Tell whether the last layer is read by its potentials."""
    word = str(arrays["readout"]) if "readout" in arrays else "spikes"
    if word not in ("spikes", "potential"):
        raise InputError(f"{place}: readout is '{word[:40]}'; right is 'spikes' or 'potential'")
    return word == "potential"


def _numbers(name: str, array: NDArray[np.generic], place: str) -> Reals:
    match = NAME.fullmatch(name)
    if not match:
        raise InputError(f"{place}: {name} is no array of a network; right is {', '.join(f'{n}1' for n in DIMENSIONS)}")
    if array.dtype.kind not in "biuf":
        raise InputError(f"{place}: {name} holds {array.dtype}; right is numbers")
    most = DIMENSIONS[match[1]]
    if array.ndim != most and not (most == 1 and array.size == 1):
        right = "(sources, neurons)" if most == 2 else "(neurons,)"
        raise InputError(f"{place}: {name} has shape {array.shape}; right is {right}")
    return np.asarray(array, np.float64)


def _neurons(layer: int, numbers: Mapping[str, Reals], place: str, potential: bool) -> Node:
    """LIF or LI where there is a leak, else IF or I; tau in timesteps, and r such that a weight is added as a whole."""
    threshold = {} if potential else {"v_threshold": numbers.get(f"thr{layer}", np.array(1.0))}
    beta = numbers.get(f"beta{layer}", np.array(1.0))
    size = numbers[f"w{layer}"].shape[1]
    for name in (f"thr{layer}", f"beta{layer}", f"bias{layer}"):
        if name in numbers and numbers[name].size not in (1, size):
            message = f"{name} has {numbers[name].size} numbers, and w{layer} has {size} columns"
            raise InputError(f"{place}: {message}; right is ({size},)")
    if (beta == 1).all():
        return _node(f"layer{layer}", "I" if potential else "IF", r=np.ones(size), **threshold)
    wrong = ~((beta >= 0) & (beta < 1))
    if wrong.any():
        index = int(np.flatnonzero(wrong)[0])
        right = "0 to below 1, or 1 for all neurons of a layer"
        raise InputError(f"{place}: beta{layer}[{index}] is {beta.ravel()[index]:g}; right is {right}")
    tau = np.broadcast_to(1 / (1 - beta), (size,))
    kind = "LI" if potential else "LIF"
    return _node(f"layer{layer}", kind, tau=tau, r=tau, v_leak=np.zeros(size), **threshold)


def _bias(layer: int, numbers: Mapping[str, Reals]) -> list[Node]:
    """A node that adds a layer's bias, if it has one."""
    if f"bias{layer}" not in numbers:
        return []
    size = numbers[f"w{layer}"].shape[1]
    return [_node(f"bias{layer}", "Affine", weight=np.eye(size), bias=numbers[f"bias{layer}"])]


def _chained(*paths: str) -> list[tuple[str, str]]:
    return list(pairwise(paths))


def _node(path: str, kind: str, **numbers: Reals) -> Node:
    return Node(path, kind, numbers, {})
