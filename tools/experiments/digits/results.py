"""The results of an experiment, on the golden model or on any RTL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator import columns
from draupnir.emulator.odin.layout import SYN_WEIGHT, SYNAPSES, N
from draupnir.tools.experiments.digits.experiment import EVENTS, N_DIGITS, NO_ANSWER


class Answer(NamedTuple):
    """The answer to one image.

    image : its index in the data set, 0..1796; label : its digit, 0..9; predicted : the answer, 0..9 or NO_ANSWER
    """

    image: int
    label: int
    predicted: int


@dataclass(frozen=True)
class Raster:
    """The spikes on both buses during one image. Cycles are counted from the first clock of the image.

    in_cycles, in_rows : cycle and row (0..255) of each input spike, at the rise of AERIN_REQ
    out_cycles, out_neurons : cycle and neuron (0..255) of each output spike, at the rise of AEROUT_REQ
    """

    answer: Answer
    train: bool
    in_cycles: np.ndarray
    in_rows: np.ndarray
    out_cycles: np.ndarray
    out_neurons: np.ndarray


@dataclass
class DigitsResults:
    """Counts and answers, which grow during the experiment.

    source : the name of what ran, such as "golden model" or "RTL in Verilator"
    train : the answers to the training images, each before its lesson; test : to the test images, with learning off
    weights : (256, 10) int64, 0..7, the weights of pre-synaptic row r onto output neuron n
    n_clocks : the number of clocks; n_events, n_spikes : the numbers of events on the input bus and on the output bus
    n_sops : the number of synaptic operations, 256 for each input spike
    n_updates : the number of synapses that changed in an image, summed over all images
    n_compared : the number of clocks in which all pins of an RTL were equal to those of the golden model
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
        """Add the counts of one run. events : AERIN_ADDR of each; n_spikes, n_clocks : at least 0"""
        self.n_events += len(events)
        self.n_sops += N * sum(EVENTS["spike"].matches(int(addr)) for addr in events)
        self.n_spikes += n_spikes
        self.n_clocks += n_clocks

    def take_weights(self, synapses: np.ndarray) -> None:
        """Take the weights from the synapse memory, (8192, 1) uint32, and count those that have changed."""
        now = weights(synapses)
        self.n_updates += int(np.count_nonzero(now != self.weights))
        self.weights = now

    @property
    def accuracy(self) -> float:
        """The share of right answers in the test, 0..1; 0 if there are no answers."""
        return accuracy(self.test)

    @property
    def online_accuracy(self) -> float:
        """The share of right answers in the training, 0..1; 0 if there are no answers."""
        return accuracy(self.train)

    def confusion(self) -> np.ndarray:
        """The number of test images by digit and answer: (10, 11) int64. The last column is for no answer."""
        matrix = np.zeros((N_DIGITS, N_DIGITS + 1), dtype=np.int64)
        for answer in self.test:
            matrix[answer.label, N_DIGITS if answer.predicted == NO_ANSWER else answer.predicted] += 1
        return matrix


def accuracy(answers: Sequence[Answer]) -> float:
    """The share of right answers, 0..1; 0 if there are no answers."""
    return sum(a.label == a.predicted for a in answers) / len(answers) if answers else 0.0


def weights(synapses: np.ndarray) -> np.ndarray:
    """The weights onto the output neurons: (256, 10) int64, 0..7. synapses : the memory, (8192, 1) uint32"""
    return columns.entries(SYN_WEIGHT, SYNAPSES, synapses)[:, :N_DIGITS]


def as_object(results: DigitsResults, files: list[Path]) -> dict[str, Any]:
    """The results as an object for JSON."""
    counts = ("source", "n_clocks", "n_events", "n_spikes", "n_sops", "n_updates")
    names = (*counts, "online_accuracy", "accuracy", "seconds")
    return {
        "n_train": len(results.train),
        "n_test": len(results.test),
        **{name: getattr(results, name) for name in names},
        "files": [str(path) for path in files],
    }
