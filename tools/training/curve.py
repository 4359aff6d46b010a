"""The learning curve: what each epoch reached, as JSON and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TrainingEpoch:
    """The figures after an epoch.

    number : 0 for the start; loss : the mean of the epoch's batches, None at the start
    n_right : right labels of n samples, those of the validation part, or of all without one
    operations : synaptic operations a sample
    """

    number: int
    loss: float | None
    n_right: int
    n: int
    operations: float

    @property
    def accuracy(self) -> float:
        """The share of right labels."""
        return self.n_right / self.n

    def rank(self) -> tuple[int, float]:
        """Epochs are compared by this: more right labels, then fewer operations."""
        return self.n_right, -self.operations


@dataclass(frozen=True)
class Curve:
    """A whole training. best : the number of the epoch whose numbers are kept"""

    epochs: tuple[TrainingEpoch, ...]
    best: int

    def as_json(self) -> dict[str, Any]:
        return {}
