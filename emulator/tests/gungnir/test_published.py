"""Gungnir's weights move as the published equations of e-prop say, in floating point.

G. Bellec et al., Nature Communications 11, 2020: a weight moves by rate x sum over time of learning signal x
pseudo-derivative x filtered spikes of its pre-synaptic neuron. The filter decays exponentially, and the
pseudo-derivative falls linearly with the distance of the potential from the threshold. Here both are real numbers. The
chip has integers: it rounds traces down, the pseudo-derivative to eighths, and each step at random.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from draupnir.emulator import columns
from draupnir.emulator.crossbar.network import configured
from draupnir.emulator.gungnir.chip import Model
from draupnir.emulator.gungnir.events import engine
from draupnir.emulator.gungnir.layout import CHIP, FRACTIONS, LIF, NEURONS, N
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.emulator.tests.gungnir.test_witness import weights_of

EVENTS = {event.name: event for event in CHIP.events}
N_STEPS = 60
PRE, POST = np.arange(100, 160), np.arange(40)  # rows that spike, and neurons that learn; the first half are readouts
INCR, DECAY, PSEUDO_SHIFT, LEARN_SHIFT = 72, 40, 2, 9
THR, WEIGHT = 120, 3
MIDDLE = WEIGHT << 4 | 8  # in 1/16 of ODIN's LSB


def new_chip() -> Any:
    """Return a chip in which all rows of ``PRE`` have mapped synapses of the same weight to ``POST``."""
    registers = {
        "SPI_OPEN_LOOP": (1,),
        "SPI_EPROP_EN": (1,),
        "SPI_TRACE_INCR": (INCR,),
        "SPI_TRACE_DECAY": (DECAY,),
        "SPI_PSEUDO_SHIFT": (PSEUDO_SHIFT,),
        "SPI_LEARN_SHIFT": (LEARN_SHIFT,),
    }
    learns, is_readout = np.isin(np.arange(N), POST), np.arange(N) < len(POST) // 2
    neurons: dict[str, NDArray[np.int64] | NDArray[np.bool_] | int] = {
        "lif_izh_sel": 1,
        "thr": THR,
        "leak_str": 20,
        "leak_en": 1,
        "eprop_en": learns,
        "readout": is_readout,
    }
    synapses = np.zeros((N, N), np.int64)
    synapses[np.ix_(PRE, POST)] = WEIGHT | 8
    model = Model()
    model.reset()
    configured(CHIP, registers, neurons, synapses).apply(model)
    model.memories[FRACTIONS.name][:] = 0x88888888
    return model


def send(model: Any, addrs: list[int]) -> None:
    engine.run(model, np.array(addrs), Environment(), not_before=np.full(len(addrs), AT_REST))


def of_post(model: Any, name: str) -> Any:
    return columns.column(LIF[name], model.memories[NEURONS.name])[POST].astype(float)


@pytest.mark.parametrize("seed", range(3))
def test_the_weights_are_those_of_the_published_equations(seed: int) -> None:
    rng, model = np.random.default_rng(seed), new_chip()
    filtered, expected = np.zeros(len(PRE)), np.zeros((len(PRE), len(POST)))
    for _ in range(N_STEPS):
        spikes = rng.random(len(PRE)) < 0.15
        signals = rng.integers(-15, 16, len(POST))
        send(model, [EVENTS["spike"].encode(pre_neur=int(row)) for row in PRE[spikes]])
        distance = np.maximum(THR - of_post(model, "core"), 0) / (8 << PSEUDO_SHIFT)
        pseudo = np.where((of_post(model, "fired") > 0) | (len(POST) // 2 > POST), 1, np.maximum(1 - distance, 0))
        teach = [
            EVENTS["signal"].encode(neur=int(neur), amount=int(amount))
            for neur, amount in zip(POST, signals, strict=True)
        ]
        send(model, [*teach, EVENTS["tref_all"].encode(), EVENTS["learn_all"].encode()])
        filtered = (filtered + INCR * spikes) * (1 - DECAY / 256)
        expected += np.outer(filtered, signals * pseudo) / (1 << LEARN_SHIFT)
    of_chip = weights_of(model)[np.ix_(PRE, POST)] - MIDDLE
    assert np.abs(of_chip).max() < MIDDLE  # no weight has stopped at its end
    assert np.std(expected) > 2  # in LSB, and one step at random adds at most half of one
    slope, offset = np.polyfit(expected.ravel(), of_chip.ravel(), 1)
    assert 0.93 < slope < 1.02  # traces are rounded down
    assert abs(offset) < 0.2
    residue = of_chip - slope * expected
    assert np.std(residue) < 0.5 * np.sqrt(N_STEPS)  # what rounding at random may add in so many steps
    assert np.corrcoef(expected.ravel(), of_chip.ravel())[0, 1] > 0.9
    assert pseudo[len(POST) // 2 :].min() < 1
