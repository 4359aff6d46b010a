"""One clock of snn-accelerator: the output neurons, the hidden neurons, and the divided clocks.

The divided clocks are outputs of flip-flops, and rise one after the other at a rise of clk. So the slow neurons see the
spikes from after this rise.

Source: wrapped_snn.v, clk_div.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import field, set_row_field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.resets import resetter
from draupnir.emulator.snn_accelerator.layout import CHIP, COPIES, GROUPS, N_OUT, QUICK, SLOW
from draupnir.emulator.snn_accelerator.neuron import fires, integrate

IN, OUT = positions(CHIP.input_word), positions(CHIP.output_word)
SHIFTS = tuple(GROUPS[group].shift for group in QUICK)
N_SHIFTS = len(SHIFTS)
SLOW_SHIFT = 1
N_QUICK, N_SLOW = COPIES * len(QUICK), COPIES * len(SLOW)
A, F, G, H = (COPIES * i for i in range(len(QUICK)))  # the first quick neuron of each group
B, C, D, E = (COPIES * i for i in range(4))  # the first slow neuron of each group
_reset_dividers = resetter(CHIP.block("clk_div"))
_reset_neurons = resetter(CHIP.block("neuron"))
_reset_slow_neurons = resetter(CHIP.block("neuron_slow"))
_reset_out_neurons = resetter(CHIP.block("out_neuron"))


@kernel
def apply_inputs(r: np.record, inputs: int) -> None:
    """Set all input pins at once. Nothing acts on them before the next clock."""
    r.inputs = inputs


@kernel
def outputs(r: np.record, row: np.ndarray) -> None:
    """Write the output pins and the probes into a row, in which all bits are 0 before. ``io_oeb`` is always 0."""
    set_row_field(row, OUT.spike_out, r.out_spike[0] | r.out_spike[1] << 1)
    set_row_field(row, OUT.state1, r.out_state[0])
    set_row_field(row, OUT.state2, r.out_state[1])
    set_row_field(row, OUT.spike[0], _side_by_side(r.spike, A) | _side_by_side(r.slow_spike, B) << COPIES)
    set_row_field(row, OUT.spike[1], _side_by_side(r.slow_spike, C) | _side_by_side(r.slow_spike, D) << COPIES)
    set_row_field(row, OUT.spike[2], _side_by_side(r.slow_spike, E) | _side_by_side(r.spike, F) << COPIES)
    set_row_field(row, OUT.spike[3], _side_by_side(r.spike, G) | _side_by_side(r.spike, H) << COPIES)
    set_row_field(row, OUT.clk2, r.clk2)
    set_row_field(row, OUT.clk3, r.clk3)
    set_row_field(row, OUT.clk4, r.clk4)
    set_row_field(row, OUT.clk5, r.clk5)
    set_row_field(row, OUT.a0_state, r.state[A])
    set_row_field(row, OUT.b0_state, r.slow_state[B])
    set_row_field(row, OUT.c0_state, r.slow_state[C])
    set_row_field(row, OUT.d0_state, r.slow_state[D])
    set_row_field(row, OUT.e0_state, r.slow_state[E])
    set_row_field(row, OUT.f0_state, r.state[F])
    set_row_field(row, OUT.g0_state, r.state[G])
    set_row_field(row, OUT.h0_state, r.state[H])


@kernel
def _side_by_side(spikes: np.ndarray, first: int) -> int:
    """Return the spikes of 16 neurons, the first neuron in the lowest bit."""
    word = 0
    for i in range(COPIES):
        word |= spikes[first + i] << i
    return word


@outlined
def clock(r: np.record) -> None:
    """Rising edge of clk."""
    r.cycle += 1
    in1 = field(r.inputs, IN.in1)
    if field(r.inputs, IN.reset):
        _reset_dividers(r)
        _reset_neurons(r)
        _reset_slow_neurons(r)
        _reset_out_neurons(r)
    else:
        _step_out_neurons(r)
        _step_neurons(r, in1)
        _fire_slow_neurons(r)
        _divide(r, in1)


@kernel
def _step_out_neurons(r: np.record) -> None:
    """Let both output neurons count the spikes of before the edge."""
    n_spikes = 0  # in the order of the wire, so that a proof sees the same sum
    for n in range(COPIES):
        n_spikes += r.spike[n]
    for n in range(N_SLOW):
        n_spikes += r.slow_spike[n]
    for n in range(COPIES, N_QUICK):
        n_spikes += r.spike[n]
    for n in range(N_OUT):
        state = r.out_state[n]
        r.out_state[n] = integrate(n_spikes, r.out_spike[n], state, 1)
        r.out_spike[n] = fires(state, r.out_threshold[n])


@kernel
def _step_neurons(r: np.record, in1: int) -> None:
    """Let the neurons that run on clk take a step; potential and spike both see the state before the edge."""
    for i in range(N_SHIFTS):
        for n in range(COPIES * i, COPIES * (i + 1)):
            state = r.state[n]
            r.state[n] = integrate(in1, r.spike[n], state, SHIFTS[i])
            r.spike[n] = fires(state, r.threshold[n])


@kernel
def _fire_slow_neurons(r: np.record) -> None:
    """Compare the potentials of the slow neurons with their thresholds, at each rise of clk."""
    for n in range(N_SLOW):
        r.slow_spike[n] = fires(r.slow_state[n], r.slow_threshold[n])


@kernel
def _divide(r: np.record, in1: int) -> None:
    """Invert clk2, and each other divided clock if the one before it rises. At a rise its neurons take a step."""
    r.clk2 ^= 1
    if r.clk2:
        _step_slow_neurons(r, B, in1)
        r.clk3 ^= 1
        if r.clk3:
            _step_slow_neurons(r, C, in1)
            r.clk4 ^= 1
            if r.clk4:
                _step_slow_neurons(r, D, in1)
                r.clk5 ^= 1
                if r.clk5:
                    _step_slow_neurons(r, E, in1)


@kernel
def _step_slow_neurons(r: np.record, first: int, in1: int) -> None:
    """Let a group of slow neurons take a step."""
    for n in range(first, first + COPIES):
        r.slow_state[n] = integrate(in1, r.slow_spike[n], r.slow_state[n], SLOW_SHIFT)
