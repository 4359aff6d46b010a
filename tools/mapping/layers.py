"""The nodes without a memory, as functions of many inputs at once.

Each takes (n, values of its input) and gives (n, values of its output), float64. Between two populations stands a chain
of such nodes; the response of the chain to one source at a time is the matrix of weights between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from math import prod

import numpy as np

from draupnir.tools.mapping.graph import Node, Reals
from draupnir.tools.mapping.shapes import Shape, paddings, steps

Layer = Callable[[Node, Reals, Shape, Shape], Reals]


def respond(node: Node, values: Reals, entry: Shape, out: Shape) -> Reals:
    """(n, size of out) what a node without a memory gives without its bias; values : (n, size of entry)"""
    return LAYERS[node.kind](node, values, entry, out)


def bias(node: Node, out: Shape) -> Reals:
    """(size of out,) what a node adds in each timestep."""
    if "bias" not in node.numbers or node.kind not in ("Affine", "Conv1d", "Conv2d"):
        return np.zeros(prod(out))
    own = node.numbers["bias"]
    if node.kind != "Affine":  # one number a channel
        own = own.reshape(-1, *(1,) * (len(out) - 1))
    return np.broadcast_to(own, out).ravel()


def extent(node: Node, entry: Shape, out: Shape) -> int:
    """The most values that one input has on its way through a node, with the zeros around an image."""
    sizes = [prod(entry), prod(out)]
    if node.kind in ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d"):
        around = paddings(node, _kernel(node))
        sizes.append(entry[0] * prod(side + low + high for side, (low, high) in zip(entry[1:], around, strict=True)))
    return max(sizes)


def _kernel(node: Node) -> Shape:
    return node.numbers["weight"].shape[2:] if "weight" in node.numbers else steps(node, "kernel_size", 2)


def _linear(node: Node, values: Reals, _entry: Shape, _out: Shape) -> Reals:
    return values @ node.numbers["weight"].T


def _synapses(node: Node, values: Reals, _entry: Shape, _out: Shape) -> Reals:
    return values @ node.numbers["weight"]


def _scale(node: Node, values: Reals, entry: Shape, _out: Shape) -> Reals:
    return values * np.broadcast_to(node.numbers["scale"], entry).ravel()


def _same(_node: Node, values: Reals, _entry: Shape, _out: Shape) -> Reals:
    return values


def _convolution(node: Node, values: Reals, entry: Shape, out: Shape) -> Reals:
    """Add up the input under each place of the kernel, times the weights there: a cross-correlation, as in PyTorch."""
    weight = node.numbers["weight"]
    (groups,) = steps(node, "groups", 1)
    grouped = weight.reshape(groups, out[0] // groups, *weight.shape[1:])
    by_place = np.moveaxis(grouped, (0, 1, 2), (-3, -2, -1))  # (*kernel, groups, out, in)
    sums = np.zeros((len(values), groups, out[0] // groups, prod(out[1:])))
    for place, under in _places(node, values, entry, out):
        sums += by_place[place] @ under.reshape(len(values), groups, entry[0] // groups, -1)
    return sums.reshape(len(values), -1)


def _pooling(node: Node, values: Reals, entry: Shape, out: Shape) -> Reals:
    """Add up the input under each place of the kernel; the average counts the padding, too, as in PyTorch."""
    sums = np.zeros((len(values), *out))
    for _, under in _places(node, values, entry, out):
        sums += under
    return sums.reshape(len(values), -1) / (prod(_kernel(node)) if node.kind == "AvgPool2d" else 1)


def _places(node: Node, values: Reals, entry: Shape, out: Shape) -> Iterator[tuple[Shape, Reals]]:
    """Each place in the kernel, and the input that lies under it for each output."""
    kernel = _kernel(node)
    padded = np.pad(values.reshape(-1, *entry), ((0, 0), (0, 0), *paddings(node, kernel)))
    strides, gaps = steps(node, "stride", len(kernel)), steps(node, "dilation", len(kernel))
    for place in product(*(range(length) for length in kernel)):
        starts = [gap * i for gap, i in zip(gaps, place, strict=True)]
        sides = zip(starts, strides, out[1:], strict=True)
        window = tuple(slice(start, start + step * (n - 1) + 1, step) for start, step, n in sides)
        yield place, padded[(slice(None), slice(None), *window)]


LAYERS: Mapping[str, Layer] = {
    "Linear": _linear,
    "Affine": _linear,
    "Synapses": _synapses,
    "Scale": _scale,
    "Identity": _same,
    "Flatten": _same,
    "Output": _same,
    "Delay": _same,  # of 0 s; any other breaks a rule
    "Conv1d": _convolution,
    "Conv2d": _convolution,
    "SumPool2d": _pooling,
    "AvgPool2d": _pooling,
}
