"""The neuron does as the lines of lif_neuron.v, written in 12-bit arithmetic, for every potential."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.codec import decode, encode
from draupnir.emulator.kernel.jit import entry
from draupnir.emulator.tinyodin import lif
from draupnir.emulator.tinyodin.layout import LIF

THRESHOLDS = (0, 1, 2, 1000, 2046, 2047, 2048, 2049, 4095)
WEIGHTS = range(16)
LEAKS = (0, 1, 2, 63, 126, 127)


@entry
def updated(words: np.ndarray, syn_weight: int, syn_event: int, time_ref: int, words_next: np.ndarray) -> None:
    """Write each word after an event into ``words_next``, in 32 bits, with the spike in bit 32."""
    for i in range(len(words)):
        result = lif.update(words[i], syn_weight, syn_event, time_ref)
        words_next[i] = result.word | result.spike << 32


def verilog(core: int, thr: int, leak: int, weight: int, event: int, tref: int) -> tuple[int, int]:
    """Return state_core_next and spike_out, computed with unsigned words as in the Verilog."""
    weight_ext = weight | 0xFF0 if weight & 8 else weight
    leakn = core - leak & 0xFFF
    leakn = 0 if leakn & 0x800 else leakn
    leakp = core + leak & 0xFFF
    leakp = leakp if leakp & 0x800 else 0
    syn = core + weight_ext & 0xFFF
    if not syn & 0x800 and core & 0x800 and weight_ext & 0x800:
        syn = 0x800
    elif syn & 0x800 and not core & 0x800 and not weight_ext & 0x800:
        syn = 0x7FF
    core_next = core
    if event and tref:
        core_next = leakp if core & 0x800 else leakn
    elif event:
        core_next = syn
    spike = not core_next & 0x800 and core_next >= thr
    return (0 if spike else core_next), int(spike)


def assert_as_in_the_verilog(thr: int, leak: int, weight: int, event: int, tref: int) -> None:
    words = np.arange(4096) | thr << LIF["thr"].lsb | leak << LIF["leak_str"].lsb
    words_next = np.zeros_like(words)
    updated(words, weight, event, tref, words_next)
    expected = [verilog(core, thr, leak, weight, event, tref) for core in range(4096)]
    parameters = words & ~0xFFF
    np.testing.assert_array_equal(words_next, parameters | [core | spike << 32 for core, spike in expected])


@pytest.mark.parametrize("thr", THRESHOLDS)
def test_every_weight_on_every_potential(thr: int) -> None:
    for weight in WEIGHTS:
        assert_as_in_the_verilog(thr, 5, weight, 1, 0)


@pytest.mark.parametrize("thr", THRESHOLDS)
def test_leakage_on_every_potential(thr: int) -> None:
    for leak in LEAKS:
        assert_as_in_the_verilog(thr, leak, 7, 1, 1)


def test_without_an_event_the_threshold_is_compared_all_the_same() -> None:
    for thr in THRESHOLDS:
        assert_as_in_the_verilog(thr, 127, 7, 0, 0)


@pytest.mark.parametrize(
    ("core", "weight", "core_next", "spike"),
    [(2044, 7, 2047, 0), (-2045, 8, -2048, 0), (-3, 5, 2, 0), (96, 4, 0, 1), (96, 3, 99, 0)],
)
def test_worked_by_hand(core: int, weight: int, core_next: int, spike: int) -> None:
    """The cases are both ends, a change of sign, the threshold, and just below it; a weight of 8 is -8."""
    thr = 100 if core < 1000 else 2048
    result = lif.update(encode(LIF, core=core, thr=thr, leak_str=3), weight, 1, 0)
    assert (decode(LIF, result.word)["core"], result.spike) == (core_next, spike)
