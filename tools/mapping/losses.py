"""The losses of a network on a chip, by cause: samples in floating point, without rounding, and on the chip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.speeds.batch import in_order
from draupnir.tools.mapping import reference
from draupnir.tools.mapping.answers import SampleAnswer
from draupnir.tools.mapping.labels import float_labels
from draupnir.tools.mapping.mapper import Run, mapper_of
from draupnir.tools.mapping.plan import Integers, Mapped
from draupnir.tools.mapping.samples import SpikeSamples

Advance = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class Losses:
    """The labels of n samples, (n,) int64 each, or NO_LABEL.

    right : what they should be; None if nobody has said
    in_float : the network in floating point; unrounded : with the chip's order of events, leak and reset, and weights
        that are not rounded; on_chip : on the chip
    dropped_spikes : on the chip, in all samples
    """

    right: Integers | None
    in_float: Integers
    unrounded: Integers
    on_chip: Integers
    dropped_spikes: int

    def share(self, labels: Integers) -> float:
        """The share of labels that are right, or, if nobody has said what is right, that equal those in float."""
        return float((labels == (self.in_float if self.right is None else self.right)).mean())

    def shares(self) -> dict[str, float]:
        """The share of labels, for the network in floating point, without rounding, and on the chip."""
        return {name: self.share(getattr(self, name)) for name in ("in_float", "unrounded", "on_chip")}

    def sentence(self, chip: str) -> str:
        """The result in a sentence."""
        in_float, unrounded, on_chip = (100 * share for share in self.shares().values())
        causes = f"order of events, leak and reset {unrounded - in_float:+.1f}, weights {on_chip - unrounded:+.1f}"
        if self.right is None:
            return f"on {chip} {on_chip:.1f} % as in float: {causes}"
        return f"float {in_float:.1f} %, on {chip} {on_chip:.1f} %: {causes}"


def measure(mapped: Mapped, samples: SpikeSamples, advance: Advance = lambda n: None) -> Losses:
    """Run all samples in floating point, without rounding, and at the chip's event level.

    advance : receives numbers of samples that are done
    """
    mapper = mapper_of(mapped.chip)
    unrounded = mapper.unrounded_run(mapped)
    on_chip = mapper.chip_run(mapped)
    plan = mapped.plan
    labels: list[tuple[int, int]] = []
    in_float: list[Integers] = []
    n_dropped = 0
    for batch in samples.batches():
        in_float.append(float_labels(plan, reference.run(mapped.network, batch, mapped.conventions)))
        for one, answer in in_order(_both(unrounded, on_chip, sample) for sample in batch):
            labels.append((one.label, answer.label))
            n_dropped += answer.dropped_spikes
            advance(1)
    without_rounding, chip = np.array(labels, np.int64).reshape(-1, 2).T
    return Losses(samples.labels, np.concatenate(in_float), without_rounding, chip, n_dropped)


def _both(unrounded: Run, on_chip: Run, sample: NDArray[np.uint8]) -> Callable[[], tuple[SampleAnswer, SampleAnswer]]:
    """A sample on both, as a job."""
    return lambda: (unrounded(sample), on_chip(sample))
