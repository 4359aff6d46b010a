"""The results of an experiment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from draupnir.emulator.reckon.layout import WINP, WOUT, WREC

WEIGHTS = (WINP.name, WREC.name, WOUT.name)


@dataclass(frozen=True)
class Epoch:
    """One pass over the training samples with learning on, and one over the test samples with learning off.

    train, test : the answers, 0 left or 1 right, in the order of the samples; n_right_* : the number of right answers
    digests : memory -> sha256 of the whole weight memory (words of 16 bytes, least significant first) after the
        training
    n_cycles : clocks of all samples, from the first operation of a sample to its last; seconds : wall time
    """

    train: list[int]
    test: list[int]
    n_right_train: int
    n_right_test: int
    digests: dict[str, str]
    n_cycles: int
    seconds: float


@dataclass(frozen=True)
class CueTrace:
    """The internal state during one sample, timestep by timestep.

    label, answer : 0 left, 1 right; inputs : (n, 2) int64, timestep and input neuron
    spikes : (n, 2), timestep and recurrent neuron; outputs : (timesteps, 2), the potentials of the output neurons, in
        LSB
    potentials, trace_rec : (timesteps, len(WATCHED)), of the watched neurons, in LSB
    """

    label: int
    answer: int
    inputs: np.ndarray
    spikes: np.ndarray
    outputs: np.ndarray
    potentials: np.ndarray
    trace_rec: np.ndarray


@dataclass
class CueResults:
    """The results of one run, which grow during the experiment.

    weights_before, weights_after : memory -> the weights of the network, (pre, post) int64, -128..127
    """

    source: str
    seed: int | None
    n_train: int
    n_test: int
    epochs: list[Epoch] = field(default_factory=list)
    weights_before: dict[str, np.ndarray] = field(default_factory=dict)
    weights_after: dict[str, np.ndarray] = field(default_factory=dict)
    traces: dict[str, CueTrace] = field(default_factory=dict)

    @property
    def accuracy(self) -> float:
        """The share of right answers in the test after the last epoch, 0..1; 0 before the first epoch."""
        return self.epochs[-1].n_right_test / self.n_test if self.epochs else 0.0

    @property
    def rate(self) -> float:
        """Clocks per second."""
        return sum(e.n_cycles for e in self.epochs) / max(sum(e.seconds for e in self.epochs), 1e-9)

    def as_object(self) -> dict[str, Any]:
        """The results as an object for JSON."""
        return {
            "source": self.source,
            "seed": self.seed,
            "n_train": self.n_train,
            "n_test": self.n_test,
            "accuracy": self.accuracy,
            "epochs": [{name: getattr(epoch, name) for name in Epoch.__dataclass_fields__} for epoch in self.epochs],
        }


def digests(memories: dict[str, np.ndarray]) -> dict[str, str]:
    """sha256 of each weight memory."""
    return {name: hashlib.sha256(memories[name].astype("<u4").tobytes()).hexdigest() for name in WEIGHTS}


def mean_and_spread(results: list[CueResults]) -> dict[str, float]:
    """The test accuracy after the last epoch, 0..1, over all seeds: mean, lowest, highest, standard deviation."""
    accuracies = [r.accuracy for r in results]
    return {
        "mean": float(np.mean(accuracies)),
        "lowest": min(accuracies),
        "highest": max(accuracies),
        "deviation": float(np.std(accuracies)),
    }
