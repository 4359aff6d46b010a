"""The learning curve: what each epoch reached, for people, as JSON and as a picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

from draupnir.tools.report import plots

ACCURACY, OPERATIONS, LOSS = plots.BLUE, plots.GRAY, plots.ORANGE


@dataclass(frozen=True)
class TrainingEpoch:
    """The figures after an epoch.

    number : 0 for the start; loss : the mean of the epoch's batches, None at the start
    n_right : right labels of n samples, those of the validation part, or all of them without one
    synaptic_operations : the mean of a sample
    """

    number: int
    loss: float | None
    n_right: int
    n: int
    synaptic_operations: float

    @property
    def accuracy(self) -> float:
        """The share of right labels."""
        return self.n_right / self.n

    def rank(self) -> tuple[int, float]:
        """The order of epochs: more right labels are better, then fewer operations."""
        return self.n_right, -self.synaptic_operations


@dataclass(frozen=True)
class Curve:
    """A whole training, which begins with epoch 0, the start.

    best : the number of the epoch whose numbers are kept; n_training, n_validation : samples of each part
    """

    epochs: tuple[TrainingEpoch, ...]
    best: int
    n_training: int
    n_validation: int

    def lines(self) -> list[tuple[str, str]]:
        """The outcome for people: pairs of a name and a text."""
        start, best = self.epochs[0], self.epochs[self.best]
        part = "validation" if self.n_validation else "training"
        accuracy = f"{100 * start.accuracy:.1f} % before, {100 * best.accuracy:.1f} % after epoch {self.best}"
        operations = f"{start.synaptic_operations:,.0f} before, {best.synaptic_operations:,.0f} after"
        return [
            ("samples", f"{self.n_training:,} to train, {self.n_validation:,} to validate"),
            ("accuracy", f"{accuracy} of {len(self.epochs) - 1}, on the {part} part"),
            ("operations", f"{operations}, a sample"),
        ]

    def as_json(self) -> dict[str, Any]:
        """The outcome for JSON."""
        epochs = [{**asdict(epoch), "accuracy": epoch.accuracy} for epoch in self.epochs]
        return {
            "n_training": self.n_training,
            "n_validation": self.n_validation,
            "best_epoch": self.best,
            "epochs": epochs,
        }

    @plots.styled
    def picture(self) -> bytes:
        """The curve as PNG: loss, accuracy and operations by epoch."""
        numbers = [epoch.number for epoch in self.epochs]
        figure = plots.new_figure(8, 7)
        axes = figure.subplots(3, sharex=True)
        rows = (
            ("loss", LOSS, [float("nan") if epoch.loss is None else epoch.loss for epoch in self.epochs]),
            ("right labels, %", ACCURACY, [100 * epoch.accuracy for epoch in self.epochs]),
            ("synaptic operations", OPERATIONS, [epoch.synaptic_operations for epoch in self.epochs]),
        )
        for axis, (name, color, heights) in zip(axes, rows, strict=True):
            axis.plot(numbers, heights, color=color, marker=".")
            axis.axvline(self.best, color=plots.BLACK, linewidth=0.8, linestyle=":")
            axis.set(ylabel=name)
        axes[-1].set(xlabel="epoch; the dotted line is the one whose numbers are kept")
        file = BytesIO()
        plots.save(figure, file)
        return file.getvalue()
