"""The causes in a neuron's story: who excites it most, who inhibits it most, and the smallest change that turns it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from draupnir.tools.mapping.mapper import Change
from draupnir.tools.mapping.story import LEAK, Story

MOST_SOURCES = 8  # weights that are tried
MOST_STEPS = 64  # contents that are tried of each

Retell = Callable[[Change], Story]


@dataclass(frozen=True)
class Turn:
    """A change after which a silent neuron spikes, or a neuron that spikes is silent.

    source : the one whose weight changes, None for the threshold; now, then : the content before and after
    """

    source: str | None
    now: int
    then: int

    def __str__(self) -> str:
        changed_part = "the threshold" if self.source is None else f"the weight from {self.source}"
        return f"{changed_part} {self.then} instead of {self.now}"


def extreme_sources(story: Story) -> tuple[tuple[str, int, int] | None, tuple[str, int, int] | None]:
    """The source that excites most, and the one that inhibits most: name, sum in LSB, number; None if there is none."""
    sums = [(name, total, n) for name, (total, n) in story.sums().items()]
    most, least = max(sums, key=lambda one: one[1], default=None), min(sums, key=lambda one: one[1], default=None)
    return (most if most and most[1] > 0 else None), (least if least and least[1] < 0 else None)


def turns(story: Story, neuron: int, retell: Retell, highest_threshold: int) -> list[Turn]:
    """The smallest changes that turn the neuron: of its threshold, and of one weight. Each was tried.

    retell : tells the story again after a change; highest_threshold : of the chip
    """
    candidates = [_threshold(story, neuron, retell, highest_threshold), _weight(story, neuron, retell)]
    return [turn for turn in candidates if turn]


def _is_turned(story: Story, other: Story) -> bool:
    return (story.n_spikes > 0) != (other.n_spikes > 0)


def _threshold(story: Story, neuron: int, retell: Retell, highest: int) -> Turn | None:
    """The nearest threshold that turns the neuron: the peak, or for a neuron that spikes one more than it without."""
    silent = story if story.n_spikes == 0 else retell(Change(neuron, None, highest))
    peak = silent.peak()
    content = 0 if peak is None else peak.potential + (story.n_spikes > 0)
    if content <= 0 or content > highest or not _is_turned(story, retell(Change(neuron, None, content))):
        return None
    return Turn(None, story.threshold, content)


def _weight(story: Story, neuron: int, retell: Retell) -> Turn | None:
    """The smallest change of one weight that turns the neuron, the first of equal ones."""
    best: tuple[int, Turn] | None = None
    direction = 1 if story.n_spikes == 0 else -1
    for source, row, weight in _candidates(story):
        most = MOST_STEPS if best is None else best[0] - 1
        for distance in range(1, most + 1):
            content = weight + direction * distance
            if not story.weight_low <= content <= story.weight_high:
                break
            if _is_turned(story, retell(Change(neuron, row, content))):
                best = distance, Turn(source, weight, content)
                break
    return best[1] if best else None


def _candidates(story: Story) -> list[tuple[str, int, int]]:
    """Source, row and content of the weights that act most often."""
    counts: dict[tuple[str, int, int], int] = {}
    for step in story.steps:
        if step.source != LEAK and step.row is not None and step.weight is not None:
            key = (step.source, step.row, step.weight)
            counts[key] = counts.get(key, 0) + 1
    return sorted(counts, key=lambda key: -counts[key])[:MOST_SOURCES]
