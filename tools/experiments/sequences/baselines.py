"""The sequences of ``majority.py`` on ODIN alone, and on ReckOn alone.

**ODIN** has the ten neurons that learned digits by SDSP, and its two readouts learn by SDSP, too. It has no traces:
when the label is known, only what the host repeats is there. The host repeats the ten neurons' spikes of the last
image, with the right readout charged above ``thetamem``. (A host that kept all spikes of a sequence would itself be the
memory.)

**ReckOn** learns all by e-prop, from the labels of sequences alone: 230 edge cells, 100 recurrent neurons, two outputs,
with the parameters of its cue accumulation. It never sees the label of a digit. Each edge cell of an image spikes once
in the 20 timesteps of the image; then come 20 timesteps in which the answer is given, and learned.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.gungnir.layout import LIF, NEURONS, SYNAPSES, N
from draupnir.emulator.reckon.layout import WINP
from draupnir.tools.experiments.cue_accumulation.experiment import (
    LEARN_ALL,
    LEARN_NONE,
    N_REC,
    CueExperiment,
    operations_of,
    weight_words,
)
from draupnir.tools.experiments.cue_accumulation.train import ReckOn
from draupnir.tools.experiments.digits.experiment import N_DIGITS
from draupnir.tools.experiments.sequences.chips import SPIKE, OdinHost, virtual
from draupnir.tools.experiments.sequences.majority import (
    FIRST_CELL,
    LENGTH,
    LESSON,
    READOUTS,
    DigitSequence,
    MajorityTask,
    MajorityTrainer,
    readout_weights,
)
from draupnir.tools.experiments.sequences.results import TaskResults, answers

THETAMEM = 100
N_CHARGE = 20  # virtual events that charge the right readout above THETAMEM
N_CELLS = N - FIRST_CELL
IMAGE_STEPS = 20  # timesteps of an image, and of the answer
INPUT_SIGMA = 5.0  # standard deviation of ReckOn's initial input weights; it has more input spikes here than with cues


class OdinBaseline:
    """The task on ODIN, with the ten neurons of a Gungnir that has learned digits, which are ODIN's own.

    trainer : after ``learn_digits``
    """

    def __init__(self, trainer: MajorityTrainer) -> None:
        self.task = trainer.task
        words = {name: trainer.chip.model.memories[name] for name in (NEURONS.name, SYNAPSES.name)}
        signs = self.task.registers()["SPI_SYN_SIGN"]
        self.chip = OdinHost({**self.task.digits.registers(), "SPI_SYN_SIGN": signs, "SPI_OPEN_LOOP": 0}, words)
        self.results = TaskResults("ODIN: SDSP alone", self.task.seed)
        self._set_learning(False)

    def learn_sequences(self, advance: Callable[[int], None] = lambda n: None) -> TaskResults:
        """Train the readouts, and test them. ``advance`` is called with 1 for each sequence."""
        start = time.perf_counter()
        self.results.train = answers(self.task.train, self._answer, True, advance)
        self.results.test = answers(self.task.test, self._answer, False, advance)
        self.results.weights = readout_weights(self.chip.model.memories[SYNAPSES.name])
        self.results.n_clocks, self.results.seconds = self.chip.n_clocks, time.perf_counter() - start
        return self.results

    def _answer(self, sequence: DigitSequence, learns: bool) -> bool:
        *events_before, events = (self.task.events(DigitSequence((image,), 0)) for image in sequence.images)
        spikes = [self.chip.send(events) for events in events_before]
        last = self.chip.send(events)
        sums = self.chip.sums(READOUTS, np.concatenate([*spikes, last]))
        right, wrong = sequence.label, 1 - sequence.label
        self.chip.clear(READOUTS)
        if learns and sums[right] - sums[wrong] < LESSON.margin:
            self._lesson(READOUTS[right], [int(neur) for neur in last if neur < N_DIGITS])
            self.chip.clear(READOUTS)
        return bool(np.argmax(sums) == right)

    def _lesson(self, right: int, spikes: list[int]) -> None:
        """Charge the right readout, and repeat the spikes: SDSP makes its weights larger, and the other's smaller."""
        self._set_learning(True)
        self.chip.send([virtual(right)] * N_CHARGE)
        self.chip.send([SPIKE[neur] for neur in spikes])
        self._set_learning(False)

    def _set_learning(self, learns: bool) -> None:
        word = encode(
            LIF,
            lif_izh_sel=1,
            leak_en=1,
            thr=LIF["thr"].high,
            ca_en=int(learns),
            thetamem=THETAMEM,
            ca_theta2=LIF["ca_theta2"].high,
            ca_theta3=LIF["ca_theta3"].high,
        )
        memory = self.chip.model.memories[NEURONS.name]
        for neur, core in zip(READOUTS, self.chip.potentials(READOUTS).tolist(), strict=True):
            memory[neur] = to_limbs(word | core << LIF["core"].lsb, NEURONS.n_limbs)


class ReckOnBaseline:
    """The task on ReckOn.

    task : its sequences; epochs : how often the training sequences are shown, at least 1
    """

    def __init__(self, task: MajorityTask, epochs: int) -> None:
        self.task, self.epochs = task, epochs
        self.chip = ReckOn(self)
        self.results = TaskResults("ReckOn: e-prop alone", task.seed)
        self._rng = np.random.default_rng([task.seed, 6])

    def registers(self) -> dict[str, int]:
        """The registers of cue accumulation, for as many inputs as there are edge cells."""
        return CueExperiment(self.task.seed).registers() | {"SPI_NUM_INP_NEUR": N_CELLS - 1}

    def memories(self) -> dict[str, NDArray[np.uint32]]:
        """The memories of cue accumulation, with weights for as many inputs."""
        rng = np.random.default_rng([self.task.seed, 7])
        weights = np.clip(np.rint(rng.normal(0, INPUT_SIGMA, (N_CELLS, N_REC))), -128, 127).astype(np.int64)
        return CueExperiment(self.task.seed).memories() | {WINP.name: weight_words(WINP.name, weights)}

    def learn_sequences(self, advance: Callable[[int], None] = lambda n: None) -> TaskResults:
        """Train on all sequences, ``epochs`` times, and test. ``advance`` is called with 1 for each sequence."""
        start = time.perf_counter()
        self.chip.set_learning(LEARN_ALL)
        self.results.train = answers(self.task.train * self.epochs, self._answer, True, advance)
        self.chip.set_learning(LEARN_NONE)
        self.results.test = answers(self.task.test, self._answer, False, advance)
        self.results.seconds = time.perf_counter() - start
        return self.results

    def _answer(self, sequence: DigitSequence, learns: bool) -> bool:
        recall_at = LENGTH * IMAGE_STEPS
        operations = operations_of(self._spikes(sequence), sequence.label, recall_at, recall_at + IMAGE_STEPS, learns)
        outcome = self.chip.run(operations)
        self.results.n_clocks += outcome.n_cycles
        return int(outcome.received[0]) == sequence.label

    def _spikes(self, sequence: DigitSequence) -> NDArray[np.int64]:
        """The input spikes, (n, 2) int64, timestep and edge cell, in the order of time."""
        spikes: list[Any] = []
        for i, image in enumerate(sequence.images):
            cells = np.flatnonzero(self.task.digits.excited_cells[image]) - FIRST_CELL
            steps = i * IMAGE_STEPS + self._rng.integers(0, IMAGE_STEPS, len(cells))
            spikes.append(np.stack([steps, cells], axis=1))
        together = np.concatenate(spikes)
        return together[np.argsort(together[:, 0], kind="stable")]
