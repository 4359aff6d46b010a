"""The answers of a chip that learns a task, its learning curve, and means over seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
BLOCK = 100  # samples of a point of a learning curve


@dataclass
class TaskResults:
    """The results of one chip on one task, which grow during the experiment.

    chip : who learned, such as "Gungnir: SDSP and e-prop"; seed : start value of all random choices
    train : for each training sample, in order, whether the answer before its lesson was right
    test : for each test sample, with learning off, whether the answer was right
    weights : the weights that were learned last, (pre, post) int64, in the chip's own LSB
    classes : for each digit, the readout of its class, which only the labels of sequences know
    n_clocks : the number of the chip's clocks; seconds : wall time
    """

    chip: str
    seed: int
    train: list[bool] = field(default_factory=list)
    test: list[bool] = field(default_factory=list)
    weights: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    classes: list[int] = field(default_factory=list)
    n_clocks: int = 0
    seconds: float = 0.0

    @property
    def accuracy(self) -> float:
        """The share of right answers in the test, 0..1."""
        return float(np.mean(self.test))

    def curve(self) -> NDArray[np.float64]:
        """The share of right answers in each block of training samples, (blocks,) 0..1; the last block may be short."""
        starts = range(0, len(self.train), BLOCK)
        return np.array([np.mean(self.train[start : start + BLOCK]) for start in starts])

    def as_object(self) -> dict[str, Any]:
        """The results as an object for JSON."""
        return {
            "chip": self.chip,
            "seed": self.seed,
            "n_train": len(self.train),
            "n_test": len(self.test),
            "curve": self.curve().tolist(),
            "accuracy": self.accuracy,
            "n_clocks": self.n_clocks,
            "seconds": self.seconds,
        }


def answers(
    samples: Sequence[T], answer: Callable[[T, bool], bool], learns: bool, advance: Callable[[int], None]
) -> list[bool]:
    """Show samples to a chip, one after the other; return for each whether the answer was right.

    answer : shows a sample, with learning or without, and tells whether the answer is right
    advance : is called with 1 after each sample
    """
    are_right = []
    for sample in samples:
        are_right.append(answer(sample, learns))
        advance(1)
    return are_right


def spread(results: Sequence[TaskResults]) -> str:
    """The test accuracy over all seeds, in words."""
    accuracies = [result.accuracy for result in results]
    if len(accuracies) == 1:
        return f"{accuracies[0]:.1%}"
    lowest, highest = min(accuracies), max(accuracies)
    return f"{np.mean(accuracies):.1%}, {lowest:.1%} to {highest:.1%} over {len(accuracies)} seeds"
