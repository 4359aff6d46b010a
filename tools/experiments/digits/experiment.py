"""Ten neurons of ODIN learn handwritten digits: the configuration, and the events for each image.

The *presentation* of an image is one spike of each edge cell that it excites, in random order. In training a *lesson*
follows, which depends only on the label, and never on the behaviour of the chip:

1. Virtual events make every neuron spike ``n_right`` times if the image is its digit, else ``n_wrong`` times. So
   calcium becomes the number of spikes that the presentation caused, plus a constant; a time reference then clears
   the membrane potential and takes 1 from calcium.
2. The right neuron's membrane is charged to just under its threshold, so above ``thetamem``; the others' stay below.
3. A random part of the presentation is repeated. Each spike is followed by an inhibitory virtual event of full weight
   to all ten, so that no neuron crosses its threshold. SDSP then changes the weights: the right neuron potentiates,
   unless its calcium has reached ``ca_theta3`` (it answered strongly enough), and the others depress, unless their
   calcium stayed below ``ca_theta1`` (they spiked rarely enough).
   With the parameters below, the right neuron potentiates after 1 or 2 spikes, and another one depresses after 3 or
   more.
4. Time references take the calcium of the others below ``ca_theta1``, and a further part is for the right neuron alone.

Both parts become shorter in the course of the training.

Source of the rule: ODIN doc v0.1, 3.3.1; Brader, Senn and Fusi, Neural Computation 19(11), 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.declare import Event
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.layout import CHIP, LIF, NEURONS, SYN, SYN_WEIGHT, SYNAPSES, VIRTS, N
from draupnir.tools.experiments.digits.encoding import TEST_PART, Digits, digits, edge_cells, excited

N_DIGITS = 10  # output neurons 0..9, one for each digit
NO_ANSWER = -1
WEIGHT_MAX = VIRTS["weight"].high
CALCIUM_MAX = LIF["calcium"].high
LEAK_STR = LIF["leak_str"].high
EVENTS: dict[str, Event] = {event.name: event for event in CHIP.events}
N_IMAGES_MIN = 10
SPIKE = [EVENTS["spike"].encode(pre_neur=pre) for pre in range(N)]
PUSH = [EVENTS["virtual"].encode(neur=neur, weight=WEIGHT_MAX) for neur in range(N_DIGITS)]
PULL = [EVENTS["virtual"].encode(neur=neur, weight=WEIGHT_MAX, sign=1) for neur in range(N_DIGITS)]
LEAK = [EVENTS["virtual"].encode(neur=neur, leak=1) for neur in range(N_DIGITS)]


class DigitsConfiguration(NamedTuple):
    """The configuration of the chip before the first event.

    registers : name -> content, a list for a register with several addresses
    neurons : (256, 4) uint32; synapses : (8192, 1) uint32
    """

    registers: dict[str, int | list[int]]
    neurons: np.ndarray
    synapses: np.ndarray


@dataclass(frozen=True)
class DigitsExperiment:
    """Parameters of the experiment. They were chosen with a quarter of the training images, never with the test images.

    seed : start value, at least 0, of the order of images and spikes, and of the choice of the repeated parts
    n_images : the number of all images, 10..1797: the first of the shuffled training and test images, 80 : 20
    thr : firing threshold in training, LSB of core; at most LEAK_STR + 1, so that one leak clears the membrane
    thr_test : firing threshold in the test; it is lower, because more spikes give a finer answer
    thetamem : above the weight of one spike, which is the largest potential of a wrong neuron in a lesson
    ca_theta1, ca_theta2, ca_theta3 : thresholds on calcium
    n_wrong, n_right : the number of spikes that the teacher adds, for a wrong and for the right neuron
    part, part_right : the part of the presentation that a lesson repeats for all ten neurons, and for the right one,
        0..1
    shrink : the length of both parts for the last training image, relative to the first, 0..1
    weight : the weight of all synapses before the first image, 0..7
    first_row : the row of the first edge cell; rows below it are free for other input, 0..255
    """

    seed: int = 1
    n_images: int = 1797
    thr: int = 126
    thr_test: int = 50
    thetamem: int = WEIGHT_MAX + 1
    ca_theta1: int = 4
    ca_theta2: int = CALCIUM_MAX
    ca_theta3: int = 6
    n_wrong: int = 2
    n_right: int = 4
    part: float = 0.4
    part_right: float = 1.0
    shrink: float = 0.1
    weight: int = 2
    first_row: int = 0

    def __post_init__(self) -> None:
        n = len(digits().labels)
        if not N_IMAGES_MIN <= self.n_images <= n:
            raise InputError(f"digits: {self.n_images} images; right is {N_IMAGES_MIN} to {n}")
        if self.seed < 0:
            raise InputError(f"digits: seed {self.seed}; right is 0 or more")
        if not max(self.thr, self.thr_test) <= LEAK_STR + 1:
            raise InputError(f"digits: thr {self.thr}, thr_test {self.thr_test}; right is at most {LEAK_STR + 1}")

    # --- Images ---

    @property
    def digits(self) -> Digits:
        return digits()

    @cached_property
    def train_images(self) -> np.ndarray:
        """The indices of the training images, in the order of their presentation."""
        rng = np.random.default_rng([self.seed, 0])
        return rng.permutation(self.digits.train)[: self.n_images - self._n_test]

    @cached_property
    def test_images(self) -> np.ndarray:
        """The indices of the test images, in the order of their presentation."""
        rng = np.random.default_rng([self.seed, 1])
        return rng.permutation(self.digits.test)[: self._n_test]

    @property
    def _n_test(self) -> int:
        return ceil(TEST_PART * self.n_images)

    def label(self, image: int) -> int:
        """The digit in an image, 0..9."""
        return int(self.digits.labels[image])

    @cached_property
    def excited_cells(self) -> np.ndarray:
        """The rows that each image excites: (n_images, 256) bool."""
        cells = excited(list(edge_cells(N - self.first_row)), self.digits.images)
        return np.pad(cells, ((0, 0), (self.first_row, 0)))

    # --- Configuration ---

    def configuration(self, train: bool = True) -> DigitsConfiguration:
        """Registers and memories before the first image."""
        return DigitsConfiguration(self.registers(), self.neurons(train), self.synapses())

    def registers(self) -> dict[str, int | list[int]]:
        """All registers, by name. They are 0 except SPI_OPEN_LOOP, so that output spikes do not become input."""
        zeros: dict[str, int | list[int]] = {r.name: 0 if r.n_addrs == 1 else [0] * r.n_addrs for r in CHIP.registers}
        return {**zeros, "SPI_OPEN_LOOP": 1}

    def neurons(self, train: bool) -> np.ndarray:
        """The neuron memory, (256, 4) uint32. In the test learning is off, and the threshold is lower."""
        disabled_word = encode(LIF, lif_izh_sel=1, thr=LIF["thr"].high, neur_disable=1)
        output_word = encode(
            LIF,
            lif_izh_sel=1,
            leak_str=LEAK_STR,
            leak_en=1,
            thr=self.thr if train else self.thr_test,
            ca_en=int(train),
            thetamem=self.thetamem,
            ca_theta1=self.ca_theta1,
            ca_theta2=self.ca_theta2,
            ca_theta3=self.ca_theta3,
            caleak=1,
        )
        words = [output_word] * N_DIGITS + [disabled_word] * (N - N_DIGITS)
        return np.array([to_limbs(word, NEURONS.n_limbs) for word in words])

    def synapses(self) -> np.ndarray:
        """The synapse memory, (8192, 1) uint32. Only synapses onto the output neurons have the mapping bit 1."""
        synapses = np.zeros((N, SYNAPSES.depth // N), dtype=np.uint32)
        n_syn = SYN.width // (SYN_WEIGHT.width + 1)
        for post in range(N_DIGITS):
            i = post % n_syn
            word = encode(SYN, **{f"syn_weight{i}": self.weight, f"mapping{i}": 1})
            synapses[self.first_row :, post // n_syn] |= word
        return synapses.reshape(-1, 1)

    # --- Events ---

    def events(self, image: int, train: bool = True) -> list[int]:
        """The events for an image, in order, as AERIN_ADDR (17 bits): the presentation and, in training, the lesson."""
        events = self.presentation(image, train)
        return events + self.lesson(image) if train else events

    def presentation(self, image: int, train: bool = True) -> list[int]:
        """Events that set membranes and calcium to 0, then a spike of each excited cell, in random order."""
        return LEAK * CALCIUM_MAX + [SPIKE[pre] for pre in self._order(image, train)]

    def lesson(self, image: int) -> list[int]:
        """The events of the teacher after the presentation of a training image."""
        right = self.label(image)
        wrong = [neur for neur in range(N_DIGITS) if neur != right]
        order = self._order(image, True)
        n_all, n_right = (ceil(part * self._shrunk(image) * len(order)) for part in (self.part, self.part_right))
        events = []
        for neur in range(N_DIGITS):
            n_spikes = self.n_right if neur == right else self.n_wrong
            events += [PUSH[neur]] * (n_spikes * self._pushes_to_spike) + [LEAK[neur]]
        events += self._repeat(order[:n_all], right)
        events += [LEAK[neur] for neur in wrong] * (CALCIUM_MAX - self.ca_theta1)
        return events + self._repeat(order[n_all:n_right], right)

    def _repeat(self, rows: np.ndarray, right: int) -> list[int]:
        """Spikes of some rows, while the membrane of the right neuron stays between ``thetamem`` and ``thr``."""
        n_charge = (self.thr - 1 - WEIGHT_MAX) // WEIGHT_MAX
        n_rows = n_charge - self.thetamem // WEIGHT_MAX  # one charge is enough for so many rows, if all weights are 0
        events = []
        for i, pre in enumerate(rows):
            if i % n_rows == 0:
                events += [PULL[right]] * self._pushes_to_spike + [PUSH[right]] * n_charge
            events += [SPIKE[pre], *PULL]
        return events

    @property
    def _pushes_to_spike(self) -> int:
        """The number of virtual events of full weight that make a neuron spike exactly once, at any potential."""
        return -(-self.thr // WEIGHT_MAX)

    def _order(self, image: int, train: bool) -> np.ndarray:
        rng = np.random.default_rng([self.seed, 2, image, int(train)])
        return rng.permutation(np.flatnonzero(self.excited_cells[image]))

    def _shrunk(self, image: int) -> float:
        position = int(np.flatnonzero(self.train_images == image)[0]) / len(self.train_images)
        return 1 - (1 - self.shrink) * position

    # --- Answer ---

    def predict(self, spike_addrs: Sequence[int] | np.ndarray) -> int:
        """The digit whose neuron spiked most often. Of several, it is the one that reached this number first.

        spike_addrs : AEROUT_ADDR of one presentation, in order, 0..255
        Returns 0..9, or NO_ANSWER if none of the ten neurons spiked.
        """
        n_spikes = [0] * N_DIGITS
        best = NO_ANSWER
        for addr in spike_addrs:
            if addr < N_DIGITS:
                n_spikes[addr] += 1
                if best == NO_ANSWER or n_spikes[addr] > n_spikes[best]:
                    best = int(addr)
        return best
