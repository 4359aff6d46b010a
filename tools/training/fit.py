"""The training loop: samples in batches, an optimiser, and the epoch that is best on the validation part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from draupnir.tools.mapping.plan import Integers
from draupnir.tools.training.curve import Curve, TrainingEpoch
from draupnir.tools.training.layer import ChipLayer, ChipOutput
from draupnir.tools.training.split import Split, TrainingOptions

Advance = Callable[[int], None]
AT_ONCE = 256  # samples in an evaluation
THRESHOLD_RATE = 2.0  # the learning rate of thresholds, for 1.0 of weights


def fit(
    layer: ChipLayer,
    samples: NDArray[np.uint8],
    labels: Integers,
    split: Split,
    options: TrainingOptions,
    advance: Advance = lambda n: None,
) -> Curve:
    """Train a layer, and leave it with the numbers of the best epoch.

    samples : (n, timesteps, inputs) of 0 and 1; labels : (n,) int64
    advance : receives numbers of samples that are done
    """
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    groups = [
        {"params": list(layer.weights), "lr": options.rate},
        {"params": list(layer.thresholds), "lr": options.rate * THRESHOLD_RATE},
    ]
    optimiser = torch.optim.Adam(groups)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(options.epochs, 1))
    epochs = [measure(layer, samples, labels, split, 0, None)]
    best, best_state = 0, deepcopy(layer.state_dict())
    for number in range(1, options.epochs + 1):
        loss = 0.0
        for batch in _batches(rng.permutation(split.training), options.batch):
            optimiser.zero_grad()
            output = layer(torch.from_numpy(samples[batch]).to(torch.float32))
            error = cross_entropy(layer, output, torch.from_numpy(labels[batch]))
            cost = sum(spikes.sum() for spikes in output.populations.values()) / len(batch)
            (error + options.spike_cost * cost).backward()
            optimiser.step()
            loss += error.item() * len(batch)
            advance(len(batch))
        schedule.step()
        epochs.append(measure(layer, samples, labels, split, number, loss / len(split.training)))
        if not len(split.validation) or epochs[-1].rank() >= epochs[best].rank():
            best, best_state = number, deepcopy(layer.state_dict())
    layer.load_state_dict(best_state)
    return Curve(tuple(epochs), best)


def cross_entropy(layer: ChipLayer, output: ChipOutput, labels: Tensor) -> Tensor:
    """The loss of a batch, by the network's own decision; labels : (B,) int64"""
    return torch.nn.functional.cross_entropy(layer.logits(output), labels)


def measure(
    layer: ChipLayer, samples: NDArray[np.uint8], labels: Integers, split: Split, number: int, loss: float | None
) -> TrainingEpoch:
    """Run the validation part, or the training part without one, on the chip's integer network."""
    part = split.validation if len(split.validation) else split.training
    right = operations = 0
    for batch in _batches(part, AT_ONCE):
        run = layer.run(samples[batch])
        right += int((run.labels == labels[batch]).sum())
        operations += int(run.synaptic_operations.sum())
    return TrainingEpoch(number, loss, right, len(part), operations / len(part))


def _batches(numbers: Integers, size: int) -> Iterator[Integers]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))
