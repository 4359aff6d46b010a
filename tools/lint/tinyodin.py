"""tinyODIN's rules. A potential sums all its input, up to 2047.

Source: tinyODIN doc v1.0; lif_neuron.v, controller.v, neuron_core.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.tinyodin.layout import EVENTS, LIF, NEURONS, SYN_WEIGHT, SYNAPSES, N
from draupnir.tools.lint import crossbar
from draupnir.tools.lint.findings import Rule
from draupnir.tools.lint.network import Broken, Counts, Mask, column, each, register, some, weights

CORE_MAX = LIF["core"].high
_VIRTUAL = next(event["neur"] for event in EVENTS if event.name == "virtual")
N_VIRTUAL = 1 << _VIRTUAL.width  # neurons that virtual events reach


def _field(c: Configuration, name: str) -> Counts:
    return column(LIF[name], c.memories[NEURONS.name])


def _enabled(c: Configuration) -> Mask:
    return np.equal(_field(c, "neur_disable"), 0)


def _weights(c: Configuration) -> Counts:
    return weights(c, SYNAPSES, SYN_WEIGHT)


def _not_visited(c: Configuration) -> Mask:
    """The neurons that events to all neurons do not visit: (neurons,) bool."""
    return np.arange(N) > register(c, "SPI_MAX_NEUR")


def _never_visited(c: Configuration) -> Broken:
    enabled, last = _enabled(c), register(c, "SPI_MAX_NEUR")
    message = f"enabled, and beyond SPI_MAX_NEUR = {last}: no spike and no time reference to all reaches them"
    yield from each([(enabled & _not_visited(c), message, f"SPI_MAX_NEUR = {np.flatnonzero(enabled).max(initial=0)}")])


def _unreachable(c: Configuration) -> Broken:
    message = f"above {CORE_MAX}, where a potential ends: such a neuron never spikes"
    yield from each([(_enabled(c) & (_field(c, "thr") > CORE_MAX), message, f"a thr of at most {CORE_MAX}")], "thr")


def _without_excitation(c: Configuration) -> Broken:
    exciting = _weights(c) > 0
    at_rest = _field(c, "core") < _field(c, "thr")
    mask = _enabled(c) & ~_not_visited(c) & at_rest & (_field(c, "thr") <= CORE_MAX) & ~some(exciting, 0)
    virtual = np.arange(N) < N_VIRTUAL
    right = "a synapse that excites them, or no such neuron"
    if exciting.any():
        never_spike = "synapses excite others and none of these: they never spike"
        yield from each(
            ((mask & virtual, crossbar.NEVER_WITHOUT_VIRTUAL, right), (mask & ~virtual, never_spike, right))
        )


RULES = (
    crossbar.GATED,
    crossbar.no_neuron(_enabled),
    Rule("neuron-never-visited", "Neurons in use are beyond SPI_MAX_NEUR.", _never_visited, silences=True),
    crossbar.disabled_with_synapses(_enabled, lambda c: _weights(c) != 0),
    crossbar.zero_threshold(lambda c: _enabled(c) & (_field(c, "thr") == 0)),
    Rule("unreachable-threshold", "A threshold is above the largest potential.", _unreachable, silences=True),
    Rule("neuron-without-excitation", crossbar.WITHOUT_EXCITATION, _without_excitation, silences=True),
    crossbar.SPIKES_NEVER_LEAVE,
)
