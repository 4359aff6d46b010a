"""The options of a training, and the samples that it trains and validates with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.tools.mapping.plan import Integers


@dataclass(frozen=True)
class TrainingOptions:
    """The options of a training, which ``draupnir train`` explains.

    epochs : passes through the training part; seed : of the split and of the order of samples
    validate : the share of the samples in the validation part, 0..0.9; rate : the learning rate, in units of the
        largest weight; spike_cost : the loss for each spike of a sample; drop : the share of input spikes that are left
        out at random; batch : samples between two steps; clip : the largest norm of a gradient, 0 for any
    """

    epochs: int = 40
    seed: int = 0
    validate: float = 0.2
    rate: float = 0.02
    spike_cost: float = 0.0
    drop: float = 0.0
    batch: int = 64
    clip: float = 0.0


@dataclass(frozen=True, eq=False)
class Split:
    """The numbers of the samples in each part, (n,) int64 in ascending order."""

    training: Integers
    validation: Integers


def split(labels: Integers, share: float, seed: int) -> Split:
    """Split samples at random, with the same share of each label in both parts.

    share : of the validation part, rounded to whole samples for each label; 0 for none
    """
    rng = np.random.default_rng(seed)
    parts = []
    for label in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == label))
        parts.append(own[: round(share * len(own))])
    validation = np.sort(np.concatenate(parts))
    return Split(np.setdiff1d(np.arange(len(labels)), validation), validation)
