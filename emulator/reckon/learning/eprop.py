"""e-prop: learning signals, pseudo-derivatives, update probabilities, stochastic weight updates.

A weight moves by one step or not at all. The sign of the product of error and eligibility is the direction, and its
magnitude is the probability. The arithmetic is exact in 64 bits, and the result is wrapped to the Verilog's width.

Source: srnn.v, e-prop handling, module stoch_update.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import signed, wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon.layout import PROB_BITS, REGUL_ONE, TRACE_BITS, U_BITS, W_BITS
from draupnir.emulator.reckon.lif import U_MAX, U_MIN

PSUM_MAX = (1 << 27) - 1  # a larger scaled sum of errors does not fit into the learning signal
PSUM_FRACTION = 12
PROB_MIN = -(1 << (PROB_BITS - 1))
WEIGHT_SIGN = 1 << (W_BITS - 1)
WEIGHT_MASK = (1 << W_BITS) - 1
REGUL_BITS = 4  # bits of the multiplicative term that count; any bit above them stops the update


@kernel
def learning_signal(psum: int, scale: int) -> int:
    """Return the learning signal: the sum shifted left, without its 12 bits of fraction; saturates at 16 signed bits.

    psum : signed, the sum of errors times output weights; scale : 0..15
    """
    shifted_sum = psum << scale
    if shifted_sum > PSUM_MAX:
        return U_MAX
    return U_MIN if shifted_sum < -PSUM_MAX - 1 else shifted_sum >> PSUM_FRACTION


@kernel
def pseudo_derivative(
    u: int, thr0: int, thr1: int, thr2: int, thr3: int, h0: int, h1: int, h2: int, h3: int, h4: int
) -> int:
    """Return the value h0..h4 of the segment in which the potential lies.

    Segment i ends below threshold i; the first segment whose threshold is above the potential counts.

    u : -32768..32767; thr0..thr3 : 16-bit words, signed; h0..h4 : 5-bit words
    """
    if u < signed(thr0, U_BITS):
        return h0
    if u < signed(thr1, U_BITS):
        return h1
    if u < signed(thr2, U_BITS):
        return h2
    return h3 if u < signed(thr3, U_BITS) else h4


@kernel
def above_f0(trace: int, f0: int) -> int:
    """Return how much a recurrent trace, without its fraction, is above SPI_REGUL_F0; saturates at 0."""
    return max(trace - f0, 0)


@kernel
def additive(trace_reg: int, k_p: int, k_r: int) -> int:
    """Return the term of additive regularisation: shifted left by k_p, wrapped to 32 bits, shifted right by k_r."""
    return signed(wrap(trace_reg << k_p, PROB_BITS) >> k_r, PROB_BITS)


@kernel
def multiplicative(trace_reg: int, k_mul: int) -> int:
    """Return the sixteenths, 0..16, of an update that multiplicative regularisation leaves."""
    excess = wrap(trace_reg, TRACE_BITS) >> k_mul
    return 0 if excess >> REGUL_BITS else REGUL_ONE - excess


@kernel
def probability(e: int, sixteenths: int, additive: int) -> int:
    """Return the signed 32-bit probability of an input or recurrent weight's update.

    e : learning signal times trace times pseudo-derivative; a negative one is not regularised multiplicatively

    The additive term is subtracted, and the difference wraps at 32 bits. But it becomes the minimum if it wraps upwards
    while bit 31 of the product is 1: the Verilog takes this bit for the sign, and a large positive product has it, too.
    """
    k = e * (REGUL_ONE if e < 0 else sixteenths)
    difference = signed(wrap((k >> REGUL_BITS) - additive, PROB_BITS), PROB_BITS)
    return PROB_MIN if difference >= 0 and (k >> (PROB_BITS - 1)) & 1 == 1 else difference


@kernel
def magnitude(prob: int, lr_p: int, lr_r: int, bits: int) -> int:
    """Return the number that decides with the random number whether a weight moves, 0..2**bits - 1.

    It is the magnitude of the probability, shifted left by lr_p, saturated at all ones, and shifted right by lr_r.

    prob : signed, ``bits`` bits
    """
    ones = (1 << bits) - 1
    return (ones if abs(prob) > ones >> lr_p else abs(prob) << lr_p) >> lr_r


@kernel
def is_updated(prob: int, rnd: int, lr_p: int, lr_r: int, bits: int) -> bool:
    """Return True if a weight moves. The most negative probability always moves it, and 0 never does.

    prob : signed, ``bits`` bits; rnd : 0..2**bits - 1
    """
    if prob == 0:
        return False
    return magnitude(prob, lr_p, lr_r, bits) >= rnd or abs(prob) == 1 << (bits - 1)


@kernel
def move_weight(weight: int, prob: int) -> int:
    """Return a weight byte one step up, or one step down if prob is negative; saturates at 127 and -128."""
    if prob < 0:
        return weight if weight == WEIGHT_SIGN else (weight - 1) & WEIGHT_MASK
    return weight if weight == WEIGHT_SIGN - 1 else (weight + 1) & WEIGHT_MASK
