"""ODIN's rules. A potential sums all its input, so any synapse that excites can reach any threshold.

Source: ODIN doc v0.1; lif_neuron_state.v, izh_neuron_state.v, neuron_core.v, scheduler.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.odin.layout import IZH, LIF, MAPPING, NEURONS, SYN_WEIGHT, SYNAPSES
from draupnir.tools.lint import crossbar
from draupnir.tools.lint.findings import Rule
from draupnir.tools.lint.network import Broken, Counts, Mask, column, each, neurons, register, some, weights

CALCIUM_MAX = LIF["calcium"].high


def _lif(c: Configuration, field: str) -> Counts:
    return column(LIF[field], c.memories[NEURONS.name])


def _izh(c: Configuration, field: str) -> Counts:
    return column(IZH[field], c.memories[NEURONS.name])


def _is_lif(c: Configuration) -> Mask:
    return np.equal(_lif(c, "lif_izh_sel"), 1)


def _enabled(c: Configuration) -> Mask:
    return np.equal(_lif(c, "neur_disable"), 0)


def _ca(c: Configuration, field: str) -> Counts:
    """A field of the calcium, which both models have at different places."""
    return np.where(_is_lif(c), _lif(c, field), _izh(c, field))


def _acting(c: Configuration) -> Mask:
    """The synapses that stimulate: (pre, post) bool."""
    mapped: Mask = weights(c, SYNAPSES, MAPPING) == 1
    return mapped | bool(register(c, "SPI_PROPAGATE_UNMAPPED_SYN"))


def _inhibitory(c: Configuration) -> Mask:
    """The neurons whose outgoing synapses inhibit: (pre,) bool."""
    parts = c.registers["SPI_SYN_SIGN"]
    width = c.chip.register("SPI_SYN_SIGN").width
    return np.array([part >> i & 1 for part in parts for i in range(width)], bool)


def _no_mapping(c: Configuration) -> Broken:
    weighty = weights(c, SYNAPSES, SYN_WEIGHT) > 0
    if weighty.any() and not (weighty & _acting(c)).any():
        yield (
            "synapses",
            f"{weighty.sum()} have a weight, and the mapping bit of each of them is 0: no synapse stimulates",
            "mapped = true (the default), or SPI_PROPAGATE_UNMAPPED_SYN = 1",
        )


def _stimulating(c: Configuration) -> Mask:
    return _acting(c) & (weights(c, SYNAPSES, SYN_WEIGHT) > 0)


def _at_threshold(c: Configuration) -> Mask:
    """The enabled neurons that are at their threshold at rest.

    The potential of an Izhikevich neuron rests at 0. Some of its behaviours do not use the threshold alone.
    """
    otherwise = (_izh(c, "reson_sharp_en") | _izh(c, "spklat_en") | _izh(c, "inhin_en")) == 1
    izh = ~_is_lif(c) & ~otherwise & ((_izh(c, "thr") + _izh(c, "thrmod")) % 16 == 0) & (_izh(c, "core") == 0)
    lif = _is_lif(c) & (_lif(c, "thr") == 0)
    mask: Mask = _enabled(c) & (lif | izh)
    return mask


def _without_excitation(c: Configuration) -> Broken:
    """Only LIF neurons count, because an Izhikevich neuron can spike after inhibition, or by itself.

    A weight of 0 that can learn may later excite.
    """
    may_grow = (_ca(c, "ca_en") == 1)[None, :]
    exciting = _acting(c) & ((weights(c, SYNAPSES, SYN_WEIGHT) > 0) | may_grow) & ~_inhibitory(c)[:, None]
    at_rest = _lif(c, "core") < _lif(c, "thr")
    mask = _enabled(c) & _is_lif(c) & at_rest & ~some(exciting, 0)
    if exciting.any():
        yield from each([(mask, crossbar.NEVER_WITHOUT_VIRTUAL, "a synapse that excites them, or no such neuron")])


def _never_learns(c: Configuration) -> Broken:
    low = _ca(c, "ca_theta1")
    high = np.maximum(_ca(c, "ca_theta2"), _ca(c, "ca_theta3"))
    mask = (_ca(c, "ca_en") == 1) & (low >= high)
    message = "ca_theta1 is not below ca_theta2 or ca_theta3: no calcium lets a synapse onto them learn"
    yield from each([(mask, message, "ca_theta1 below one of them, or ca_en = 0")], "ca_en")


def _bursts_off(c: Configuration) -> Broken:
    mask = _enabled(c) & ~_is_lif(c) & (_izh(c, "spk_ref") > 0)
    if not register(c, "SPI_BURST_TIMEREF") and mask.any():
        message = "is 0, which turns bursts off, and spk_ref of {} asks for them"
        right = "SPI_BURST_TIMEREF = the clocks of a burst time reference - 1"
        yield "registers.SPI_BURST_TIMEREF", message.format(neurons(mask)), right


def _monitoring(c: Configuration) -> Broken:
    if register(c, "SPI_OUT_AER_MONITOR_EN"):
        message = "is 1: the output bus shows a neuron's and a synapse's state, and no spikes"
        yield "registers.SPI_OUT_AER_MONITOR_EN", message, "SPI_OUT_AER_MONITOR_EN = 0 for spikes"


RULES = (
    crossbar.GATED,
    crossbar.no_neuron(_enabled),
    Rule("no-mapping", "Synapses have weights, and all their mapping bits are 0.", _no_mapping, silences=True),
    crossbar.disabled_with_synapses(_enabled, _stimulating),
    crossbar.zero_threshold(_at_threshold),
    Rule("neuron-without-excitation", crossbar.WITHOUT_EXCITATION, _without_excitation, silences=True),
    Rule("learning-never", "A neuron's calcium thresholds leave no calcium at which SDSP acts.", _never_learns),
    Rule("bursts-off", "Neurons ask for bursts, and SPI_BURST_TIMEREF is 0.", _bursts_off),
    Rule("monitoring", "The output bus shows states instead of spikes.", _monitoring, silences=True),
    crossbar.SPIKES_NEVER_LEAVE,
)
