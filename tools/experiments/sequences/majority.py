"""Ten neurons of Gungnir learn digits by SDSP, and two more learn by e-prop what a sequence of digits means.

The ten digits belong to two classes of five, which are drawn anew for each seed. A sample is a sequence of five
handwritten digits, and its label is the class that most of them belong to. The chip is never told the class of a digit.

1. **SDSP**: neurons 0 to 9 see each training image once, with the lessons of the experiment ``digits``. Their test
   accuracy is reported.
2. **E-prop**: neurons 10 and 11, the *readouts*, have no leakage, so their potential is the memory of a sequence. The
   ten neurons drive them through rows 0 to 9 of the crossbar, and these rows' traces remember who spiked. The label is
   known only after the last image: then two learning signals and a learn event move the weights of all that spiked.

While a sequence is shown, row 12 inhibits the ten neurons twice for three spikes of edge cells, so that the neurons
compete: the right one spikes twice on average, all others together as often. The training sequences are of training
images, and the test sequences of test images.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator import columns
from draupnir.emulator.codec import to_limbs
from draupnir.emulator.errors import InputError
from draupnir.emulator.gungnir.layout import NEURONS, SYNAPSES, N
from draupnir.emulator.odin.layout import MAPPING, SYN_WEIGHT
from draupnir.tools.experiments.digits.experiment import N_DIGITS, DigitsExperiment
from draupnir.tools.experiments.digits.results import weights as digit_weights
from draupnir.tools.experiments.sequences.chips import READOUT, SPIKE, TIME_REFERENCE, GungnirHost, Lesson, inhibitory
from draupnir.tools.experiments.sequences.results import TaskResults, answers

READOUTS = (10, 11)
INHIBITION = 12  # its row inhibits the ten neurons
FIRST_CELL = 26  # the row of the first edge cell
LENGTH = 5  # images of a sequence; odd, so that one class has the majority
THR_SEQUENCE = 30  # threshold of the ten neurons while a sequence is shown
WEIGHT, MAPPED = 3, 1 << MAPPING.lsb  # of a readout's synapses before the first sequence
SPIKES = frozenset(SPIKE)
LESSON = Lesson(amount=30, margin=40)
REGISTERS = {"SPI_EPROP_EN": 1, "SPI_TRACE_INCR": 16, "SPI_TRACE_DECAY": 1, "SPI_LEARN_SHIFT": 9}


@dataclass(frozen=True)
class DigitSequence:
    """A sample. images : indices of the images; label : the class of most of them, 0 or 1."""

    images: tuple[int, ...]
    label: int


@dataclass(frozen=True)
class MajorityTask:
    """The task, with all its random choices.

    seed : at least 0; n_train, n_test : the number of sequences, at least 1
    n_images : the number of images that the ten neurons learn and are tested with; see ``DigitsExperiment``
    """

    seed: int = 1
    n_train: int = 500
    n_test: int = 300
    n_images: int = DigitsExperiment.n_images

    def __post_init__(self) -> None:
        if min(self.n_train, self.n_test) < 1:
            sizes = f"{self.n_train} for training, {self.n_test} for the test"
            raise InputError(f"sequences: {sizes}; right is 1 or more of each")

    @cached_property
    def digits(self) -> DigitsExperiment:
        """The experiment that the ten neurons learn from."""
        return DigitsExperiment(seed=self.seed, n_images=self.n_images, first_row=FIRST_CELL)

    @cached_property
    def _ten_neurons(self) -> DigitsExperiment:
        """The same, with the threshold at which the ten neurons compete."""
        return replace(self.digits, thr_test=THR_SEQUENCE)

    @cached_property
    def classes(self) -> NDArray[np.int64]:
        """The class of each digit, (10,) 0 or 1."""
        return np.isin(np.arange(N_DIGITS), self._rng(0).permutation(N_DIGITS)[: N_DIGITS // 2]).astype(np.int64)

    @cached_property
    def train(self) -> list[DigitSequence]:
        """The training sequences, in order."""
        return self._sequences(self._rng(1), self.digits.train_images, self.n_train)

    @cached_property
    def test(self) -> list[DigitSequence]:
        """The test sequences."""
        return self._sequences(self._rng(2), self.digits.test_images, self.n_test)

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, 5, stream])

    def _sequences(self, rng: np.random.Generator, images: NDArray[np.int64], n: int) -> list[DigitSequence]:
        rows = rng.choice(images, (n, LENGTH)).tolist()
        return [DigitSequence(tuple(row), self.label(row)) for row in rows]

    def label(self, images: list[int]) -> int:
        """The class of most images, 0 or 1."""
        return int(2 * sum(int(self.classes[self.digits.label(image)]) for image in images) > len(images))

    # --- Configuration ---

    def registers(self) -> dict[str, int | list[int]]:
        """The registers before the first image."""
        return {**self.digits.registers(), "SPI_SYN_SIGN": inhibitory([INHIBITION]), **REGISTERS}

    def neurons(self, train: bool) -> NDArray[np.uint32]:
        """The neuron memory, (256, 4) uint32. train : True while the ten neurons learn digits"""
        words = self._ten_neurons.neurons(train)
        words[list(READOUTS)] = to_limbs(READOUT, NEURONS.n_limbs)
        return words

    def synapses(self) -> NDArray[np.uint32]:
        """The synapse memory before the first image, (8192, 1) uint32."""
        cells = np.zeros((N, N), np.uint32)
        cells[FIRST_CELL:, :N_DIGITS] = self.digits.weight | MAPPED
        cells[INHIBITION, :N_DIGITS] = SYN_WEIGHT.high | MAPPED
        cells[:N_DIGITS, list(READOUTS)] = WEIGHT | MAPPED
        return columns.pack(cells, SYNAPSES)

    def events(self, sequence: DigitSequence) -> list[int]:
        """The events of a sequence, as AERIN_ADDR."""
        events = []
        for image in sequence.images:
            events += [*self._competition(self.digits.presentation(image, train=False)), TIME_REFERENCE]
        return events

    @staticmethod
    def _competition(presentation: list[int]) -> list[int]:
        """The same events, with two spikes of the inhibition for three spikes."""
        events, n_spikes = [], 0
        for addr in presentation:
            events.append(addr)
            if addr in SPIKES:
                n_spikes += 1
                events += [SPIKE[INHIBITION]] * (n_spikes % 3 != 1)
        return events


class MajorityTrainer:
    """The task on Gungnir.

    task : what it learns. After ``learn_digits``, ``learn_sequences`` runs all sequences.
    """

    def __init__(self, task: MajorityTask) -> None:
        self.task = task
        memories = {NEURONS.name: task.neurons(True), SYNAPSES.name: task.synapses()}
        self.chip = GungnirHost(task.registers(), memories)
        self.digits = TaskResults("Gungnir: SDSP", task.seed)
        self.results = TaskResults("Gungnir: SDSP and e-prop", task.seed, classes=task.classes.tolist())

    def learn_digits(self, advance: Callable[[int], None] = lambda n: None) -> TaskResults:
        """Train the ten neurons on all training images, and test them. ``advance`` is called with 1 for each image."""
        digits, start = self.task.digits, time.perf_counter()
        self.digits.train = answers(digits.train_images.tolist(), self._digit, True, advance)
        self._load(digits.neurons(train=False))
        self.digits.test = answers(digits.test_images.tolist(), self._digit, False, advance)
        self.digits.weights = digit_weights(self.chip.model.memories[SYNAPSES.name])
        self._finish(self.digits, start, 0)
        self._load(self.task.neurons(train=False))
        self.chip.write("SPI_OPEN_LOOP", 0)
        return self.digits

    def learn_sequences(self, advance: Callable[[int], None] = lambda n: None) -> TaskResults:
        """Train the readouts, and test them. ``advance`` is called with 1 for each sequence."""
        start, first_clock = time.perf_counter(), self.chip.n_clocks
        self.results.train = answers(self.task.train, self._answer, True, advance)
        self.results.test = answers(self.task.test, self._answer, False, advance)
        self.results.weights = readout_weights(self.chip.model.memories[SYNAPSES.name])
        self._finish(self.results, start, first_clock)
        return self.results

    def _digit(self, image: int, learns: bool) -> bool:
        """Show an image, tell whether the answer is right, and give the lesson of a training image."""
        digits = self.task.digits
        answer = digits.predict(self.chip.send(digits.presentation(image, learns)))
        if learns:
            self.chip.send(digits.lesson(image))
        return answer == digits.label(image)

    def _answer(self, sequence: DigitSequence, learns: bool) -> bool:
        return self.chip.answer(self.task.events(sequence), READOUTS, sequence.label, LESSON if learns else None)

    def _load(self, neurons: NDArray[np.uint32]) -> None:
        self.chip.model.memories[NEURONS.name][:] = neurons

    def _finish(self, results: TaskResults, start: float, first_clock: int) -> None:
        results.seconds = time.perf_counter() - start
        results.n_clocks = self.chip.n_clocks - first_clock


def readout_weights(synapses: NDArray[np.uint32]) -> NDArray[np.int64]:
    """The weights from the ten neurons to the readouts, (10, 2) int64, 0..7. synapses : the memory, (8192, 1)"""
    return columns.entries(SYN_WEIGHT, SYNAPSES, synapses)[:N_DIGITS, list(READOUTS)]
