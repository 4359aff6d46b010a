"""One weight's stochastic update.

A weight moves by 1 in the direction of a signed number, ``prob``, with a probability that is its size. ``prob`` has 32
bits; 0 never moves the weight, the most negative number always does. Otherwise the size is shifted left by ``lr_p``,
where it saturates, then right by ``lr_r``, and the weight moves if this is at least a random number of 32 bits.

Source: srnn.v, stoch_update.
"""

from amaranth import C, Cat, Module, Mux, Signal, Value

from draupnir.emulator.reckon.layout import PROB_BITS, W_BITS, WOUT_PROB_BITS

LR_BITS = 5


class LearningRate:
    """The two shifts, which are the same for all weights of a word.

    lr_p, lr_r : 0..31

    Without saturation both shifts are one, by the difference. Ours shifts the random number the other way, and not the
    size: a rotation, and a mask of the bits that come from the other end.
    """

    def __init__(self, m: Module, lr_p: Value, lr_r: Value) -> None:
        ones = C((1 << PROB_BITS) - 1, PROB_BITS)
        self._raises, self._turn, wrapped = Signal(), Signal(LR_BITS), Signal(PROB_BITS, name="wrapped")
        self._mask, self._too_high = Signal(PROB_BITS), Signal(PROB_BITS)
        m.d.comb += [
            self._raises.eq(lr_p > lr_r),
            self._turn.eq(lr_r - lr_p),
            wrapped.eq(~(ones << self._turn)),
            self._mask.eq(Mux(self._raises, wrapped, ~wrapped)),
            self._too_high.eq(~(ones >> lr_r)),
        ]

    def reaches(self, m: Module, size: Value, rnd: Value) -> Value:
        """Return 1 if ``size``, shifted, is at least ``rnd``.

        A random number that is shifted to the right may lose bits, and then the size must be more than the rest of it.
        One that loses bits to the left is more than any size. Saturation only bounds the shifted size by the greatest
        number >> lr_r.
        """
        turned, target, loses = rnd, Signal(PROB_BITS), Signal(name="loses")
        for i in range(LR_BITS):
            stage = Signal(PROB_BITS)
            m.d.comb += stage.eq(Mux(self._turn[i], turned.rotate_left(1 << i), turned))
            turned = stage
        m.d.comb += [target.eq(turned & self._mask), loses.eq((turned & ~self._mask).any())]
        # Half more is enough, because the size is a whole number.
        is_at_least = Cat(C(0, 1), size) >= Cat(loses & self._raises, target)
        return is_at_least & ~(loses & ~self._raises) & ~(rnd & self._too_high).any()


def size_of(prob: Value) -> Value:
    """Return the size of ``prob``, 0..2**31."""
    down = prob[-1]
    return ((prob ^ down.replicate(PROB_BITS)) + down)[:PROB_BITS]


def moves(size: Value, reaches: Value) -> Value:
    """Return 1 if a weight moves. reaches : see LearningRate"""
    return size[-1] | (size.any() & reaches)


def new_weight(w: Value, down: Value) -> Value:
    """Return a weight, a signed number, plus 1, or minus 1 if ``down`` is 1; it stays at -128 and 127."""
    w = w.as_unsigned() if w.shape().signed else w
    end = Mux(down, 1 << (W_BITS - 1), (1 << (W_BITS - 1)) - 1)
    return Mux(w == end, end, w + Cat(C(1, 1), down.replicate(W_BITS - 1)))[:W_BITS]


def widened(number: Value) -> Value:
    """Return an output weight's ``prob`` or ``rnd``, of 28 bits, with 32 bits: 16 times as much, which changes nothing.

    A size saturates at 2**28 - 1, or at 2**32 - 1 here; either, shifted to the right, is at least ``rnd`` or 16 times
    ``rnd`` in the same cases.
    """
    return Cat(C(0, PROB_BITS - WOUT_PROB_BITS), number)
