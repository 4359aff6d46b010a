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

from draupnir.emulator import columns
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.errors import InputError
from draupnir.emulator.gungnir.layout import LIF, NEURONS, SYNAPSES, N
from draupnir.emulator.odin.layout import MAPPING
from draupnir.tools.experiments.cue_accumulation.dataset import END, N_INPUTS, CueSample
from draupnir.tools.experiments.cue_accumulation.experiment import CueExperiment
from draupnir.tools.experiments.sequences.chips import READOUT, SPIKE, TIME_REFERENCE, GungnirHost, Lesson, inhibitory
from draupnir.tools.experiments.sequences.results import TaskResults, answers

READOUTS = (0, 1)  # left, right
EXCITATORY = len(READOUTS)  # the first rows of both kinds
INHIBITORY = EXCITATORY + N_INPUTS
STEP = 25  # ms between two time references
LESSON = Lesson(amount=8, margin=40)
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
    def samples(self) -> CueExperiment:
        """ReckOn's experiment with the same seed, whose training and test samples are those of this task."""
        return CueExperiment(self.seed)

    def registers(self) -> dict[str, int | list[int]]:
        """The registers before the first sample that are not 0."""
        return {"SPI_SYN_SIGN": inhibitory(range(INHIBITORY, INHIBITORY + N_INPUTS)), **REGISTERS}

    def memories(self) -> dict[str, np.ndarray]:
        """The memories before the first sample: weights of 0 and 1, and two neurons that are enabled."""
        rng = np.random.default_rng([self.seed, 2])
        cells = np.zeros((N, N), np.uint32)
        weights = rng.integers(0, 2, (2 * N_INPUTS, len(READOUTS)))
        cells[EXCITATORY : INHIBITORY + N_INPUTS, : len(READOUTS)] = weights | 1 << MAPPING.lsb
        others = encode(LIF, lif_izh_sel=1, thr=LIF["thr"].high, neur_disable=1)
        words = [READOUT if neur in READOUTS else others for neur in range(N)]
        neurons = np.array([to_limbs(word, NEURONS.n_limbs) for word in words])
        return {NEURONS.name: neurons, SYNAPSES.name: columns.pack(cells, SYNAPSES)}

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
        self.results.train = answers(self.task.samples.train * self.task.epochs, self._answer, True, advance)
        self.results.test = answers(self.task.samples.test, self._answer, False, advance)
        self.results.n_clocks, self.results.seconds = self.chip.n_clocks, time.perf_counter() - start
        return self.results

    def _answer(self, sample: CueSample, learns: bool) -> bool:
        return self.chip.answer(self.task.events(sample), READOUTS, sample.label, LESSON if learns else None)
