"""The training loop: samples in batches, an optimiser, and the epoch that is best on the validation part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor

from draupnir.tools.mapping.plan import Integers
from draupnir.tools.mapping.samples import Spikes
from draupnir.tools.training.curve import Curve, TrainingEpoch
from draupnir.tools.training.layer import ChipLayer, ChipOutput
from draupnir.tools.training.split import Split, TrainingOptions

Advance = Callable[[int], None]
AT_ONCE = 256  # samples in an evaluation
THRESHOLD_RATE = 2.0  # the learning rate of thresholds, for 1.0 of weights


def fit(
    layer: ChipLayer,
    samples: Spikes,
    labels: Integers,
    parts: Split,
    options: TrainingOptions,
    advance: Advance = lambda n: None,
) -> Curve:
    """Train a layer, and leave it with the numbers of the best epoch; without a validation part, of the last one.

    samples : (n, timesteps, inputs) of 0 and 1; labels : (n,) int64
    advance : receives numbers of samples that are done
    """
    torch.manual_seed(options.seed)
    course = _Course(layer, samples, labels, options, advance)
    part = parts.validation if len(parts.validation) else parts.training
    epochs = [measure(layer, samples, labels, part, 0, None)]
    best, state = 0, deepcopy(layer.state_dict())
    for number in range(1, options.epochs + 1):
        loss = course.epoch(parts.training)
        epochs.append(measure(layer, samples, labels, part, number, loss))
        if not len(parts.validation) or epochs[-1].rank() > epochs[best].rank():
            best, state = number, deepcopy(layer.state_dict())
    layer.load_state_dict(state)
    return Curve(tuple(epochs), best, len(parts.training), len(parts.validation))


class _Course:
    """A training under way: the optimiser, whose rate falls along a cosine, and the order of the samples."""

    def __init__(
        self, layer: ChipLayer, samples: Spikes, labels: Integers, options: TrainingOptions, advance: Advance
    ) -> None:
        self._layer, self._samples, self._labels, self._options = layer, samples, labels, options
        self._advance = advance
        self._rng = np.random.default_rng(options.seed)
        groups = [
            {"params": list(layer.weights), "lr": options.rate},
            {"params": list(layer.thresholds), "lr": options.rate * THRESHOLD_RATE},
        ]
        self._optimiser = torch.optim.Adam(groups)
        self._schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimiser, options.epochs)

    def epoch(self, training: Integers) -> float:
        """Show all samples of the training part once, in another order each time. Returns the mean loss."""
        losses = [
            self._step(batch) * len(batch) for batch in batches(self._rng.permutation(training), self._options.batch)
        ]
        self._schedule.step()
        return sum(losses) / len(training)

    def _step(self, batch: Integers) -> float:
        """Show one batch, and change the numbers once. Returns the loss."""
        spikes = torch.from_numpy(self._samples[batch]).to(torch.float32)
        if self._options.drop:
            spikes = spikes * (torch.rand_like(spikes) >= self._options.drop)
        self._optimiser.zero_grad()
        loss = self._loss(self._layer(spikes), torch.from_numpy(self._labels[batch]))
        loss.backward()
        if self._options.clip:
            torch.nn.utils.clip_grad_norm_(self._layer.parameters(), self._options.clip)
        self._optimiser.step()
        self._advance(len(batch))
        return float(loss.item())

    def _loss(self, output: ChipOutput, labels: Tensor) -> Tensor:
        """The cross entropy of the labels, and the cost of all spikes."""
        loss = torch.nn.functional.cross_entropy(self._layer.logits(output), labels)
        n_spikes = torch.stack([spikes.sum() for spikes in output.populations.values()]).sum() / len(labels)
        return loss + self._options.spike_cost * n_spikes


def measure(
    layer: ChipLayer, samples: Spikes, labels: Integers, part: Integers, number: int, loss: float | None
) -> TrainingEpoch:
    """Run a part of the samples on the chip's integer network; part : (n,) int64, their numbers"""
    n_right = n_operations = 0
    for batch in batches(part, AT_ONCE):
        run = layer.run(samples[batch])
        n_right += int((run.labels == labels[batch]).sum())
        n_operations += int(run.synaptic_operations.sum())
    return TrainingEpoch(number, loss, n_right, len(part), n_operations / len(part))


def batches(numbers: Integers, size: int) -> Iterator[Integers]:
    """Yield the numbers in pieces, the last of which may be smaller."""
    return (numbers[start : start + size] for start in range(0, len(numbers), size))
