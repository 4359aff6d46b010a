"""The choices that make integers of a network, made by samples: those with which most labels are right on the chip."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product
from typing import Any

import numpy as np

from draupnir.emulator.speeds.batch import in_order
from draupnir.tools.mapping import reference
from draupnir.tools.mapping.choices import Choices
from draupnir.tools.mapping.front import Front
from draupnir.tools.mapping.labels import float_labels
from draupnir.tools.mapping.mapper import Calibratable, mapper_of
from draupnir.tools.mapping.plan import Integers, Mapped
from draupnir.tools.mapping.samples import Spikes, SpikeSamples

MOST_SAMPLES = 500
Advance = Callable[[int], None]


@dataclass(frozen=True)
class Calibration:
    """The outcome of a calibration.

    choices : those with the largest share of right labels; of equal ones, the first that was tried
    tried : all that differ on the chip, in order, each with its share; the baseline is the first
    names : the choices that were free
    n : the number of samples
    """

    choices: Choices
    tried: Sequence[tuple[Choices, float]]
    names: Sequence[str]
    n: int

    def __str__(self) -> str:
        words = " ".join(f"--{name.replace('_', '-')} {getattr(self.choices, name):g}" for name in self.names)
        best, baseline = max(share for _, share in self.tried), self.tried[0][1]
        return f"{words}: {100 * best:.1f} % of {self.n:,} samples, {100 * baseline:.1f} % before"

    def as_json(self) -> dict[str, Any]:
        """The outcome for JSON."""
        tried = [{**self._free(choices), "share": share} for choices, share in self.tried]
        return {"n_samples": self.n, "choices": self._free(self.choices), "tried": tried}

    def _free(self, choices: Choices) -> dict[str, float]:
        return {name: getattr(choices, name) for name in self.names}


@dataclass(frozen=True)
class Candidates:
    """All that a calibration tries. names : the choices that are free; combinations : the baseline is the first"""

    names: Sequence[str]
    combinations: Sequence[Choices]


def candidates(choices: Choices, calibratable: Calibratable, fixed: Collection[str]) -> Candidates:
    """Combine all that is tried for each choice; fixed : names of choices that stay as they are"""
    names = [name for name in calibratable if name not in fixed]
    grid = product(*(calibratable[name] for name in names))
    others = [replace(choices, **_words(names, contents)) for contents in grid]
    return Candidates(names, [choices, *(one for one in others if one != choices)])


def _words(names: Sequence[str], contents: Sequence[float]) -> dict[str, Any]:
    return dict(zip(names, contents, strict=True))


def calibrate(front: Front, chip: str, free: Candidates, samples: SpikeSamples, advance: Advance) -> Calibration:
    """Try all combinations on the first samples, at most MOST_SAMPLES, at the chip's event level.

    advance : receives numbers of runs that are done

    Samples without labels are compared with the network in floating point. Raises BrokenRules, as ``map`` does.
    """
    some = np.stack(list(islice((one for batch in samples.batches() for one in batch), MOST_SAMPLES)))
    tried: list[tuple[Choices, float]] = []
    on_chip: list[Mapped] = []
    for choices in free.combinations:
        mapped = mapper_of(chip).map(front.network, front.conventions, choices)
        if any(mapped.configuration == other.configuration for other in on_chip):
            advance(len(some))
            continue
        on_chip.append(mapped)
        tried.append((choices, _share(mapped, some, _right(front, mapped, samples, some), advance)))
    best = max(tried, key=lambda pair: pair[1])[0]
    return Calibration(best, tried, free.names, len(some))


def _right(front: Front, mapped: Mapped, samples: SpikeSamples, some: Spikes) -> Integers:
    if samples.labels is not None:
        return samples.labels[: len(some)]
    return float_labels(mapped.plan, reference.run(front.network, some, front.conventions))


def _share(mapped: Mapped, samples: Spikes, right: Integers, advance: Advance) -> float:
    run = mapper_of(mapped.chip).chip_run(mapped)
    n_right = 0
    for label, answer in zip(right.tolist(), in_order(partial(run, one) for one in samples), strict=True):
        n_right += answer.label == label
        advance(1)
    return n_right / len(samples)
