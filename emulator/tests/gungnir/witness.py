"""A second Gungnir, in NumPy and without clocks: whole arrays of neurons and weights, one method for each event.

It shares no arithmetic with the golden model. It has LIF neurons in open loop, without SDSP, whose synapses all exist.

Source: emulator/gungnir/README.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.gungnir.layout import LFSR_BITS, LFSR_RESET, SEED_REST, N

Integers = NDArray[np.int64]


@dataclass
class Rates:
    """The registers of e-prop."""

    trace_incr: int
    trace_decay: int
    pseudo_shift: int
    learn_shift: int


@dataclass
class Witness:
    """The state of all neurons, (256,), and of all weights, (256, 256) in LSB of the fraction: row x neuron.

    inhibitory : (256,) bool, the rows with a negative sign
    bits : the random sequence so far, the newest last
    """

    thr: Integers
    leak: Integers
    readout: Integers
    weights: Integers
    inhibitory: NDArray[np.bool_]
    rates: Rates
    core: Integers = field(default_factory=lambda: np.zeros(N, np.int64))
    trace: Integers = field(default_factory=lambda: np.zeros(N, np.int64))
    signal: Integers = field(default_factory=lambda: np.zeros(N, np.int64))
    fired: Integers = field(default_factory=lambda: np.zeros(N, np.int64))
    error: Integers = field(default_factory=lambda: np.zeros(N, np.int64))
    bits: list[int] = field(default_factory=lambda: [int(bit) for bit in f"{LFSR_RESET:0{LFSR_BITS}b}"])

    def spike(self, pre: int) -> Integers:
        """Let a neuron spike to all; return the neurons that spike."""
        step = self.weights[pre] // 16 * (-1 if self.inhibitory[pre] else 1)
        self.core = np.clip(self.core + step, 0, 255)
        spikes = self.core >= self.thr
        self.core[spikes] = 0
        self.fired |= spikes
        self.trace[pre] = min(self.trace[pre] + self.rates.trace_incr, 255)
        return np.flatnonzero(spikes)

    def signal_to(self, neuron: int, amount: int) -> None:
        """Add a learning signal to one neuron."""
        self.signal[neuron] = np.clip(self.signal[neuron] + amount, -127, 127)

    def feedback(self, row: int, minus: int, gain: int) -> None:
        """Add the weights of a row to the learning signals of all neurons, or subtract them."""
        sign = -1 if bool(minus) != bool(self.inhibitory[row]) else 1
        self.signal = np.clip(self.signal + sign * (self.weights[row] // 16 << gain), -127, 127)

    def tref_all(self) -> None:
        """End a time step: errors from signals, decay of traces, leakage."""
        below = np.maximum(self.thr - self.core, 0) >> self.rates.pseudo_shift
        pseudo = np.where((self.fired | self.readout) == 1, 8, np.maximum(8 - below, 0))
        magnitude = np.minimum((abs(self.signal) * pseudo + 4) // 8, 127)
        self.error = np.where(self.signal < 0, -magnitude, magnitude)
        self.signal[:] = 0
        self.fired[:] = 0
        self.trace -= -(-self.trace * self.rates.trace_decay // 256)
        self.core = np.maximum(self.core - self.leak, 0)

    def learn(self, row: int) -> None:
        """Move the weights of a row; a row without a trace draws no random numbers."""
        if self.trace[row] == 0:
            return
        for group in range(N // 8):
            neurons = slice(8 * group, 8 * group + 8)
            product = self.trace[row] * abs(self.error[neurons]) + self._random() % (1 << self.rates.learn_shift)
            step = product // (1 << self.rates.learn_shift)
            up = (self.error[neurons] >= 0) != self.inhibitory[row]
            weights = self.weights[row, neurons]
            self.weights[row, neurons] = np.clip(np.where(up, weights + step, weights - step), 0, 127)

    def learn_all(self) -> None:
        """Move the weights of all rows."""
        for row in range(N):
            self.learn(row)

    def seed(self, bits: int) -> None:
        """Start the random sequence anew."""
        self.bits = [int(bit) for bit in f"{bits:013b}{SEED_REST:018b}"]

    def _random(self) -> Integers:
        """The random numbers of eight synapses; then 28 bits are drawn."""
        newest_first = self.bits[: -LFSR_BITS - 1 : -1]
        numbers = [sum(bit << k for k, bit in enumerate(newest_first[2 * i : 2 * i + 15])) for i in range(8)]
        for _ in range(28):
            self.bits.append(self.bits[-31] ^ self.bits[-28])
        return np.array(numbers, np.int64)
