"""A trial: many samples on a chip, on all cores, with its figures. Memory does not grow with the number of samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, repeat

from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.batch import in_order
from draupnir.tools.mapping.answers import SampleAnswer
from draupnir.tools.mapping.mapper import Run
from draupnir.tools.mapping.samples import Spikes, SpikeSamples
from draupnir.tools.trials.figures import TrialFigures

Advance = Callable[[int], None]
Take = Callable[[int, SampleAnswer], None]


def run(
    on_chip: Run, samples: SpikeSamples, take: Take = lambda index, answer: None, advance: Advance = lambda n: None
) -> TrialFigures:
    """Run all samples, and return their figures.

    on_chip : runs a sample, from any thread; take : receives the number and the answer of each sample, in order
    advance : receives numbers of samples. Raises InputError, with the number of the sample, if one cannot end.
    """
    figures = TrialFigures()
    labels: Iterator[int | None] = repeat(None) if samples.labels is None else iter(samples.labels.tolist())
    for index, (answer, right) in enumerate(zip(answers(on_chip, samples), labels, strict=False)):
        figures.add(answer, right)
        take(index, answer)
        advance(1)
    return figures


def answers(on_chip: Run, samples: SpikeSamples) -> Iterator[SampleAnswer]:
    """The answers to all samples, in order."""
    spikes = chain.from_iterable(samples.batches())
    return in_order(partial(_answer, on_chip, index, sample) for index, sample in enumerate(spikes))


def _answer(on_chip: Run, index: int, sample: Spikes) -> SampleAnswer:
    try:
        return on_chip(sample)
    except InputError as error:
        raise InputError(f"sample {index}: {error}") from error
