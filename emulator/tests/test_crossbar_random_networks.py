"""The integer networks have the same spikes, potentials and drops as the event level and the plain clock.

DRAUPNIR_EXAMPLES=3000 tries 3000 networks of each kind instead of the usual number.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from draupnir.emulator.odin import chip as odin_chip
from draupnir.emulator.odin import network as odin
from draupnir.emulator.odin.events import closed_loop as odin_loop
from draupnir.emulator.odin.events import engine as odin_engine
from draupnir.emulator.tests import crossbar_networks
from draupnir.emulator.tests.crossbar_networks import KINDS, Maker
from draupnir.emulator.tinyodin import chip as tinyodin_chip
from draupnir.emulator.tinyodin import network as tinyodin
from draupnir.emulator.tinyodin.events import closed_loop as tinyodin_loop
from draupnir.emulator.tinyodin.events import engine as tinyodin_engine

N_EXAMPLES = int(os.environ.get("DRAUPNIR_EXAMPLES", "150"))
N_AT_CLOCK_LEVEL = 6


@dataclass(frozen=True)
class Subject:
    """A chip: its maker of networks, and its modules."""

    maker: Maker
    network: ModuleType
    model: Any
    engine: ModuleType
    closed_loop: ModuleType


def some_neurons(rng: np.random.Generator) -> int:
    """Return the number of neurons that an event of tinyODIN visits."""
    return int(rng.choice([1, 2, 7, 8, 9, 255, 256, int(rng.integers(1, 257))]))


ODIN = Maker(odin.LIMITS, lambda rng: 256, one_sign=True, thr=90)
TINYODIN = Maker(tinyodin.LIMITS, some_neurons, one_sign=False, thr=24)
SUBJECTS = {
    "odin": Subject(ODIN, odin, odin_chip.Model, odin_engine, odin_loop),
    "tinyodin": Subject(TINYODIN, tinyodin, tinyodin_chip.Model, tinyodin_engine, tinyodin_loop),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS.keys())
def test_random_networks_equal_the_event_level(subject: Subject, kind: str) -> None:
    outcomes = [
        crossbar_networks.hold(subject.maker.trial(kind, seed), subject.network, subject.model(), subject.engine)
        for seed in range(N_EXAMPLES)
    ]
    assert sum(len(outcome.neurons) > 0 for outcome in outcomes) > N_EXAMPLES // 2
    assert kind != "flooding" or sum(outcome.dropped_spikes > 0 for outcome in outcomes) > N_EXAMPLES // 4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS.keys())
def test_random_networks_equal_the_plain_clock(subject: Subject, kind: str) -> None:
    for seed in range(N_AT_CLOCK_LEVEL):
        trial = subject.maker.trial(kind, 1000 + seed)
        crossbar_networks.hold(trial, subject.network, subject.model(stretch=False), subject.closed_loop)
