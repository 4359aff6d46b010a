"""A network as its file has it: nodes with their parameters, and edges between them.

The words are those of NIR (https://neuroir.org/docs/primitives), whatever the file is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

# The parameters that a node of each kind must have. "Synapses" is ours: a Linear whose weights have a row a source.
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "Input": ("shape",),
    "Output": (),
    "Identity": (),
    "Linear": ("weight",),
    "Synapses": ("weight",),
    "Affine": ("weight", "bias"),
    "Scale": ("scale",),
    "Conv1d": ("weight", "bias", "stride", "padding", "dilation", "groups"),
    "Conv2d": ("weight", "bias", "stride", "padding", "dilation", "groups"),
    "SumPool2d": ("kernel_size", "stride", "padding"),
    "AvgPool2d": ("kernel_size", "stride", "padding"),
    "Flatten": (),
    "Delay": ("delay",),
    "Threshold": ("threshold",),
    "LIF": ("tau", "r", "v_leak", "v_threshold"),
    "IF": ("r", "v_threshold"),
    "LI": ("tau", "r", "v_leak"),
    "I": ("r",),
    "CubaLIF": ("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "w_in"),
    "CubaLI": ("tau_mem", "tau_syn", "r", "v_leak", "w_in"),
}
NEURONS = ("LIF", "IF", "LI", "I", "CubaLIF", "CubaLI")
SPIKING = ("LIF", "IF", "CubaLIF")
# Parameters that hold a number for each neuron, or one for all; v_reset is missing in files of nir 1.0.4.
PER_NEURON = ("tau", "tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in", "threshold", "delay")


@dataclass(frozen=True, eq=False)
class Node:
    """One node: its path (a node of a subgraph has a slash in it), its kind, and its parameters.

    numbers : name -> float64 array of any shape; words : name -> text, such as the padding "same"
    """

    path: str
    kind: str
    numbers: Mapping[str, Reals]
    words: Mapping[str, str]

    def __str__(self) -> str:
        return f"node '{self.path}'"


@dataclass(frozen=True, eq=False)
class Graph:
    """All nodes by path, and edges as pairs of paths, in the file's order.

    dt : the timestep in the file's unit of time, where the file has its own; None for NIR, which has none
    """

    nodes: Mapping[str, Node]
    edges: tuple[tuple[str, str], ...]
    dt: float | None = None

    def sources(self, path: str) -> list[str]:
        """The nodes that feed a node, in the order of the edges."""
        return self._sources.get(path, [])

    def targets(self, path: str) -> list[str]:
        """The nodes that a node feeds, in the order of the edges."""
        return self._targets.get(path, [])

    @cached_property
    def _sources(self) -> dict[str, list[str]]:
        return _gathered((target, source) for source, target in self.edges if {source, target} <= self.nodes.keys())

    @cached_property
    def _targets(self) -> dict[str, list[str]]:
        return _gathered((source, target) for source, target in self.edges if {source, target} <= self.nodes.keys())

    def of_kind(self, *kinds: str) -> list[Node]:
        """The nodes of some kinds, in the file's order."""
        return [node for node in self.nodes.values() if node.kind in kinds]


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    neighbours: dict[str, list[str]] = {}
    for key, path in pairs:
        neighbours.setdefault(key, []).append(path)
    return neighbours
