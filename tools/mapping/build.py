"""The network that a graph describes: chains of nodes without a memory become matrices between populations.

The graph has been checked (``check.py``): each node is known and its parameters are sound.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from draupnir.tools.mapping.graph import NEURONS, Graph, Node, Reals
from draupnir.tools.mapping.layers import LAYERS, bias, extent, respond
from draupnir.tools.mapping.network import INPUT, Connection, NeuronKind, Population, SpikingNetwork
from draupnir.tools.mapping.order import visits
from draupnir.tools.mapping.shapes import MOST_VALUES, Shape, Shapes
from draupnir.tools.mapping.violations import Broken, Violation


def build(graph: Graph, shapes: Shapes) -> SpikingNetwork:
    """The network of a graph that breaks no rule. Raises Broken where it would take too much memory."""
    (entry,) = graph.of_kind("Input")
    (out,) = graph.of_kind("Output")
    order = visits(graph)
    ranks = {path: rank for rank, path in enumerate(path for path in order if graph.nodes[path].kind in NEURONS)}
    chain = _chain(graph, order)
    memory = _Memory()
    biases = _biases(graph, shapes, chain, memory)
    connections = [
        Connection(
            INPUT if source == entry.path else source,
            target,
            weights,
            source != entry.path and ranks[source] >= ranks[target],
            path,
        )
        for source in (entry.path, *ranks)
        for target, weights, path in _weights(graph, shapes, source, chain, memory)
        if target in ranks
    ]
    return SpikingNetwork(
        shapes.outputs[entry.path],
        tuple(_population(graph.nodes[path], shapes.outputs[path], biases) for path in ranks),
        tuple(connections),
        _read_by(graph, out.path),
        graph.dt,
    )


def _chain(graph: Graph, order: list[str]) -> list[str]:
    """The nodes without a memory that lead to a neuron, in the order of visits."""
    leading: set[str] = set()
    for path in reversed(order):
        plain = graph.nodes[path].kind in LAYERS
        if plain and any(graph.nodes[target].kind in NEURONS or target in leading for target in graph.targets(path)):
            leading.add(path)
    return [path for path in order if path in leading]


class _Memory:
    """The memory that matrices of a network may take: ``MOST_VALUES`` entries each, and four times as many together."""

    def __init__(self) -> None:
        self.remaining = 4 * MOST_VALUES

    def take(self, node: Node, n_sources: int, n_values: int) -> None:
        """Count a matrix of a node. Raises Broken."""
        entries = n_sources * n_values
        self.remaining -= entries
        if entries > MOST_VALUES or self.remaining < 0:
            message = f"{n_values:,} values of {n_sources:,} sources, once unrolled"
            right = f"at most {MOST_VALUES:,} weights, and {4 * MOST_VALUES:,} in all"
            raise Broken(Violation("too-large", str(node), message, right))


def _weights(
    graph: Graph, shapes: Shapes, source: str, chain: list[str], memory: _Memory
) -> Iterator[tuple[str, Reals, tuple[str, ...]]]:
    """Follow one source through all chains: each neuron node that is reached, (targets, sources) weights, the path."""
    n = prod(shapes.outputs[source])
    if not any(target in chain or graph.nodes[target].kind in NEURONS for target in graph.targets(source)):
        return
    memory.take(graph.nodes[source], n, n)
    responses: dict[str, Reals] = {source: np.eye(n)}
    passed: dict[str, tuple[str, ...]] = {source: ()}
    for path in (*chain, *(node.path for node in graph.of_kind(*NEURONS))):
        sources = [feeder for feeder in graph.sources(path) if feeder in responses]
        if sources:
            names = tuple(dict.fromkeys(name for feeder in sources for name in passed[feeder]))
            memory.take(graph.nodes[path], n, extent(graph.nodes[path], shapes.inputs[path], shapes.outputs[path]))
            values = _sum(responses, sources, (n, prod(shapes.inputs[path])))
            if path in chain:
                responses[path] = respond(graph.nodes[path], values, shapes.inputs[path], shapes.outputs[path])
                passed[path] = (*names, path)
            else:
                yield path, np.ascontiguousarray(values.T), names


def _biases(graph: Graph, shapes: Shapes, chain: list[str], memory: _Memory) -> dict[str, Reals]:
    """The current that the biases of all nodes together send into each neuron node."""
    responses: dict[str, Reals] = {}
    for path in (*chain, *(node.path for node in graph.of_kind(*NEURONS))):
        memory.take(graph.nodes[path], 8, extent(graph.nodes[path], shapes.inputs[path], shapes.outputs[path]))
    for path in chain:
        current = _sum(responses, graph.sources(path), (prod(shapes.inputs[path]),))
        values = respond(graph.nodes[path], current[None], shapes.inputs[path], shapes.outputs[path])[0]
        responses[path] = values + bias(graph.nodes[path], shapes.outputs[path])
    return {
        node.path: _sum(responses, graph.sources(node.path), (prod(shapes.outputs[node.path]),))
        for node in graph.of_kind(*NEURONS)
    }


def _sum(responses: dict[str, Reals], sources: list[str], shape: Shape) -> Reals:
    """Add up what some sources give, as far as they give anything; 0 if none does."""
    total = np.zeros(shape)
    for source in sources:
        if source in responses:
            total = total + responses[source]
    return total


def _population(node: Node, shape: Shape, biases: dict[str, Reals]) -> Population:
    n = prod(shape)

    def each(name: str, otherwise: float) -> Reals:
        return np.broadcast_to(node.numbers.get(name, np.float64(otherwise)), shape).reshape(n).astype(np.float64)

    rest = each("v_leak", 0)
    return Population(
        node.path,
        NeuronKind(node.kind),
        shape,
        tau=each("tau", np.inf),
        r=each("r", 1),
        threshold=each("v_threshold", np.inf) - rest,
        v_reset=each("v_reset", 0) - rest,
        bias=biases[node.path],
    )


def _read_by(graph: Graph, path: str) -> str:
    """The population that an Output shows, through nodes that change nothing."""
    while graph.nodes[path].kind not in NEURONS:
        (path,) = graph.sources(path)
    return path
