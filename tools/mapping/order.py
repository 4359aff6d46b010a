"""The order in which a timestep visits the nodes of a graph.

NIR does not say it. A node comes after all that feed it; where a loop makes that impossible, the node of the loop that
is closest to the input comes first, and what leads back to it carries the spikes of the timestep before.
"""

from __future__ import annotations

from collections import deque

from draupnir.tools.mapping.graph import NEURONS, Graph


def visits(graph: Graph) -> list[str]:
    """All nodes, by path. A loop is opened at a neuron; see ``instant_loop`` for loops without one."""
    open_sources = {path: set(graph.sources(path)) - {path} for path in graph.nodes}
    distance = distances(graph)
    order: list[str] = []
    while open_sources:
        ready = [path for path, sources in open_sources.items() if not sources]
        if not ready:
            ready = [min(_openings(graph, open_sources), key=lambda path: distance.get(path, len(graph.nodes)))]
        order += ready
        for path in ready:
            del open_sources[path]
        for sources in open_sources.values():
            sources.difference_update(ready)
    return order


def _openings(graph: Graph, open_sources: dict[str, set[str]]) -> list[str]:
    """The neurons of loops that wait for no other loop; any node if there is none."""
    ancestors = {path: _ancestors(path, open_sources) for path in open_sources}
    neurons = [path for path in open_sources if graph.nodes[path].kind in NEURONS]
    return [path for path in neurons if all(path in ancestors[other] for other in (path, *ancestors[path]))] or list(
        open_sources
    )


def _ancestors(path: str, open_sources: dict[str, set[str]]) -> set[str]:
    result: set[str] = set()
    waiting = [path]
    while waiting:
        new = open_sources[waiting.pop()] - result
        result |= new
        waiting += new
    return result


def distances(graph: Graph) -> dict[str, int]:
    """The number of edges from an Input to each node that one leads to."""
    result = {node.path: 0 for node in graph.of_kind("Input")}
    waiting = deque(result)
    while waiting:
        path = waiting.popleft()
        for target in graph.targets(path):
            if target not in result:
                result[target] = result[path] + 1
                waiting.append(target)
    return result


def instant_loop(graph: Graph) -> list[str]:
    """The nodes of loops without a neuron, or that such loops lead to; [] if there are none."""
    plain = {path for path, node in graph.nodes.items() if node.kind not in NEURONS}
    while True:
        ready = {path for path in plain if not plain & set(graph.sources(path))}
        if not ready:
            return [path for path in graph.nodes if path in plain]
        plain -= ready
