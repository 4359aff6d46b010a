"""The operations of a network on a chip as PyTorch differentiates them.

The forward pass is the chip's, and these operations only say how its numbers depend on each other. ``exactly`` puts the
chip's number in place of one that was computed here, and lets the gradient through.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

SLOPE = 5.0  # of the surrogate: how fast a neuron loses its say with the distance from its threshold


class _Spike(torch.autograd.Function):
    """A step forward, and backward the derivative of a fast sigmoid: 1 / (1 + SLOPE |x|)^2."""

    @staticmethod
    def forward(ctx: Any, distance: Tensor) -> Tensor:
        ctx.save_for_backward(distance)
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        distance: Tensor = ctx.saved_tensors[0]
        return gradient / (1 + SLOPE * distance.abs()) ** 2


def spike(distance: Tensor) -> Tensor:
    """1 from 0 on, else 0, with a surrogate gradient; distance : potential above the threshold, as a share of it"""
    spikes: Tensor = _Spike.apply(distance)
    return spikes


def exactly(computed: Tensor, exact: Tensor) -> Tensor:
    """The exact numbers, with the gradient of the computed ones."""
    return computed + (exact - computed).detach()


def rounded(numbers: Tensor) -> Tensor:
    """Numbers rounded to integers, half to even, with the gradient of the numbers."""
    return exactly(numbers, numbers.round())


def towards_zero(potential: Tensor, leak: Tensor) -> Tensor:
    """The potential after a constant leak, which ends at 0."""
    return potential - potential.sign() * torch.minimum(potential.abs(), leak)
