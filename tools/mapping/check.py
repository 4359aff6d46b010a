"""The rules that a network must obey whatever the chip is: all that are broken, at once.

A rule looks at a graph as its file has it, so that a message names the node, the index and the value that its author
knows. What only one chip cannot do is told by that chip's own rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from draupnir.tools.mapping.conventions import Conventions, Decay
from draupnir.tools.mapping.graph import NEURONS, PARAMETERS, SPIKING, Graph, Node, Reals
from draupnir.tools.mapping.order import distances, instant_loop
from draupnir.tools.mapping.shapes import Shapes, infer
from draupnir.tools.mapping.violations import Violation

MOST_NODES = 1024
Found = Iterator[Violation]


def check(graph: Graph, conventions: Conventions) -> tuple[Shapes, list[Violation]]:
    """The shapes of all nodes, and every rule that is broken; a graph without any can be built."""
    if len(graph.nodes) > MOST_NODES or len(graph.edges) > 4 * MOST_NODES:
        message = f"{len(graph.nodes):,} nodes and {len(graph.edges):,} edges"
        right = f"at most {MOST_NODES:,} and {4 * MOST_NODES:,}"
        return Shapes(), [Violation("too-large", "the graph", message, right)]
    shapes = infer(graph)
    violations = [violation for rule in RULES for violation in rule(graph)]
    violations += [violation for node in graph.nodes.values() for violation in _check_node(node, conventions)]
    violations += shapes.violations
    return shapes, list(dict.fromkeys(violations))


def _empty(graph: Graph) -> Found:
    if not graph.nodes:
        yield Violation("empty-graph", "the graph", "it has no nodes", "an Input, neurons and an Output")
    elif not graph.of_kind(*NEURONS, "Threshold"):
        message = "no neurons between input and output"
        yield Violation("no-neurons", "the graph", message, "a LIF or an IF node before the output")


def _ends(graph: Graph) -> Found:
    for kind, text in (("Input", "input"), ("Output", "output")):
        nodes = graph.of_kind(kind)
        if graph.nodes and len(nodes) != 1:
            names = ", ".join(f"'{node.path}'" for node in nodes)
            message = f"{len(nodes)} {text}s" + (f": {names}" if names else "")
            yield Violation(f"one-{text}", "the graph", message, f"one node of the kind {kind}")


def _edges(graph: Graph) -> Found:
    for edge, n in Counter(graph.edges).items():
        place = f"edge '{edge[0]}' -> '{edge[1]}'"
        for path, text in zip(edge, ("from", "to"), strict=True):
            if path not in graph.nodes:
                names = ", ".join(f"'{name}'" for name in list(graph.nodes)[:8]) or "none"
                message = f"an edge {text} '{path}', which is no node; the nodes are {names}"
                yield Violation("edge-to-nowhere", place, message)
        if n > 1:
            yield Violation("edge-twice", place, f"it stands {n} times", "once")


def _output_source(graph: Graph) -> Found:
    """An output shows one population; a chip has no place where the values of several are added."""
    for node in graph.of_kind("Output"):
        sources, passed = graph.sources(node.path), {node.path}
        while len(sources) == 1 and graph.nodes[sources[0]].kind in ("Flatten", "Identity") and not passed & {*sources}:
            passed.update(sources)
            sources = graph.sources(sources[0])
        kinds = [graph.nodes[source].kind for source in sources]
        place = f"output '{node.path}'"
        if len(sources) > 1:
            names = " and ".join(f"'{source}'" for source in sources)
            yield Violation("one-output", place, f"it is fed by {names}", "one node of neurons")
        elif sources and kinds[0] not in (*NEURONS, "Threshold"):
            right = "LIF or IF neurons, or LI neurons whose potentials are read"
            yield Violation("output-of-neurons", place, f"it is fed by '{sources[0]}', of the kind {kinds[0]}", right)


def _reached(graph: Graph) -> Found:
    reached = distances(graph)
    if graph.of_kind("Input"):
        for node in graph.nodes.values():
            if node.path not in reached and node.kind in PARAMETERS:
                yield Violation("not-fed", str(node), "no edges lead from the input to it", "an edge, or no such node")


def _loops(graph: Graph) -> Found:
    loop = instant_loop(graph)
    if loop:
        names = ", ".join(f"'{path}'" for path in loop)
        yield Violation("instant-loop", f"node '{loop[0]}'", f"a loop without neurons: {names}", "neurons in each loop")


def _analogue(graph: Graph) -> Found:
    """Potentials can be read at the end of a network, and not be sent on."""
    for node in graph.of_kind("LI", "I"):
        onward = [path for path in graph.targets(node.path) if graph.nodes[path].kind not in ("Output", "Flatten")]
        if onward:
            message = f"{node.kind} gives potentials to '{onward[0]}', and neurons on a chip send spikes alone"
            yield Violation("analogue", str(node), message, "LIF or IF")


RULES: tuple[Callable[[Graph], Found], ...] = (_empty, _ends, _edges, _output_source, _reached, _loops, _analogue)


def _check_node(node: Node, conventions: Conventions) -> Found:
    if node.kind not in PARAMETERS:
        names = ", ".join(sorted(PARAMETERS.keys() - {"Synapses", "Identity"}))
        yield Violation("unknown-kind", str(node), f"its kind is '{node.kind}'", f"one of {names}")
        return
    absent = [name for name in PARAMETERS[node.kind] if name not in node.numbers and name not in node.words]
    for name in absent:
        message = f"{name} is missing: was the file written to its end?"
        yield Violation("missing", str(node), message, f"a {node.kind} with {', '.join(PARAMETERS[node.kind])}")
    for name, word in node.words.items():
        if name in PARAMETERS[node.kind] and name != "padding":
            yield Violation("not-a-number", str(node), f"{name} is '{word[:40]}'", "a number")
    yield from _numbers(node)
    yield from _times(node, conventions)
    yield from _potentials(node)
    yield from _synapses(node)


def _numbers(node: Node) -> Found:
    for name, numbers in node.numbers.items():
        if name in PARAMETERS[node.kind] or name == "v_reset":
            bad = ~np.isfinite(numbers)
            if name in ("tau", "r") and np.isinf(numbers).all() and np.size(numbers):
                right = "an IF node, or a beta a little below 1"
                yield Violation("infinite", str(node), _all_of(numbers, bad, name, " (a beta of 1)"), right)
            elif bad.any():
                yield Violation("not-finite", str(node), _all_of(numbers, bad, name), "a finite number")


def _times(node: Node, conventions: Conventions) -> Found:
    for name in ("tau", "tau_mem", "tau_syn"):
        if name not in node.numbers or name not in PARAMETERS[node.kind]:
            continue
        tau = node.numbers[name]
        if (tau <= 0).any():
            yield Violation("negative-tau", str(node), _all_of(tau, tau <= 0, name), "above 0")
        dt = conventions.dt if conventions.decay is Decay.EULER else 0
        short = (tau > 0) & (tau < dt * (1 - 1e-6))  # float32 has some seven digits
        if short.any():
            beta = 1 - dt / tau[short].ravel()[0]
            text = f", shorter than a timestep of {dt:g} s: beta would be {beta:.3g}"
            message = _all_of(tau, short, name, text, " s")
            yield Violation("tau-below-dt", str(node), message, "a longer tau, or another --dt")
    if node.kind == "Delay" and "delay" in node.numbers and np.any(node.numbers["delay"] != 0):
        delay = node.numbers["delay"]
        message = _all_of(delay, delay != 0, "delay", ", and the chip has no delays", " s")
        yield Violation("delay", str(node), message, "no Delay node")


def _potentials(node: Node) -> Found:
    if node.kind == "Threshold":
        yield Violation("no-memory", str(node), "a Threshold has no memory, and neurons have", "IF or LIF")
    if node.kind in ("CubaLIF", "CubaLI"):
        tau = np.ravel(node.numbers.get("tau_syn", np.array(np.nan)))
        text = f" (tau_syn {tau[0]:g} s)" if tau.size else ""
        message = f"{node.kind} has a synaptic current{text}, and a chip's synapses have none"
        yield Violation("synaptic-current", str(node), message, node.kind.removeprefix("Cuba"))
    if node.kind in NEURONS and "r" in node.numbers and (node.numbers["r"] <= 0).any():
        r = node.numbers["r"]
        yield Violation("resistance", str(node), _all_of(r, r <= 0, "r", ", and r scales the input"), "above 0")
    if node.kind not in SPIKING or "v_threshold" not in node.numbers:
        return
    threshold, rest = node.numbers["v_threshold"], node.numbers.get("v_leak", np.array(0.0))
    low = _compare(threshold, rest, np.less_equal)
    if low.any():
        message = _all_of(threshold, low, "v_threshold", ", not above the leak potential: it spikes without an input")
        yield Violation("low-threshold", str(node), message, "above v_leak")
    if "v_reset" in node.numbers:
        reset = node.numbers["v_reset"]
        other = _compare(reset, rest, np.not_equal)
        if other.any():
            message = _all_of(reset, other, "v_reset", ", and a chip resets to where the leak ends (0)")
            yield Violation("v-reset", str(node), message, "v_leak, or 0 for IF")


def _compare(one: Reals, other: Reals, compare: Callable[[Reals, Reals], NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Compare two parameters entry by entry; shapes that do not fit break a rule of their own."""
    try:
        return np.broadcast_to(compare(one, np.broadcast_to(other, one.shape)), one.shape)
    except ValueError:
        return np.zeros(one.shape, np.bool_)


