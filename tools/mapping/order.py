"""The order in which a timestep visits the nodes of a graph.

NIR does not say it. A node comes after all that feed it; where a loop makes that impossible, the node of the loop that
is closest to the input comes first, and what leads back to it carries the spikes of the timestep before.
"""

from __future__ import annotations

from collections import deque

from draupnir.tools.mapping.graph import NEURONS, Graph


def visits(graph: Graph) -> list[str]:
    """All nodes, by path. A loop is opened at a neuron; see ``instant_loop`` for loops without one."""
    after = {path: set(graph.sources(path)) - {path} for path in graph.nodes}
    distance = distances(graph)
    order: list[str] = []
    while after:
        ready = [path for path, sources in after.items() if not sources]
        if not ready:
            ready = [min(_openings(graph, after), key=lambda path: distance.get(path, len(graph.nodes)))]
        order += ready
        for path in ready:
            del after[path]
        for sources in after.values():
            sources.difference_update(ready)
    return order


def _openings(graph: Graph, after: dict[str, set[str]]) -> list[str]:
    """The neurons of loops that wait for no other loop; any node if there is none."""
    before = {path: _ancestors(path, after) for path in after}
    neurons = [path for path in after if graph.nodes[path].kind in NEURONS]
    return [path for path in neurons if all(path in before[other] for other in (path, *before[path]))] or list(after)


def _ancestors(path: str, after: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [path]
    while waiting:
        new = after[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def distances(graph: Graph) -> dict[str, int]:
    """The number of edges from an Input to each node that one leads to."""
    found = {node.path: 0 for node in graph.of_kind("Input")}
    waiting = deque(found)
    while waiting:
        path = waiting.popleft()
        for target in graph.targets(path):
            if target not in found:
                found[target] = found[path] + 1
                waiting.append(target)
    return found


def instant_loop(graph: Graph) -> list[str]:
    """The nodes of loops without a neuron, or that such loops lead to; [] if there are none."""
    plain = {path for path, node in graph.nodes.items() if node.kind not in NEURONS}
    while True:
        ready = {path for path in plain if not plain & set(graph.sources(path))}
        if not ready:
            return [path for path in graph.nodes if path in plain]
        plain -= ready
