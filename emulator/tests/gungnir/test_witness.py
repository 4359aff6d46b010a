"""The golden model under events of e-prop, held to a second Gungnir that is written in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from draupnir.emulator import columns
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.network import configured
from draupnir.emulator.gungnir.chip import Model
from draupnir.emulator.gungnir.events import closed_loop
from draupnir.emulator.gungnir.layout import CHIP, FRACTION, FRACTIONS, LIF, NEURONS, SYN_BITS, SYNAPSES, N
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.emulator.tests.gungnir.witness import Integers, Rates, Witness
from draupnir.golden.recipes.crossbar import synapse_words

EVENTS = {event.name: event for event in CHIP.events}
MAPPED = 8


def any_witness(rng: np.random.Generator) -> Witness:
    """A random network in open loop."""
    return Witness(
        thr=rng.integers(10, 120, N),
        leak=rng.integers(0, 10, N),
        readout=rng.integers(0, 2, N),
        weights=rng.integers(0, 128, (N, N)),
        inhibitory=rng.random(N) < 0.3,
        rates=Rates(*(int(rng.integers(*span)) for span in ((5, 150), (0, 150), (0, 5), (3, 12)))),
    )


def configuration_of(w: Witness) -> Configuration:
    """The configuration that makes Gungnir this network, with e-prop on."""
    signs = (w.inhibitory.reshape(16, 16) << np.arange(16)).sum(axis=1)
    registers = {
        "SPI_OPEN_LOOP": (1,),
        "SPI_EPROP_EN": (1,),
        "SPI_SYN_SIGN": tuple(signs.tolist()),
        "SPI_TRACE_INCR": (w.rates.trace_incr,),
        "SPI_TRACE_DECAY": (w.rates.trace_decay,),
        "SPI_PSEUDO_SHIFT": (w.rates.pseudo_shift,),
        "SPI_LEARN_SHIFT": (w.rates.learn_shift,),
    }
    neurons: dict[str, Integers | int] = {
        "lif_izh_sel": 1,
        "thr": w.thr,
        "leak_str": w.leak,
        "leak_en": 1,
        "eprop_en": 1,
        "readout": w.readout,
    }
    configuration = configured(CHIP, registers, neurons, w.weights // 16 | MAPPED)
    memories = {**configuration.memories, FRACTIONS.name: synapse_words(w.weights % 16)}
    return Configuration(CHIP, configuration.registers, memories)


def events_of(w: Witness, rng: np.random.Generator, n: int) -> tuple[list[int], list[int]]:
    """Random events, which the witness processes, and the spikes that it makes of them."""
    addrs, spikes = [], []
    kinds = ("spike", "signal", "feedback", "tref_all", "learn", "learn_all", "seed")
    for kind in rng.choice(kinds, n, p=(0.4, 0.3, 0.05, 0.1, 0.1, 0.02, 0.03)):
        if kind == "spike":
            pre = int(rng.integers(N))
            spikes += w.spike(pre).tolist()
            fields: dict[str, int] = {"pre_neur": pre}
        elif kind == "signal":
            fields = {"neur": int(rng.integers(N)), "amount": int(rng.integers(-16, 16))}
            w.signal_to(fields["neur"], fields["amount"])
        elif kind == "feedback":
            fields = {"neur": int(rng.integers(N)), "minus": int(rng.integers(2)), "gain": int(rng.integers(4))}
            w.feedback(fields["neur"], fields["minus"], fields["gain"])
        elif kind == "learn":
            fields = {"neur": int(rng.integers(N))}
            w.learn(fields["neur"])
        elif kind == "seed":
            fields = {"bits": int(rng.integers(1 << 13))}
            w.seed(fields["bits"])
        else:
            fields = {}
            getattr(w, kind)()
        addrs.append(EVENTS[kind].encode(**fields))
    return addrs, spikes


def weights_of(model: Any) -> Any:
    """The weights of the chip in LSB of the fraction, (256, 256)."""
    places = SYNAPSES.words[0]["syn_weight0"], FRACTIONS.words[0]["fraction0"]
    words = (model.memories[memory.name][:, 0].astype(np.int64) for memory in (SYNAPSES, FRACTIONS))
    parts = [
        (word[:, np.newaxis] >> SYN_BITS * np.arange(8) & place.high).reshape(N, N)
        for word, place in zip(words, places, strict=True)
    ]
    return parts[0] << FRACTION.width | parts[1]


@pytest.mark.parametrize("seed", range(4))
def test_the_model_is_the_witness(seed: int) -> None:
    rng = np.random.default_rng(seed)
    witness = any_witness(rng)
    model = Model(stretch=seed % 2 == 0)
    model.reset()
    configuration_of(witness).apply(model)
    addrs, spikes = events_of(witness, rng, 250)
    at_rest = np.full(len(addrs), AT_REST)  # else an event overtakes spikes that wait in the scheduler
    run = closed_loop.run(model, np.array(addrs), Environment(), not_before=at_rest)
    assert run.addrs.tolist() == spikes
    for name in ("core", "trace", "signal", "fired"):
        assert np.array_equal(columns.column(LIF[name], model.memories[NEURONS.name]), getattr(witness, name)), name
    assert np.array_equal(weights_of(model), witness.weights)
