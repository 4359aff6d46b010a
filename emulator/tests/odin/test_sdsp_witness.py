"""ODIN's learning agrees with the published rule in floating point: the equations of Brader, Senn and Fusi.

A synapse's internal variable X (0..1), its post-synaptic neuron's depolarisation V and calcium C; at each pre-synaptic
spike (Neural Computation 19(11), 2007, eqs. 5 to 8; C. Frenkel et al., IEEE TBioCAS 13(1), 2019, eq. 3)

    X -> X + a  if V >= theta_V and theta_1 <= C < theta_3      X -> X - b  if V < theta_V and theta_1 <= C < theta_2

and in between X drifts up if it is above theta_X, else down, within 0..1. ODIN takes steps of a = b = drift = 1/7 on
X = weight / 7: all quantities are multiples of their quantisation step, so nothing is rounded, and the two may differ
by no more than the rounding of the floating-point sums.
"""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.events import engine
from draupnir.emulator.odin.layout import EVENTS, LIF, NEURONS, SYN_WEIGHT, SYNAPSES, N
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.tests.odin.helpers import neuron_words

CODE = {event.name: event for event in EVENTS}
W = SYN_WEIGHT.high
STEP = 1 / W
THETA_X = 0.5
N_EVENTS = 600
BOUND = N_EVENTS * 2 * np.finfo(float).eps  # each event adds to X at most once, and rounds a number below 1 + STEP


class Published:
    """The published network: 256 neurons and all synapses between them, in floating point."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.thr = rng.integers(20, 120, N).astype(float)
        self.theta_v = np.floor(self.thr * rng.random(N))
        self.theta = np.sort(rng.integers(0, 8, (3, N)), axis=0).astype(float)
        self.theta[1:] = rng.permuted(self.theta[1:], axis=0)  # theta_2 may be above or below theta_3.
        self.leak = rng.integers(0, 4, N).astype(float)
        self.v, self.calcium = np.zeros(N), np.zeros(N)
        self.x = rng.integers(0, W + 1, (N, N)) * STEP  # [pre, post]

    def spike(self, pre: int) -> None:
        """Process a pre-synaptic spike to all neurons: each synapse learns, and its neuron gets the old X."""
        drive = self.x[pre] / STEP
        learns = self.theta[0] <= self.calcium
        high = self.v >= self.theta_v
        up = learns & high & (self.calcium < self.theta[2])
        down = learns & ~high & (self.calcium < self.theta[1])
        self.x[pre] = np.clip(self.x[pre] + STEP * up - STEP * down, 0, 1)
        self._stimulate(drive)

    def virtual(self, neur: int, weight: int) -> None:
        """Stimulate one neuron without a synapse, as a teacher does."""
        self._stimulate(weight * (np.arange(N) == neur))

    def leakage(self) -> None:
        """Process a time reference: potentials leak, and calcium leaks by 1."""
        self.v = np.maximum(self.v - self.leak, 0)
        self.calcium = np.maximum(self.calcium - 1, 0)

    def drift(self) -> None:
        """Process a bistability event."""
        self.x = np.clip(np.where(self.x > THETA_X, self.x + STEP, self.x - STEP), 0, 1)

    def _stimulate(self, drive: np.ndarray) -> None:
        self.v = self.v + drive
        fires = self.v >= self.thr - 0.5  # Potentials and thresholds are whole numbers, X / STEP nearly so.
        self.v[fires] = 0
        self.v = np.rint(self.v)
        self.calcium = np.minimum(self.calcium + fires, 7)


def odin(published: Published) -> Model:
    """Return the chip with the same parameters and weights, in open loop."""
    model = Model()
    for register in model.chip.registers:
        model.registers[0][register.name.lower()] = 0
    model.registers[0].spi_open_loop = 1
    model.reset()
    columns = {name: np.asarray(column).astype(int) for name, column in _parameters(published).items()}
    model.memories[NEURONS.name][:] = neuron_words(LIF, N, **columns)
    synapses = 8 | np.rint(published.x / STEP).astype(np.int64).reshape(-1, 8)
    model.memories[SYNAPSES.name][:] = (synapses << 4 * np.arange(8)).sum(axis=1, dtype=np.int64)[:, np.newaxis]
    return model


def _parameters(p: Published) -> dict[str, np.ndarray | int]:
    return {
        "lif_izh_sel": 1, "leak_en": 1, "leak_str": p.leak, "thr": p.thr, "ca_en": 1, "thetamem": p.theta_v,
        "ca_theta1": p.theta[0], "ca_theta2": p.theta[1], "ca_theta3": p.theta[2], "caleak": 1,
    }  # fmt: skip


def weights(model: Model) -> np.ndarray:
    """Return the weights [pre, post], (256, 256) int64, 0..7."""
    words = model.memories[SYNAPSES.name].astype(np.int64)
    return (words >> 4 * np.arange(8) & W).reshape(N, N)


@pytest.mark.parametrize("seed", range(3))
def test_odin_learns_as_published(seed: int) -> None:
    rng = np.random.default_rng(seed)
    published = Published(rng)
    model = odin(published)
    kinds = rng.choice(["spike", "virtual", "leakage", "drift"], N_EVENTS, p=[0.6, 0.3, 0.08, 0.02])
    n_up = n_down = 0
    published.leakage()
    send(model, CODE["tref_all"].encode())  # Each neuron sets its SDSP flags once.
    for kind in kinds:
        old_weights = weights(model)
        send(model, event(published, rng, kind))
        new_weights = weights(model)
        assert np.abs(new_weights - published.x / STEP).max() <= BOUND * W, kind
        n_up, n_down = n_up + int((new_weights > old_weights).sum()), n_down + int((new_weights < old_weights).sum())
    assert min(n_up, n_down) > N  # Both directions occur often.


def event(published: Published, rng: np.random.Generator, kind: str) -> int:
    """Process one event in the published network. Return the address that does the same in the chip."""
    if kind == "spike":
        pre = int(rng.integers(N))
        published.spike(pre)
        return CODE["spike"].encode(pre_neur=pre)
    if kind == "virtual":
        neur, weight = int(rng.integers(N)), int(rng.integers(1, W + 1))
        published.virtual(neur, weight)
        return CODE["virtual"].encode(neur=neur, weight=weight)
    if kind == "leakage":
        published.leakage()
        return CODE["tref_all"].encode()
    published.drift()
    return CODE["bist_all"].encode()


def send(model: Model, addr: int) -> None:
    """Send one event, and let the chip come to rest."""
    run = engine.run(model, np.array([addr]), Environment(0, 0, 0, 0), 100_000)
    assert run.done
