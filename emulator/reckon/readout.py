"""The output neurons: leaky integrators, their error, the winner. Potentials are signed and have 16 bits.

Source: srnn.v, Output neurons, Winner computation, module output_act_err.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.arith import signed, wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon.layout import ACT_HALF, U_BITS
from draupnir.emulator.reckon.learning.traces import KAPPA_FRACTION
from draupnir.emulator.reckon.lif import U_MAX, U_MIN
from draupnir.emulator.reckon.rounding import round_product


@kernel
def integrate(u: int, update_wout: int) -> int:
    """Return the potential after a recurrent neuron's spike; saturates at 16 signed bits."""
    return min(max(u + update_wout, U_MIN), U_MAX)


@kernel
def leak(u: int, kappa: int, rand: int, en: int) -> int:
    """Return the potential after a timestep: u times kappa, rounded; wraps if kappa is above 1.

    kappa : 0..255, with 7 bits of fraction; rand : 0..2**7 - 1; en : 1 to round at random, 0 to round down
    """
    return signed(round_product(u * kappa, KAPPA_FRACTION, U_BITS, rand, en), U_BITS)


@kernel
def activation(u: int, no_out_act: int) -> int:
    """Return the output: the potential, or its hard sigmoid, 0..2048; 2048 only for u of 2048 and more."""
    if no_out_act:
        return u
    if u > ACT_HALF - 1:
        return ACT_HALF
    return 0 if u < -ACT_HALF else (u + ACT_HALF) >> 1


@kernel
def error(target: int, output: int) -> int:
    """Return target minus output; saturates at 16 signed bits."""
    return min(max(target - output, U_MIN), U_MAX)


@kernel
def winner(potentials: np.ndarray, last: int) -> int:
    """Return the first of the output neurons 0..last with the highest potential; potentials : (16,) 16-bit words."""
    best = 0
    for k in range(1, last + 1):
        if signed(potentials[k], U_BITS) > signed(potentials[best], U_BITS):
            best = k
    return best


@kernel
def most_wins(counts: np.ndarray, last: int) -> int:
    """Return the first of the output neurons 0..last with the highest count; counts : (16,) int64."""
    best = 0
    for k in range(1, last + 1):
        if counts[k] > counts[best]:
            best = k
    return best


@kernel
def wrap_u(u: int) -> int:
    """Return a potential as a two's complement word, 0..65535."""
    return wrap(u, U_BITS)
