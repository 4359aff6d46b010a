"""The recurrent neurons: leaky integrate and fire. Potentials and thresholds are signed, 16 bits.

An event adds a weight (two, if an input neuron and the recurrent neuron of the same number spike) and noise; a timestep
ends with the spike and the leakage.

Source: ReckOn doc v1.0, 1 and 3; srnn.v, Hidden neurons.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon.layout import ALPHA_MSB, ALPHA_ONE, PAIR, U_BITS, W_BITS
from draupnir.emulator.reckon.rounding import rounded, signed

U_MAX = (1 << (U_BITS - 1)) - 1
U_MIN = -(1 << (U_BITS - 1))
ALPHA_FRACTION = 15
ALPHA_LSBS = PAIR["alpha"].width
ALPHA_LOW, ALPHA_HIGH = ALPHA_MSB


@kernel
def scaled(weight: int, fp_loc: int) -> int:
    """A weight byte as it is added to a potential: signed, shifted left by 0..7; it always fits."""
    return signed(weight, W_BITS) << fp_loc


@kernel
def synaptic_update(update_wrec: int, update_winp: int) -> int:
    """The two weights of one event; saturates."""
    return min(max(update_wrec + update_winp, U_MIN), U_MAX)


@kernel
def integrate(u: int, update_w: int, noise: int) -> int:
    """The potential after an event.

    Saturates by the signs of potential, weights and result alone: noise that carries the potential over an end where
    these two have different signs wraps, and noise that changes the sign of a result counts as an overflow.
    """
    total = signed(wrap(u + update_w + noise, U_BITS), U_BITS)
    if u >= 0 and update_w >= 0 and total < 0:
        return U_MAX
    if u < 0 and update_w < 0 and total >= 0:
        return U_MIN
    return total


@kernel
def alpha(lsbs: int, conf: int) -> int:
    """The decay, 0..0x8fff, 15 bits of it fraction; conf : the word's bit of SPI_ALPHA_CONF."""
    return (ALPHA_HIGH if conf else ALPHA_LOW) << ALPHA_LSBS | lsbs


@kernel
def rounds(alpha: int, en_stoch_round: int) -> bool:
    """Tell whether what decays with this alpha is rounded at random."""
    return en_stoch_round == 1 and alpha != ALPHA_ONE


@kernel
def leak(u: int, alpha: int, rand: int, en: int) -> int:
    """The potential after a timestep without a spike: u times alpha; wraps where alpha is above 1."""
    return signed(rounded(u * alpha, ALPHA_FRACTION, U_BITS, rand, en), U_BITS)


@kernel
def after_spike(leaked: int, thr: int, rst_mode: int) -> int:
    """The potential after a timestep with a spike: 0, or the leaked one less the threshold, which wraps."""
    return 0 if rst_mode else signed(wrap(leaked - thr, U_BITS), U_BITS)
