"""e-prop: learning signals, pseudo-derivatives, update probabilities, stochastic weight updates.

A weight moves by one step or not at all; the product of error and eligibility gives the direction by its sign and the
probability by its magnitude. All arithmetic is exact in 64 bits, then cut to the width of the Verilog's wire.

Source: srnn.v, e-prop handling, module stoch_update.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon.layout import PROB_BITS, REGUL_ONE, TRACE_BITS, U_BITS, W_BITS
from draupnir.emulator.reckon.lif import U_MAX, U_MIN
from draupnir.emulator.reckon.rounding import signed

PSUM_MAX = (1 << 27) - 1  # beyond it a scaled sum of errors does not fit the learning signal
PSUM_FRACTION = 12
PROB_MIN = -(1 << (PROB_BITS - 1))
WEIGHT_SIGN = 1 << (W_BITS - 1)
WEIGHT_MASK = (1 << W_BITS) - 1
REGUL_BITS = 4  # of the multiplicative term that count; any above them stop the update


@kernel
def learning_signal(psum: int, scale: int) -> int:
    """The sum of errors times output weights, shifted left by 0..15, less 12 bits of fraction; saturates at 16 bits."""
    scaled = psum << scale
    if scaled > PSUM_MAX:
        return U_MAX
    return U_MIN if scaled < -PSUM_MAX - 1 else scaled >> PSUM_FRACTION


@kernel
def pseudo_derivative(
    u: int, thr0: int, thr1: int, thr2: int, thr3: int, h0: int, h1: int, h2: int, h3: int, h4: int
) -> int:
    """The value of the first segment whose upper end, a 16-bit word as all of them, lies above the potential."""
    if u < signed(thr0, U_BITS):
        return h0
    if u < signed(thr1, U_BITS):
        return h1
    if u < signed(thr2, U_BITS):
        return h2
    return h3 if u < signed(thr3, U_BITS) else h4


@kernel
def above_f0(trace: int, f0: int) -> int:
    """Return what a recurrent trace, without its fraction, has above SPI_REGUL_F0."""
    return max(trace - f0, 0)


@kernel
def additive(trace_reg: int, k_p: int, k_r: int) -> int:
    """The term of additive regularisation: shifted left in 32 bits, what leaves them is lost; then right."""
    return signed(wrap(trace_reg << k_p, PROB_BITS) >> k_r, PROB_BITS)


@kernel
def multiplicative(trace_reg: int, k_mul: int) -> int:
    """The sixteenths, 0..16, that multiplicative regularisation leaves of an update."""
    excess = wrap(trace_reg, TRACE_BITS) >> k_mul
    return 0 if excess >> REGUL_BITS else REGUL_ONE - excess


@kernel
def probability(e: int, sixteenths: int, additive: int) -> int:
    """The signed probability of an input or recurrent weight's update.

    e : learning signal times trace times pseudo-derivative; one below 0 is not regularised multiplicatively
    The difference with the additive term wraps at 32 bits, but is kept at the minimum where it wraps upwards and the
    Verilog takes the product for negative: by its bit 31, which a large positive product has set as well.
    """
    k = e * (REGUL_ONE if e < 0 else sixteenths)
    difference = signed(wrap((k >> REGUL_BITS) - additive, PROB_BITS), PROB_BITS)
    return PROB_MIN if difference >= 0 and (k >> (PROB_BITS - 1)) & 1 == 1 else difference


@kernel
def is_updated(prob: int, rnd: int, lr_p: int, lr_r: int, bits: int) -> bool:
    """Tell whether a weight with this signed probability of ``bits`` bits moves; rnd : 0..2**bits - 1.

    The magnitude is shifted left, saturates at all ones, and is shifted right; the smallest number always moves.
    """
    if prob == 0:
        return False
    magnitude = abs(prob)
    ones = (1 << bits) - 1
    total = (ones if magnitude > ones >> lr_p else magnitude << lr_p) >> lr_r
    return total >= rnd or magnitude == 1 << (bits - 1)


@kernel
def moved(weight: int, prob: int) -> int:
    """A weight byte one step up, or down where prob is negative; it stays at 127 and -128."""
    if prob < 0:
        return weight if weight == WEIGHT_SIGN else (weight - 1) & WEIGHT_MASK
    return weight if weight == WEIGHT_SIGN - 1 else (weight + 1) & WEIGHT_MASK
