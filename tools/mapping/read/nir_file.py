"""NIR files as graphs: the nodes of all subgraphs in one list, each with its path.

The shapes that a file states are only used where they are the sole source; ``shapes.py`` works all of them out. So
files are read that the package ``nir`` itself refuses: with a batch dimension, with parameters of shape (), with a
subgraph of another shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.graph import PER_NEURON, Graph, Node, Reals
from draupnir.tools.mapping.read.hdf import Hdf5Group, read_tree


def read_nir(path: Path) -> Graph:
    """The graph of a NIR file (versions 1.0.0 to 1.0.8). Raises InputError, OSError."""
    tree = read_tree(path, "a NIR file")
    root = tree.groups.get("node")
    if root is None:
        has = ", ".join(f"'{name}'" for name in (*tree.groups, *tree.arrays, *tree.texts)) or "nothing"
        raise InputError(f"{path}: it is not a NIR file: it has no group 'node', but {has}")
    try:
        if "type" not in root.texts:
            raise InputError("it has no type; was the file written to its end?")
        if root.texts["type"] != "NIRGraph":
            return _ended(Graph({"node": _node("node", root)}, ()))
        return _ended(_graph(root, ""))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _graph(group: Hdf5Group, prefix: str) -> Graph:
    """A graph and all graphs in it as one; prefix : the path of this one, with a slash"""
    if "nodes" not in group.groups:
        raise InputError(f"graph '{prefix}' has no nodes; was the file written to its end?")
    nodes: dict[str, Node] = {}
    edges: list[tuple[str, str]] = []
    doors: dict[str, tuple[str, str]] = {}  # a subgraph's path: its Input, its Output
    for name, member in group.groups["nodes"].groups.items():
        path = prefix + name
        if member.texts.get("type") == "NIRGraph":
            inner = _graph(member, f"{path}/")
            doors[path] = _door(inner, path, "Input"), _door(inner, path, "Output")
            for node in inner.nodes.values():
                kind = "Identity" if node.path in doors[path] else node.kind
                nodes[node.path] = Node(node.path, kind, node.numbers, node.words)
            edges += inner.edges
        else:
            nodes[path] = _node(path, member)
    for source, target in _edges(group, prefix):
        source = doors[source][1] if source in doors else source
        target = doors[target][0] if target in doors else target
        edges.append((source, target))
    return Graph(nodes, tuple(edges))


def _door(inner: Graph, path: str, kind: str) -> str:
    own = [node.path for node in inner.of_kind(kind)]
    if len(own) != 1:
        raise InputError(f"subgraph '{path}' has {len(own)} nodes of the kind {kind}; right is one")
    return own[0]


def _edges(group: Hdf5Group, prefix: str) -> Iterator[tuple[str, str]]:
    """The edges of a graph; a graph without any has an empty array of numbers."""
    if "edges" in group.arrays and not group.arrays["edges"].size:
        return
    for edge in group.tables.get("edges", [None]):
        if not (isinstance(edge, list) and len(edge) == 2 and all(isinstance(end, str) for end in edge)):
            raise InputError(f"graph '{prefix}' has no list of edges; was the file written to its end?")
        yield prefix + edge[0], prefix + edge[1]


def _node(path: str, group: Hdf5Group) -> Node:
    """One node: numbers as float64, texts as they are, "shape" and "input_type" told alike."""
    numbers: dict[str, Reals] = {name: np.asarray(array, np.float64) for name, array in group.arrays.items()}
    words = {name: text for name, text in group.texts.items() if name != "type"}
    return Node(path, group.texts.get("type", ""), numbers, words)


def _ended(graph: Graph) -> Graph:
    """A graph with an Input and an Output where it has none, if it is clear where they belong.

    Older writers leave them out: the one node that nothing feeds takes the input, the one that feeds nothing is read.
    """
    nodes, edges = dict(graph.nodes), list(graph.edges)
    first = [path for path in graph.nodes if not set(graph.sources(path)) - {path}]
    last = [path for path in graph.nodes if not set(graph.targets(path)) - {path}]
    if not graph.of_kind("Input") and len(first) == 1 and (shape := _entry(graph.nodes[first[0]])):
        name = _free("input", nodes)
        nodes[name] = Node(name, "Input", {"shape": np.array(shape, np.float64)}, {})
        edges.append((name, first[0]))
    if not graph.of_kind("Output") and len(last) == 1:
        name = _free("output", nodes)
        nodes[name] = Node(name, "Output", {}, {})
        edges.append((last[0], name))
    return Graph(nodes, tuple(edges))


def _free(name: str, nodes: dict[str, Node]) -> str:
    """A name that no node has."""
    return name if name not in nodes else _free(f"{name}_", nodes)


def _entry(node: Node) -> tuple[float, ...]:
    """The shape that a node takes, as far as it says so by itself; () if it does not."""
    weight = node.numbers.get("weight")
    if node.kind == "Identity" and "shape" in node.numbers:
        return tuple(node.numbers["shape"].ravel())
    if node.kind in ("Linear", "Affine") and weight is not None and weight.ndim == 2:
        return weight.shape[1:]
    if "input_shape" in node.numbers and weight is not None and weight.ndim > 2 and node.numbers["input_shape"].size:
        return (weight.shape[1], *node.numbers["input_shape"].ravel())
    shapes = [node.numbers[name].shape for name in PER_NEURON if name in node.numbers]
    return max(shapes, key=len, default=())
