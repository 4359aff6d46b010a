"""The shape of each node's input and output, worked out from the graph's inputs on.

Two shapes fit if they are equal without their ones, or if one of them is flat and they have as many values: numbering
is row-major everywhere, so a renumbering changes nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import prod

import numpy as np

from draupnir.tools.mapping.graph import PER_NEURON, Graph, Node, Reals
from draupnir.tools.mapping.violations import Broken, Violation

Shape = tuple[int, ...]
MOST_VALUES = 1 << 24  # values that one node may have, and entries of a matrix between two populations
MOST_PLACES = 1 << 14  # in a kernel


@dataclass(eq=False)
class Shapes:
    """Shapes of inputs and outputs by node path, as far as they are known; what does not fit; what was put right."""

    inputs: dict[str, Shape] = field(default_factory=dict)
    outputs: dict[str, Shape] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def infer(graph: Graph) -> Shapes:
    """Work out all shapes that can be reached from the graph's Input nodes."""
    shapes = Shapes()
    waiting: deque[tuple[str, str]] = deque()
    for node in graph.of_kind("Input"):
        try:
            shape = whole_numbers(node, "shape")
            _check_size(node, shape)
        except Broken as broken:
            shapes.violations.append(broken.violation)
            continue
        shapes.inputs[node.path] = shapes.outputs[node.path] = shape
        waiting += [(node.path, target) for target in graph.targets(node.path)]
    while waiting:
        source, target = waiting.popleft()
        if _enter(graph, shapes, source, target):
            waiting += [(target, next_path) for next_path in graph.targets(target)]
    return shapes


def _enter(graph: Graph, shapes: Shapes, source: str, target: str) -> bool:
    """Take the output of a node to the next; tell whether the next one's output has become known by it."""
    shape, node = shapes.outputs[source], graph.nodes[target]
    if target in shapes.inputs:
        if not fits(shape, shapes.inputs[target]):
            shapes.violations.append(_mismatch(source, shape, target, shapes.inputs[target]))
        return False
    try:
        entry, out = resolve(node, shape)
        _check_size(node, out)
    except Broken as broken:
        if broken.violation not in shapes.violations:
            shapes.violations.append(broken.violation)
        return False
    if not fits(shape, entry):
        shapes.violations.append(_mismatch(source, shape, target, entry))
    elif graph.nodes[source].kind == "Input" and len(entry) < len(shape) and shape[0] == 1:
        shapes.notes.append(f"node '{source}': shape {shape} is read as {entry}: the batch dimension was exported, too")
    shapes.inputs[target], shapes.outputs[target] = entry, out
    return True


def fits(one: Shape, other: Shape) -> bool:
    """Tell whether values of one shape can be taken as values of another."""
    one, other = _without_ones(one), _without_ones(other)
    return one == other or (prod(one) == prod(other) and min(len(one), len(other)) <= 1)


def resolve(node: Node, shape: Shape) -> tuple[Shape, Shape]:
    """The shapes that a node takes and gives when it is offered a shape. Raises Broken."""
    if node.kind in ("Linear", "Affine", "Synapses"):
        n_out, n_in = _dimensions(node, "weight", 2)
        if node.kind == "Synapses":
            n_out, n_in = n_in, n_out
        return (n_in,), (n_out,)
    if node.kind in ("Conv1d", "Conv2d"):
        return _convolved(node, shape)
    if node.kind in ("SumPool2d", "AvgPool2d"):
        return _pooled(node, shape)
    if node.kind == "Flatten":
        return shape, (prod(shape),)
    if node.kind == "Output":
        return (_output_shape(node, shape),) * 2
    return (_elementwise(node, shape),) * 2


def _output_shape(node: Node, shape: Shape) -> Shape:
    return whole_numbers(node, "shape") if "shape" in node.numbers else shape


def _elementwise(node: Node, shape: Shape) -> Shape:
    """The shape of a node that has parameters for each value, or one for all: a single one takes any shape."""
    names = ("scale",) if node.kind == "Scale" else PER_NEURON
    own = [node.numbers[name].shape for name in names if name in node.numbers]
    if node.kind == "Identity" and "shape" in node.numbers:
        return whole_numbers(node, "shape")
    try:
        together = np.broadcast_shapes(*own)
    except ValueError:
        text = ", ".join(f"{name} {node.numbers[name].shape}" for name in names if name in node.numbers)
        raise Broken(Violation("parameters-differ", str(node), f"shapes differ: {text}", "one shape")) from None
    try:
        if np.broadcast_shapes(together, shape) == shape:
            return shape
    except ValueError:
        pass
    return together


def _convolved(node: Node, shape: Shape) -> tuple[Shape, Shape]:
    n = 1 if node.kind == "Conv1d" else 2
    n_out, per_group, *kernel = _dimensions(node, "weight", n + 2)
    (groups,) = steps(node, "groups", 1)
    if n_out % groups:
        raise Broken(Violation("groups", str(node), f"{n_out} output channels in {groups} groups", "a divisor"))
    entry = _image(node, shape, per_group * groups, n)
    if node.words.get("padding") == "same" and any(step != 1 for step in steps(node, "stride", n)):
        raise Broken(Violation("padding", str(node), "padding is 'same', and stride is not 1", "a padding in numbers"))
    return entry, (n_out, *windows(node, entry[1:], tuple(kernel)))


