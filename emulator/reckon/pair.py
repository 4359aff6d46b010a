"""Words of the neuron memory: two neurons, and the parameters that they share, as three numbers of less than 64 bits.

Source: ReckOn doc v1.0, 1; srnn.v, Neuron array.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon.layout import PAIR, TOUT_BITS, TRACE_BITS, U_BITS

HALF_BITS = PAIR["neur_u1"].lsb  # bits of a neuron's state; the odd neuron follows the even one
HALF_MASK = (1 << HALF_BITS) - 1
TINP, TREC, TOUT = PAIR["trace_inp0"].lsb, PAIR["trace_rec0"].lsb, PAIR["trace_out0"].lsb
THR = PAIR["thr"].lsb - 2 * HALF_BITS  # within the parameters
ALPHA = PAIR["alpha"].lsb - 2 * HALF_BITS
U_MASK = (1 << U_BITS) - 1
TRACE_MASK = (1 << TRACE_BITS) - 1
TOUT_MASK = (1 << TOUT_BITS) - 1
LIMB = 32
LIMB_MASK = (1 << LIMB) - 1
CUT1 = HALF_BITS - LIMB  # bit of limb 1 in which the odd neuron begins
CUT3 = 2 * HALF_BITS - 3 * LIMB  # bit of limb 3 in which the parameters begin
LOW1 = LIMB - CUT1  # bits of the odd neuron in limb 1


@kernel
def half(limbs: np.ndarray, n: int) -> int:
    """Return the state of neuron n (0 even, 1 odd) of a word, HALF_BITS bits; limbs : (4,) int64."""
    return _half(limbs[0], limbs[1], limbs[2], limbs[3], n)


@kernel
def half_at(neurons: np.ndarray, addr: int, n: int) -> int:
    """Return the state of neuron n, 0 or 1, of word ``addr`` of the neuron memory: (128, 4) uint32."""
    limb0, limb1, limb2, limb3 = neurons[addr, 0], neurons[addr, 1], neurons[addr, 2], neurons[addr, 3]
    return _half(np.int64(limb0), np.int64(limb1), np.int64(limb2), np.int64(limb3), n)  # type: ignore[arg-type]


@kernel
def _half(limb0: int, limb1: int, limb2: int, limb3: int, n: int) -> int:
    if n == 0:
        return limb0 | (limb1 << LIMB) & HALF_MASK
    return limb1 >> CUT1 | limb2 << LOW1 | (limb3 & ((1 << CUT3) - 1)) << (LIMB + LOW1)


@kernel
def parameters(limbs: np.ndarray) -> int:
    """Return threshold and alpha of a word, 28 bits."""
    return limbs[3] >> CUT3


@kernel
def write_states(neurons: np.ndarray, addr: int, even: int, odd: int) -> None:
    """Write the states of both neurons into word ``addr``; the parameters do not change."""
    neurons[addr, 0] = even & LIMB_MASK
    neurons[addr, 1] = even >> LIMB | (odd << CUT1) & LIMB_MASK
    neurons[addr, 2] = odd >> LOW1 & LIMB_MASK
    neurons[addr, 3] = odd >> (LIMB + LOW1) | (np.int64(neurons[addr, 3]) >> CUT3) << CUT3


@outlined
def are_dirty(dirty: np.ndarray, begin: int, end: int) -> bool:
    """Return True if the neurons begin..end - 1 are all dirty; dirty : (256,) int64."""
    bits = 1
    for n in range(begin, end):
        bits &= dirty[n]
    return bits == 1


@outlined
def read_potentials(neurons: np.ndarray, u: np.ndarray, first: int, end: int) -> None:
    """Copy the potentials of words first..end - 1, even and odd neurons in turn; u : (256,) int16."""
    for addr in range(first, end):
        u[2 * addr] = np.int16(neurons[addr, 0])
        u[2 * addr + 1] = np.int16(neurons[addr, 1] >> np.uint32(CUT1) | neurons[addr, 2] << np.uint32(LOW1))


@outlined
def write_potentials(neurons: np.ndarray, u: np.ndarray, first: int, end: int) -> None:
    """Write the potentials of words first..end - 1 back; nothing else changes; u : as for ``read_potentials``."""
    for addr in range(first, end):
        even, odd = np.int64(u[2 * addr]), np.int64(u[2 * addr + 1])
        limb0, limb1, limb2 = np.int64(neurons[addr, 0]), np.int64(neurons[addr, 1]), np.int64(neurons[addr, 2])
        neurons[addr, 0] = limb0 & ~U_MASK | even & U_MASK
        neurons[addr, 1] = limb1 & ((1 << CUT1) - 1) | (odd << CUT1) & LIMB_MASK
        neurons[addr, 2] = limb2 & ~(U_MASK >> LOW1) | (odd & U_MASK) >> LOW1


@kernel
def u(state: int) -> int:
    """Return the potential of a state, -32768..32767."""
    sign = 1 << (U_BITS - 1)
    return (state & U_MASK ^ sign) - sign


@kernel
def trace_inp(state: int) -> int:
    """Return the input trace of a state, 0..4095."""
    return state >> TINP & TRACE_MASK


@kernel
def trace_rec(state: int) -> int:
    """Return the recurrent trace of a state, 0..4095."""
    return state >> TREC & TRACE_MASK


@kernel
def trace_out(state: int) -> int:
    """Return the output trace of a state, 0..1023."""
    return state >> TOUT & TOUT_MASK


@kernel
def pack(u: int, trace_inp: int, trace_rec: int, trace_out: int) -> int:
    """Return the state of a neuron, HALF_BITS bits; u : wraps at 16 bits; all traces must fit."""
    return u & U_MASK | trace_inp << TINP | trace_rec << TREC | trace_out << TOUT


@kernel
def thr(parameters: int) -> int:
    """Return the threshold, -32768..32767."""
    sign = 1 << (U_BITS - 1)
    return (parameters >> THR & U_MASK ^ sign) - sign


@kernel
def alpha_lsbs(parameters: int) -> int:
    """Return the lower 12 bits of the decay, 0..4095."""
    return parameters >> ALPHA
