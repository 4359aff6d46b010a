"""Convolutions and poolings as matrices, held against the loops that their definition says."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draupnir.tools.mapping.graph import Node
from draupnir.tools.mapping.layers import bias, respond
from draupnir.tools.mapping.shapes import fits, paddings, resolve, steps
from draupnir.tools.mapping.violations import Broken


def naive(node: Node, image: np.ndarray, out: tuple[int, ...]) -> np.ndarray:
    """One output after the other, one place of the kernel after the other."""
    pooling = "kernel_size" in node.numbers
    weight = node.numbers.get("weight", np.zeros(()))
    n = len(out) - 1
    kernel = steps(node, "kernel_size", n) if pooling else weight.shape[2:]
    strides, gaps, around = steps(node, "stride", n), steps(node, "dilation", n), paddings(node, kernel)
    (groups,) = steps(node, "groups", 1)
    result = np.zeros(out)
    for channel, *position in product(*map(range, out)):
        for place in product(*map(range, kernel)):
            under = [
                a * s + g * p - low for a, s, g, p, (low, _) in zip(position, strides, gaps, place, around, strict=True)
            ]
            if any(not 0 <= i < side for i, side in zip(under, image.shape[1:], strict=True)):
                continue
            if pooling:
                result[(channel, *position)] += image[(channel, *under)]
                continue
            per_group = weight.shape[1]
            first = channel // (out[0] // groups) * per_group
            for i in range(per_group):
                result[(channel, *position)] += weight[(channel, i, *place)] * image[(first + i, *under)]
    return result / np.prod(kernel) if node.kind == "AvgPool2d" else result


def hold_to_loops(node: Node, shape: tuple[int, ...], seed: int) -> None:
    """The node's response to two inputs is that of the loops."""
    entry, out = resolve(node, shape)
    images = np.random.default_rng(seed).normal(size=(2, *entry))
    ours = respond(node, images.reshape(2, -1), entry, out)
    for image, row in zip(images, ours, strict=True):
        np.testing.assert_allclose(row, naive(node, image, out).ravel(), rtol=1e-9, atol=1e-12)


def numbers(**parameters):
    return {name: np.asarray(value, np.float64) for name, value in parameters.items()}


@settings(max_examples=60)
@given(
    sides=st.tuples(st.integers(3, 6), st.integers(3, 6)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.one_of(st.tuples(st.integers(0, 2), st.integers(0, 2)), st.sampled_from(["same", "valid"])),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    channels=st.sampled_from([(1, 1, 1), (2, 3, 1), (4, 2, 2), (2, 4, 2), (3, 3, 3)]),
    seed=st.integers(0, 99),
)
def test_convolutions_in_two_dimensions(sides, kernel, stride, padding, dilation, channels, seed):
    n_in, n_out, groups = channels
    word = padding if isinstance(padding, str) else None
    weight = np.random.default_rng(seed).normal(size=(n_out, n_in // groups, *kernel))
    stride = (1, 1) if word == "same" else stride
    parameters = numbers(weight=weight, bias=np.zeros(n_out), stride=stride, dilation=dilation, groups=groups)
    node = Node(
        "conv",
        "Conv2d",
        parameters if word else parameters | numbers(padding=padding),
        {"padding": word} if word else {},
    )
    around = [(0, 0)] * 2 if word == "valid" else paddings(node, kernel)
    reaches = [gap * (length - 1) + 1 for gap, length in zip(dilation, kernel, strict=True)]
    if any(s + low + high < r for s, (low, high), r in zip(sides, around, reaches, strict=True)):
        with pytest.raises(Broken, match="a kernel that reaches over"):
            resolve(node, (n_in, *sides))
    else:
        hold_to_loops(node, (n_in, *sides), seed)


@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (3, 2, 2)])
def test_convolutions_in_one_dimension(stride, padding, dilation):
    weight = np.random.default_rng(1).normal(size=(4, 3, 3))
    parameters = numbers(weight=weight, bias=np.zeros(4), stride=stride, padding=padding, dilation=dilation, groups=1)
    hold_to_loops(Node("conv", "Conv1d", parameters, {}), (3, 9), 1)


@pytest.mark.parametrize("kind", ["SumPool2d", "AvgPool2d"])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [((2, 2), (2, 2), (0, 0)), ((3, 2), (1, 2), (1, 0)), (2, 2, 1)]
)
def test_poolings(kind, kernel, stride, padding):
    parameters = numbers(kernel_size=kernel, stride=stride, padding=padding)
    hold_to_loops(Node("pool", kind, parameters, {}), (3, 5, 6), 2)


def test_the_shape_of_a_convolution_is_pytorchs() -> None:
    """floor((28 + 2*2 - 1*(5 - 1) - 1) / 2) + 1 = 14"""
    parameters = numbers(weight=np.ones((8, 1, 5, 5)), bias=np.zeros(8), stride=2, padding=2, dilation=1, groups=1)
    assert resolve(Node("conv", "Conv2d", parameters, {}), (1, 28, 28)) == ((1, 28, 28), (8, 14, 14))


def test_a_bias_of_a_channel_is_that_of_all_its_places() -> None:
    parameters = numbers(weight=np.ones((2, 1, 1, 1)), bias=[1, 2], stride=1, padding=0, dilation=1, groups=1)
    assert bias(Node("conv", "Conv2d", parameters, {}), (2, 1, 2)).tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("one", "other", "fit"),
    [
        ((64,), (64,), True),
        ((1, 64), (64,), True),
        ((64,), (8, 8), True),
        ((1, 8, 8), (8, 8), True),
        ((2, 32), (4, 16), False),
        ((64,), (63,), False),
        ((8, 8), (8, 8, 2), False),
    ],
)
def test_shapes_that_fit(one, other, fit):
    assert fits(one, other) is fits(other, one) is fit
