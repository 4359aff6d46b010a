"""The figures of a trial: labels, and clocks, operations and energy of a sample, in memory that does not grow."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, log2
from typing import Any

import numpy as np

from draupnir.tools.mapping.answers import NO_LABEL, SampleAnswer
from draupnir.tools.mapping.energy import Energy

BINS_A_DOUBLING = 8
N_BINS = 64 * BINS_A_DOUBLING
MOST_LABELS = 256


@dataclass
class Distribution:
    """The size of a number in many samples: count, sum, ends, and a histogram.

    bins : (N_BINS,) int64; bin b counts numbers x with 2**(b / BINS_A_DOUBLING) <= x + 1 < 2**((b + 1) / ...)
    """

    n: int = 0
    total: int = 0
    least: float = inf
    most: float = -inf
    bins: np.ndarray = field(default_factory=lambda: np.zeros(N_BINS, np.int64))

    def add(self, number: int) -> None:
        """Count one number, 0..2**62."""
        self.n += 1
        self.total += number
        self.least, self.most = min(self.least, number), max(self.most, number)
        self.bins[int(log2(number + 1) * BINS_A_DOUBLING)] += 1

    @property
    def mean(self) -> float:
        """The mean; 0 of nothing."""
        return self.total / self.n if self.n else 0.0

    def as_json(self) -> dict[str, float]:
        """Mean and ends, for JSON."""
        return {"mean": self.mean, "least": self.least, "most": self.most} if self.n else {}


@dataclass
class TrialFigures:
    """The figures of all samples so far.

    confusion : (labels, labels + 1) int64, samples by right label and by the chip's label, the last column for none;
        only those with a right label
    """

    n: int = 0
    n_labelled: int = 0
    n_right: int = 0
    n_without_label: int = 0
    dropped_spikes: int = 0
    n_with_drops: int = 0
    fifo_high_water: int = 0
    clocks: Distribution = field(default_factory=Distribution)
    operations: Distribution = field(default_factory=Distribution)
    confusion: np.ndarray = field(default_factory=lambda: np.zeros((0, 1), np.int64))

    def add(self, answer: SampleAnswer, right: int | None) -> None:
        """Count the answer to a sample; right : its right label, None if nobody has said"""
        self.n += 1
        self.n_without_label += answer.label == NO_LABEL
        self.dropped_spikes += answer.dropped_spikes
        self.n_with_drops += answer.dropped_spikes > 0
        self.fifo_high_water = max(self.fifo_high_water, answer.fifo_high_water)
        self.operations.add(answer.synaptic_operations)
        if answer.n_cycles is not None:
            self.clocks.add(answer.n_cycles)
        if right is not None:
            self.n_labelled += 1
            self.n_right += answer.label == right
            self._confuse(answer.label, right)

    def _confuse(self, label: int, right: int) -> None:
        n = max(label, right) + 1
        if len(self.confusion) < n <= MOST_LABELS:
            larger = np.zeros((n, n + 1), np.int64)
            larger[: len(self.confusion), : len(self.confusion)] = self.confusion[:, :-1]
            larger[: len(self.confusion), -1] = self.confusion[:, -1]
            self.confusion = larger
        if n <= MOST_LABELS:
            self.confusion[right, label] += 1  # NO_LABEL is the last column

    @property
    def accuracy(self) -> float | None:
        """The share of right labels; None if no sample has one."""
        return self.n_right / self.n_labelled if self.n_labelled else None

    def as_json(self) -> dict[str, Any]:
        """The figures for JSON."""
        return {
            "n_samples": self.n,
            "n_labelled": self.n_labelled,
            "n_right": self.n_right,
            "accuracy": self.accuracy,
            "n_without_label": self.n_without_label,
            "confusion": self.confusion.tolist(),
            "clocks": self.clocks.as_json(),
            "synaptic_operations": self.operations.as_json(),
            "dropped_spikes": self.dropped_spikes,
            "fifo_high_water": self.fifo_high_water,
        }

    def rows(self, energy: Energy | None, megahertz: float | None) -> list[tuple[str, str]]:
        """The figures for people: pairs of a name and a text. megahertz : the chip's clock, None for the paper's"""
        rows = [("samples", f"{self.n:,}")]
        if self.accuracy is not None:
            rows.append(("right", f"{self.n_right:,} of {self.n_labelled:,}, {100 * self.accuracy:.1f} %"))
        rows += [("without a label", f"{self.n_without_label:,}")] * bool(self.n_without_label)
        if self.clocks.n:
            rows.append(("clocks", _spread(self.clocks, "{:,.0f}")))
        frequency = megahertz or (energy.megahertz if energy else None)
        if frequency and self.clocks.n:
            rows.append(("time", _spread(self.clocks, "{:.3g} ms", 1e-3 / frequency) + f", at {frequency:g} MHz"))
        rows.append(("synaptic operations", _spread(self.operations, "{:,.0f}")))
        if energy:
            rows.append(("energy", _spread(self.operations, "{:.3g} uJ", energy.picojoules * 1e-6) + f" ({energy})"))
        rows.append(("dropped spikes", f"{self.dropped_spikes:,}"))
        rows += [("most events that wait", f"{self.fifo_high_water:,}")] * bool(self.fifo_high_water)
        return rows

    def warnings(self) -> list[str]:
        """A line for each thing that somebody should know."""
        if not self.dropped_spikes:
            return []
        text = f"{self.dropped_spikes:,} spike(s) found the scheduler's FIFO full and were dropped"
        return [f"{text}, in {self.n_with_drops:,} of {self.n:,} samples: they stimulated nobody"]


def _spread(spread: Distribution, form: str, factor: float = 1.0) -> str:
    mean, least, most = (form.format(number * factor) for number in (spread.mean, spread.least, spread.most))
    return f"{mean} a sample, {least} to {most}"