def _synapses(node: Node) -> Found:
    for name in ("weight", "scale"):
        if name in node.numbers and name in PARAMETERS[node.kind] and not node.numbers[name].any():
            message = f"{name}: all {node.numbers[name].size} are 0, so nothing passes"
            yield Violation("all-zero", str(node), message, "a trained network")
    if node.kind == "Affine" and "bias" in node.numbers:
        weight, bias = node.numbers.get("weight", np.zeros(())), node.numbers["bias"]
        if weight.ndim == 2 and bias.shape not in ((), (1,), weight.shape[:1]):
            message = f"bias has shape {bias.shape}, and weight has {weight.shape}"
            yield Violation("bias-shape", str(node), message, f"({weight.shape[0]},)")
    if node.kind in ("Conv1d", "Conv2d") and "bias" in node.numbers:
        weight, bias = node.numbers.get("weight", np.zeros(())), node.numbers["bias"]
        if weight.ndim and bias.size not in (1, weight.shape[0]):
            message = f"bias has {bias.size} numbers, and weight has {weight.shape[0]} output channels"
            yield Violation("bias-shape", str(node), message, f"({weight.shape[0]},)")


def _all_of(numbers: Reals, bad: NDArray[np.bool_], name: str, text: str = "", unit: str = "") -> str:
    """The first bad number with its index and unit, how many more there are, and what is wrong with them."""
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    suffix = f"[{', '.join(map(str, index))}]" if index else ""
    more = int(bad.sum()) - 1
    return f"{name}{suffix} is {numbers[index]:g}{unit}" + (f" (and {more:,} more)" if more else "") + text