def _pooled(node: Node, shape: Shape) -> tuple[Shape, Shape]:
    channels = shape[-3] if len(shape) >= 3 else 1
    entry = _image(node, shape, channels, 2)
    return entry, (channels, *windows(node, entry[1:], steps(node, "kernel_size", 2)))


def _image(node: Node, shape: Shape, channels: int, n: int) -> Shape:
    """The channels and the n sides of what a node takes: the node's own, or those of what it is offered."""
    if "input_shape" in node.numbers and node.numbers["input_shape"].size:
        return (channels, *steps(node, "input_shape", n))
    sides = shape[len(shape) - n :]
    if len(sides) < n:
        right = "an input_shape, or an Input of its shape"
        raise Broken(Violation("no-image", str(node), f"takes {n + 1} dimensions, and is given {shape}", right))
    return (channels, *sides)


def windows(node: Node, sides: Shape, kernel: Shape) -> Shape:
    """The sides of what a convolution or a pooling gives. Raises Broken if the kernel does not fit in."""
    if prod(kernel) > MOST_PLACES:
        raise Broken(Violation("kernel", str(node), f"a kernel of {kernel}", f"at most {MOST_PLACES:,} places"))
    out = []
    for side, length, step, gap, (low, high) in _geometry(node, sides, kernel):
        reach = gap * (length - 1) + 1
        if side + low + high < reach:
            message = (
                f"a kernel that reaches over {reach} is larger than the input and its padding, {side + low + high}"
            )
            raise Broken(Violation("kernel", str(node), message))
        out.append((side + low + high - reach) // step + 1)
    return tuple(out)


def _geometry(node: Node, sides: Shape, kernel: Shape) -> list[tuple[int, int, int, int, tuple[int, int]]]:
    n = len(sides)
    strides, gaps = steps(node, "stride", n), steps(node, "dilation", n)
    return list(zip(sides, kernel, strides, gaps, paddings(node, kernel), strict=True))


def paddings(node: Node, kernel: Shape) -> list[tuple[int, int]]:
    """Zeros before and after each side. "same" pads as PyTorch does: the odd one goes to the end."""
    word = node.words.get("padding")
    if word == "same":
        totals = [gap * (length - 1) for gap, length in zip(steps(node, "dilation", len(kernel)), kernel, strict=True)]
        return [(total // 2, total - total // 2) for total in totals]
    if word == "valid":
        return [(0, 0)] * len(kernel)
    if word is not None:
        raise Broken(Violation("padding", str(node), f"padding is '{word}'", "'same', 'valid' or numbers"))
    return [(n, n) for n in steps(node, "padding", len(kernel), least=0)]


def steps(node: Node, name: str, n: int, least: int = 1) -> Shape:
    """A parameter of one whole number for each of n sides, or one for all; 1 where it is missing. Raises Broken."""
    if name not in node.numbers and name not in node.words:
        return (1,) * n
    lengths = whole_numbers(node, name, least)
    if len(lengths) not in (1, n):
        raise Broken(Violation("dimensions", str(node), f"{name} has {len(lengths)} numbers", f"1, or {n}"))
    return lengths * n if len(lengths) == 1 else lengths


def whole_numbers(node: Node, name: str, least: int = 1) -> Shape:
    """A parameter of whole numbers, from ``least`` to ``MOST_VALUES``. Raises Broken."""
    numbers = node.numbers.get(name)
    if numbers is None:
        state = f"is '{node.words[name]}'" if name in node.words else "is missing"
        raise Broken(Violation("missing", str(node), f"{name} {state}", "whole numbers"))
    if numbers.size > 8:
        raise Broken(Violation("dimensions", str(node), f"{name} has {numbers.size} numbers", "at most 8"))
    for number in numbers.ravel():
        if not (least <= number <= MOST_VALUES and number == int(number)):
            right = f"a whole number from {least} to {MOST_VALUES}"
            raise Broken(Violation("whole-number", str(node), f"{name} has {number:g}", right))
    return tuple(int(number) for number in numbers.ravel())


def _dimensions(node: Node, name: str, n: int) -> Shape:
    """The shape of a parameter that must have n dimensions, none of them 0. Raises Broken."""
    numbers: Reals | None = node.numbers.get(name)
    if numbers is None:
        raise Broken(Violation("missing", str(node), f"{name} is missing", "an array of numbers"))
    if numbers.ndim != n or not numbers.size:
        raise Broken(Violation("dimensions", str(node), f"{name} has shape {numbers.shape}", f"{n} dimensions, none 0"))
    return numbers.shape


def _check_size(node: Node, shape: Shape) -> None:
    if prod(shape) > MOST_VALUES:
        raise Broken(Violation("too-large", str(node), f"{prod(shape):,} values, shape {shape}", f"<= {MOST_VALUES:,}"))


def _mismatch(source: str, output: Shape, target: str, entry: Shape) -> Violation:
    place = f"edge '{source}' -> '{target}'"
    return Violation("shapes", place, f"'{source}' gives {_count_text(output)}, '{target}' takes {_count_text(entry)}")


def _count_text(shape: Shape) -> str:
    return f"{prod(shape)} values" + (f" of shape {shape}" if len(shape) > 1 else "")


def _without_ones(shape: Shape) -> Shape:
    return tuple(n for n in shape if n != 1)
