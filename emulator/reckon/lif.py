"""The recurrent neurons: leaky integrate and fire. Potentials and thresholds are signed and have 16 bits.

An event adds noise and a weight, or two weights if the input neuron and the recurrent neuron of one number both spike.
A timestep ends with the spike and the leakage.

Source: ReckOn doc v1.0, 1 and 3; srnn.v, Hidden neurons.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import signed, wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon.layout import ALPHA_MSB, ALPHA_ONE, PAIR, U_BITS, W_BITS
from draupnir.emulator.reckon.rounding import round_product

U_MAX = (1 << (U_BITS - 1)) - 1
U_MIN = -(1 << (U_BITS - 1))
ALPHA_FRACTION = 15
ALPHA_LSBS = PAIR["alpha"].width
ALPHA_LOW, ALPHA_HIGH = ALPHA_MSB


@kernel
def scale(weight: int, fp_loc: int) -> int:
    """Return the signed number that a weight byte adds to a potential: shifted left by fp_loc, 0..7; always fits."""
    return signed(weight, W_BITS) << fp_loc


@kernel
def synaptic_update(update_wrec: int, update_winp: int) -> int:
    """Return the sum of the two weights of an event; saturates at 16 signed bits."""
    return min(max(update_wrec + update_winp, U_MIN), U_MAX)


@kernel
def integrate(u: int, update_w: int, noise: int) -> int:
    """Return the potential after an event.

    Only the signs of potential, weights and result decide whether it saturates. So if potential and weights have
    different signs, noise can make it wrap; and if noise changes the sign of the result, that counts as an overflow.

    u, update_w : -32768..32767; noise : signed
    """
    total = signed(wrap(u + update_w + noise, U_BITS), U_BITS)
    if u >= 0 and update_w >= 0 and total < 0:
        return U_MAX
    if u < 0 and update_w < 0 and total >= 0:
        return U_MIN
    return total


@kernel
def alpha(lsbs: int, conf: int) -> int:
    """Return the decay, 0..0x8fff, with 15 bits of fraction; conf : the word's bit of SPI_ALPHA_CONF."""
    return (ALPHA_HIGH if conf else ALPHA_LOW) << ALPHA_LSBS | lsbs


@kernel
def rounds(alpha: int, en_stoch_round: int) -> bool:
    """Return True if a decay by this alpha is rounded at random."""
    return en_stoch_round == 1 and alpha != ALPHA_ONE


@kernel
def leak(u: int, alpha: int, rand: int, en: int) -> int:
    """Return the potential after a timestep without a spike: u times alpha, rounded; wraps if alpha is above 1.

    rand : 0..2**15 - 1; en : 1 to round at random, 0 to round towards minus infinity
    """
    return signed(round_product(u * alpha, ALPHA_FRACTION, U_BITS, rand, en), U_BITS)


@kernel
def after_spike(leaked: int, thr: int, rst_mode: int) -> int:
    """Return the potential after a timestep with a spike: 0, or after leakage minus the threshold, which wraps."""
    return 0 if rst_mode else signed(wrap(leaked - thr, U_BITS), U_BITS)
