"""ODIN's integer network has the same spikes, potentials and drops as the event level and the plain clock.

DRAUPNIR_EXAMPLES=3000 tries 3000 networks of each kind instead of the usual number.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from draupnir.emulator.odin import network as chip
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.events import closed_loop, engine
from draupnir.emulator.odin.network import LIMITS
from draupnir.emulator.tests import crossbar_networks
from draupnir.emulator.tests.crossbar_networks import KINDS, Maker

N_EXAMPLES = int(os.environ.get("DRAUPNIR_EXAMPLES", "150"))
N_AT_CLOCK_LEVEL = 6


def n_neurons(rng: np.random.Generator) -> int:
    """Return the number of neurons that an event visits."""
    return 256


MAKER = Maker(LIMITS, n_neurons, one_sign=True, thr=90)


@pytest.mark.parametrize("kind", KINDS)
def test_random_networks_equal_the_event_level(kind: str) -> None:
    outcomes = [crossbar_networks.hold(MAKER.trial(kind, seed), chip, Model(), engine) for seed in range(N_EXAMPLES)]
    assert sum(len(outcome.neurons) > 0 for outcome in outcomes) > N_EXAMPLES // 2
    assert kind != "flooding" or sum(outcome.dropped_spikes > 0 for outcome in outcomes) > N_EXAMPLES // 4


@pytest.mark.parametrize("kind", KINDS)
def test_random_networks_equal_the_plain_clock(kind: str) -> None:
    for seed in range(N_AT_CLOCK_LEVEL):
        crossbar_networks.hold(MAKER.trial(kind, 1000 + seed), chip, Model(stretch=False), closed_loop)
