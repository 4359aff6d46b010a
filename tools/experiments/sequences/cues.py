"""Gungnir learns to accumulate cues by e-prop: the task of ReckOn's experiment, with two neurons.

The samples are those of ``cue_accumulation``: 40 inputs spike for 2.25 s, and the label, the side with more cues, is
known only at the end. Each input has an excitatory and an inhibitory row, because a row has one sign. The two readouts
have no leakage, so their potential is the memory of a sample, and the rows' traces remember for two seconds who spiked.
ReckOn's network of 100 recurrent neurons does this with leaking neurons.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.errors import InputError
from draupnir.emulator.gungnir.layout import CHIP, LIF, NEURONS, SYNAPSES, N
from draupnir.emulator.odin.layout import MAPPING
from draupnir.golden.recipes.crossbar import synapse_words
from draupnir.tools.experiments.cue_accumulation.dataset import END, N_INPUTS, CueSample, generate
from draupnir.tools.experiments.sequences.chips import SPIKE, TIME_REFERENCE, GungnirHost
from draupnir.tools.experiments.sequences.results import TaskResults, answers

READOUTS = (0, 1)  # left, right
EXCITATORY = len(READOUTS)  # the first rows of both kinds
INHIBITORY = EXCITATORY + N_INPUTS
STEP = 25  # ms between two time references
N_SAMPLES = 50  # for training, and the same number for the test, as on ReckOn
AMOUNT, MARGIN = 8, 40
REGISTERS = {
    "SPI_OPEN_LOOP": 1,
    "SPI_EPROP_EN": 1,
    "SPI_TRACE_INCR": 8,
    "SPI_TRACE_DECAY": 1,
    "SPI_LEARN_SHIFT": 8,
}


@dataclass(frozen=True)
class CueTask:
    """The task. seed : start value of samples and initial weights, at least 0; epochs : at least 1."""

    seed: int = 1
    epochs: int = 10

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise InputError(f"cues: {self.epochs} epochs; right is 1 or more")

    @cached_property
    def train(self) -> list[CueSample]:
        """The training samples, in their order in each epoch: those of ReckOn's experiment with the same seed."""
        return generate(np.random.default_rng([self.seed, 0]), N_SAMPLES)

    @cached_property
    def test(self) -> list[CueSample]:
        """The test samples."""
        return generate(np.random.default_rng([self.seed, 1]), N_SAMPLES)

    def registers(self) -> dict[str, int | list[int]]:
        """The registers before the first sample."""
        zeros: dict[str, int | list[int]] = {r.name: 0 if r.n_addrs == 1 else [0] * r.n_addrs for r in CHIP.registers}
        rows = sum(1 << row for row in range(INHIBITORY, INHIBITORY + N_INPUTS))
        signs = [rows >> 16 * k & 0xFFFF for k in range(N // 16)]
        return {**zeros, "SPI_SYN_SIGN": signs, **REGISTERS}

    def memories(self) -> dict[str, np.ndarray]:
        """The memories before the first sample: weights of 0 and 1, and two neurons that are enabled."""
        rng = np.random.default_rng([self.seed, 2])
        cells = np.zeros((N, N), np.int64)
        weights = rng.integers(0, 2, (2 * N_INPUTS, len(READOUTS)))
        cells[EXCITATORY : INHIBITORY + N_INPUTS, : len(READOUTS)] = weights | 1 << MAPPING.lsb
        readout = encode(LIF, lif_izh_sel=1, leak_en=1, thr=LIF["thr"].high, eprop_en=1, readout=1)
        others = encode(LIF, lif_izh_sel=1, thr=LIF["thr"].high, neur_disable=1)
        words = [readout if neur in READOUTS else others for neur in range(N)]
        neurons = np.array([to_limbs(word, NEURONS.n_limbs) for word in words])
        return {NEURONS.name: neurons, SYNAPSES.name: synapse_words(cells)}

    @staticmethod
    def events(sample: CueSample) -> list[int]:
        """The events of a sample, as AERIN_ADDR: two spikes for each input spike, and a time reference each 25 ms."""
        events, step = [], 0
        for timestep, neur in sample.spikes.tolist():
            events += [TIME_REFERENCE] * (timestep // STEP - step)
            step = timestep // STEP
            events += [SPIKE[EXCITATORY + neur], SPIKE[INHIBITORY + neur]]
        return events + [TIME_REFERENCE] * (END // STEP - 1 - step)


class CueLearner:
    """The task on Gungnir."""

    def __init__(self, task: CueTask) -> None:
        self.task = task
        self.chip = GungnirHost(task.registers(), task.memories())
        self.results = TaskResults("Gungnir: e-prop", task.seed)

    def run(self, advance: Callable[[int], None] = lambda n: None) -> TaskResults:
        """Run all epochs, then the test. ``advance`` is called with 1 after each sample."""
        start = time.perf_counter()
        self.results.train = answers(self.task.train * self.task.epochs, self._answer, True, advance)
        self.results.test = answers(self.task.test, self._answer, False, advance)
        self.results.n_clocks, self.results.seconds = self.chip.n_clocks, time.perf_counter() - start
        return self.results

    def _answer(self, sample: CueSample, learns: bool) -> bool:
        spikes = self.chip.send(self.task.events(sample))
        sums = self.chip.sums(READOUTS, spikes)
        right, wrong = sample.label, 1 - sample.label
        if learns and sums[right] - sums[wrong] < MARGIN:
            self.chip.teach({READOUTS[right]: AMOUNT, READOUTS[wrong]: -AMOUNT})
        self.chip.forget(READOUTS)
        return bool(np.argmax(sums) == right)
