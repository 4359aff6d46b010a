"""The neuron core: ODIN's, with the learning state of LIF neurons.

Source: README.md; the rest: ODIN's neuron core.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar.controller import NeurMem
from draupnir.emulator.gungnir import eprop
from draupnir.emulator.gungnir.layout import ERROR, ERRORS_IN_REG, LIF, SIGNAL
from draupnir.emulator.kernel.arith import signed
from draupnir.emulator.kernel.bits import bit, field, set_limb_field
from draupnir.emulator.kernel.bits import limb_field as take
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import neuron_core as odin
from draupnir.emulator.odin import scheduler
from draupnir.emulator.odin.controller import POP_NEUR, SCHED
from draupnir.emulator.odin.neuron_core import EVENT_OUT, NeuronInput, NeuronOutput

F = positions(LIF)
SIGNAL_BITS = SIGNAL.width
ERROR_BITS = ERROR.width
ERROR_MASK = (1 << ERROR_BITS) - 1


class Learning(NamedTuple):
    """The learning state of a neuron, and its ERROR word if a time reference is processed."""

    trace: int
    signal: int
    fired: int
    error: int


@kernel
def signal_of(word: np.ndarray) -> int:
    """The learning signal in a neuron's word."""
    return signed(take(word, F.signal), SIGNAL_BITS)


@kernel
def learns(word: np.ndarray) -> int:
    """1 if a neuron learns by e-prop; word : its word, whose potential does not matter."""
    return take(word, F.eprop_en) & take(word, F.lif_izh_sel)


@kernel
def error_of(r: np.record, word: np.ndarray, core: int) -> int:
    """The ERROR word that a time reference makes of a LIF neuron's learning signal; core : the potential before it."""
    if take(word, F.eprop_en) == 0:
        return 0
    fired, readout = take(word, F.fired), take(word, F.readout)
    pseudo = eprop.pseudo_derivative(core, take(word, F.thr), fired, readout, r.spi_pseudo_shift)
    return eprop.error(signal_of(word), pseudo)


@kernel
def learning_after_tref(r: np.record, word: np.ndarray, core: int) -> Learning:
    """The learning state of a LIF neuron after a time reference at which it does not spike; core : as ``error_of``."""
    trace = eprop.trace_after_tref(take(word, F.trace), r.spi_trace_decay)
    return Learning(trace, 0, 0, error_of(r, word, core))


@kernel
def learning_next(r: np.record, hit: int, tref: int) -> Learning:
    """The learning state of the LIF neuron last read, after an event in which it does not spike.

    hit : 1 if the event is the neuron's own spike, as a pre-synaptic one; tref : 1 for a time reference
    """
    word = r.neur_state
    if tref:
        return learning_after_tref(r, word, take(word, F.core))
    trace = take(word, F.trace)
    if hit:
        trace = eprop.trace_after_spike(trace, r.spi_trace_incr)
    return Learning(trace, signal_of(word), take(word, F.fired), 0)


@kernel
def set_error(r: np.record, neuron: int, error: int) -> None:
    """Keep the error of a neuron for the next learn event."""
    i, shift = neuron // ERRORS_IN_REG, ERROR_BITS * (neuron % ERRORS_IN_REG)
    r.errors[i] = r.errors[i] & ~(ERROR_MASK << shift) | error << shift


@kernel
def add_signal(neurons: np.ndarray, neuron: int, amount: int) -> None:
    """Add to the learning signal in a neuron's word."""
    signal = eprop.signal_after(signal_of(neurons[neuron]), amount)
    set_limb_field(neurons, neuron, F.signal, signal & ((1 << SIGNAL_BITS) - 1))


@kernel
def teach(r: np.record, neurons: np.ndarray, neur: NeurMem, amount: int) -> None:
    """Rising edge that writes a neuron with a learning signal added; all else in its word stays.

    A neuron that does not learn by e-prop, or of the other model, is written back as it is.
    """
    for limb in range(odin.N_LIMBS):
        old_limb = np.int64(neurons[neur.addr, limb])
        neurons[neur.addr, limb] = r.neur_state[limb]
        r.neur_state[limb] = old_limb
    if learns(neurons[neur.addr]):
        add_signal(neurons, neur.addr, amount)


@kernel
def _is_own_spike(r: np.record, neuron: int) -> bool:
    """Tell whether a neuron is visited by its own spike."""
    return r.state == POP_NEUR and field(scheduler.outputs(r).data_out, SCHED.addr) == neuron


@kernel
def clock(r: np.record, neurons: np.ndarray, neur: NeurMem, s: NeuronInput, burst_end: int) -> NeuronOutput:
    """Rising edge of a clock that writes, with e-prop on: ODIN's, and the learning state of a LIF neuron."""
    is_lif, hit = take(r.neur_state, F.lif_izh_sel), int(_is_own_spike(r, neur.addr))
    n = learning_next(r, hit, neur.tref)  # of the word that ODIN's clock replaces
    result = odin.clock(r, neurons, neur, s, burst_end)
    if neur.we and is_lif and r.spi_gate_activity_sync == 0:
        spike = bit(result.event_out, EVENT_OUT.spike.shift)
        set_learning(neurons, neur.addr, Learning(n.trace, n.signal, n.fired | spike, n.error))
        if neur.tref:
            set_error(r, neur.addr, n.error)
    return result


@kernel
def set_learning(neurons: np.ndarray, neuron: int, n: Learning) -> None:
    """Write the learning state into a LIF neuron's word."""
    set_limb_field(neurons, neuron, F.trace, n.trace)
    set_limb_field(neurons, neuron, F.signal, n.signal & ((1 << SIGNAL_BITS) - 1))
    set_limb_field(neurons, neuron, F.fired, n.fired)


@kernel
def hit(r: np.record, neurons: np.ndarray, neuron: int) -> None:
    """Add a spike to the trace in a neuron's word, if it is a LIF neuron."""
    word = neurons[neuron]
    if take(word, F.lif_izh_sel):
        set_limb_field(neurons, neuron, F.trace, eprop.trace_after_spike(take(word, F.trace), r.spi_trace_incr))
