"""Gungnir learns: three readout neurons tell nine noisy patterns apart, three patterns each.

A pattern of 40 bits is one time step. Each of its ones is a spike of an excitatory row and one of an inhibitory row,
because a row has one sign. The error of a readout neuron is +1, 0 or -1: its label less whether it has spiked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pytest
from numpy.typing import NDArray

from draupnir.emulator import columns
from draupnir.emulator.crossbar.network import configured
from draupnir.emulator.gungnir.chip import Model
from draupnir.emulator.gungnir.events import closed_loop
from draupnir.emulator.gungnir.layout import CHIP, LIF, N
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import AT_REST

EVENTS = {event.name: event for event in CHIP.events}
N_CLASSES, N_PATTERNS, N_BITS = 3, 9, 40
EXCITATORY, INHIBITORY = N_CLASSES, N_CLASSES + N_BITS  # the first rows of both kinds
AMOUNT = 12  # the learning signal of an error of 1
REGISTERS = {
    "SPI_OPEN_LOOP": (1,),
    "SPI_EPROP_EN": (1,),
    "SPI_TRACE_INCR": (64,),
    "SPI_TRACE_DECAY": (128,),
    "SPI_LEARN_SHIFT": (7,),
}


def new_chip() -> Model:
    """A chip with three readout neurons, and a weight of 1 from each input to each of them."""
    is_readout = np.arange(N) < N_CLASSES
    synapses = np.zeros((N, N), np.int64)
    synapses[EXCITATORY : INHIBITORY + N_BITS, :N_CLASSES] = 1 | 8  # weight 1, mapped
    signs = sum(1 << row for row in range(INHIBITORY, INHIBITORY + N_BITS))
    registers = {**REGISTERS, "SPI_SYN_SIGN": tuple(signs >> 16 * k & 0xFFFF for k in range(16))}
    neurons: dict[str, NDArray[np.int64] | NDArray[np.bool_] | int] = {
        "lif_izh_sel": 1,
        "thr": np.where(is_readout, 60, 255),
        "leak_str": 127,
        "leak_en": 1,
        "eprop_en": is_readout,
        "readout": is_readout,
        "neur_disable": ~is_readout,
    }
    model = Model()
    model.reset()
    configured(CHIP, registers, neurons, synapses).apply(model)
    return model


@dataclass
class Task:
    """Patterns with labels, of which each sample has 5 % of its bits flipped."""

    rng: np.random.Generator
    patterns: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.patterns = self.rng.random((N_PATTERNS, N_BITS)) < 0.3

    def sample(self) -> tuple[NDArray[np.bool_], int]:
        """A noisy pattern and its label."""
        number = int(self.rng.integers(N_PATTERNS))
        return self.patterns[number] ^ (self.rng.random(N_BITS) < 0.05), number % N_CLASSES


def send(model: Model, addrs: list[int]) -> NDArray[np.int64]:
    """Send events, each when the chip is at rest; return the neurons that spike."""
    at_rest = np.full(len(addrs), AT_REST)
    spikes: NDArray[np.int64] = closed_loop.run(model, np.array(addrs), Environment(), not_before=at_rest).addrs
    return spikes


def answer(model: Model, pattern: NDArray[np.bool_], label: int | None) -> int:
    """Return the chip's answer: the neuron with the most spikes, or else with the highest potential.

    label : the chip learns it; None: it only answers
    """
    rows = [(EXCITATORY + i, INHIBITORY + i) for i in np.flatnonzero(pattern).tolist()]
    spikes = send(model, [EVENTS["spike"].encode(pre_neur=row) for row in chain.from_iterable(rows)])
    counts = np.bincount(spikes, minlength=N_CLASSES)
    potentials = columns.column(LIF["core"], model.memories["neurons"])[:N_CLASSES]
    events = [EVENTS["tref_all"].encode()]
    if label is not None:
        errors = (np.arange(N_CLASSES) == label).astype(int) - (counts > 0)
        signals = [EVENTS["signal"].encode(neur=k, amount=AMOUNT * int(e)) for k, e in enumerate(errors)]
        events = [*signals, *events, EVENTS["learn_all"].encode()]
    send(model, events)
    return int(np.argmax(counts * 256 + potentials))


@pytest.mark.parametrize("seed", range(3))
def test_three_neurons_learn_nine_patterns(seed: int) -> None:
    task, model = Task(np.random.default_rng(seed)), new_chip()
    correct = [answer(model, pattern, label) == label for pattern, label in (task.sample() for _ in range(360))]
    assert np.mean(correct[:30]) < 0.6 < 0.9 < np.mean(correct[-60:])
    unseen = [answer(model, pattern, None) == label for pattern, label in (task.sample() for _ in range(100))]
    assert np.mean(unseen) >= 0.9
