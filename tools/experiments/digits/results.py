"""The measurements of an experiment, on the golden model or on any RTL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.odin.layout import SYN, SYN_BITS, SYN_WEIGHT, N
from draupnir.tools.experiments.digits.experiment import EVENTS, N_DIGITS, NO_ANSWER

N_SYN = SYN.width // SYN_BITS


class Answer(NamedTuple):
    """An image (its index in the data set), the digit that it shows, and the one answered (NO_ANSWER: none)."""

    image: int
    label: int
    predicted: int


@dataclass(frozen=True)
class Raster:
    """The spikes on both buses while one image was shown; cycles count from its first clock.

    in_cycles, in_rows : presentation and lesson, as AERIN_REQ rises; out_cycles, out_neurons : as AEROUT_REQ rises
    """

    answer: Answer
    train: bool
    in_cycles: np.ndarray
    in_rows: np.ndarray
    out_cycles: np.ndarray
    out_neurons: np.ndarray


@dataclass
class DigitsResults:
    """Counts and answers, filled as the experiment goes.

    source : what ran: "golden model", "RTL in Verilator", ...
    train : answers to the training images, each before its own lesson; test : to the test images, learning off
    weights : (256, 10), the learned weights of pre-synaptic row r onto output neuron n
    n_clocks, n_events, n_spikes : of CLK, on the input bus, on the output bus
    n_sops : synaptic operations, 256 for each input spike
    n_updates : synapses found changed after an image, summed over all images
    n_compared : clocks in which an RTL was held against the golden model on all pins, without a difference
    seconds : wall time
    """

    source: str
    train: list[Answer] = field(default_factory=list)
    test: list[Answer] = field(default_factory=list)
    rasters: list[Raster] = field(default_factory=list)
    weights: np.ndarray = field(default_factory=lambda: np.zeros((N, N_DIGITS), dtype=np.int64))
    n_clocks: int = 0
    n_events: int = 0
    n_spikes: int = 0
    n_sops: int = 0
    n_updates: int = 0
    n_compared: int = 0
    seconds: float = 0.0

    def count(self, events: Sequence[int] | np.ndarray, n_spikes: int, n_clocks: int) -> None:
        """Add what one run of events took."""
        self.n_events += len(events)
        self.n_sops += N * sum(EVENTS["spike"].matches(int(addr)) for addr in events)
        self.n_spikes += n_spikes
        self.n_clocks += n_clocks

    def learned(self, synapses: np.ndarray) -> None:
        """Take the weights from the synapse memory, and count those that have changed since the last time."""
        now = weights(synapses)
        self.n_updates += int(np.count_nonzero(now != self.weights))
        self.weights = now

    @property
    def accuracy(self) -> float:
        """Part of the test images answered rightly; 0 if there were none."""
        return accuracy(self.test)

    @property
    def online_accuracy(self) -> float:
        """Part of the training images answered rightly before their lesson; 0 if there were none."""
        return accuracy(self.train)

    def confusion(self) -> np.ndarray:
        """(10, 11) int64: test images by digit shown and digit answered; the last column is no answer."""
        matrix = np.zeros((N_DIGITS, N_DIGITS + 1), dtype=np.int64)
        for answer in self.test:
            matrix[answer.label, N_DIGITS if answer.predicted == NO_ANSWER else answer.predicted] += 1
        return matrix


def accuracy(answers: Sequence[Answer]) -> float:
    """Part of the answers that are right; 0 of none."""
    return sum(a.label == a.predicted for a in answers) / len(answers) if answers else 0.0


def weights(synapses: np.ndarray) -> np.ndarray:
    """(256, 10) int64: weights onto the output neurons, from the synapse memory, (8192, 1) uint32."""
    words = synapses.reshape(N, -1).astype(np.int64)
    columns = [words[:, n // N_SYN] >> (SYN_BITS * (n % N_SYN)) & SYN_WEIGHT.high for n in range(N_DIGITS)]
    return np.stack(columns, axis=1)


def as_object(results: DigitsResults, files: list[Path]) -> dict[str, Any]:
    """The results as plain numbers."""
    counts = ("source", "n_clocks", "n_events", "n_spikes", "n_sops", "n_updates")
    names = (*counts, "online_accuracy", "accuracy", "seconds")
    return {
        "n_train": len(results.train),
        "n_test": len(results.test),
        **{name: getattr(results, name) for name in names},
        "files": [str(path) for path in files],
    }
