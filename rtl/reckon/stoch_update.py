"""One weight's stochastic update.

Source: srnn.v, stoch_update.
"""

from amaranth import C, Module, Mux, Signal, Value

WEIGHT_BITS = 8
LR_BITS = 5


def stoch_update(m: Module, prob: Value, lr_p: Value, lr_r: Value, rnd: Value, w: Value) -> tuple[Value, Value]:
    """Move a weight by 1 in the direction of ``prob``, with a probability that is its size. The logic is combinational.

    prob : a signed number; 0 never updates the weight, the most negative number always does
    lr_p, lr_r : 0..31; ``prob`` is shifted left by ``lr_p``, where it saturates, then right by ``lr_r``
    rnd : as wide as ``prob``; the weight is updated if this is at most the size of the shifted ``prob``
    w : the weight, a signed number, -128..127

    Returns a bit that is 1 if the weight is updated, and the new weight, which stays at -128 and 127.
    """
    n = len(prob)
    down, always = prob[-1], 1 << (n - 1)
    size = Signal(n)
    m.d.comb += size.eq((prob ^ down.replicate(n)) + down)
    writes = (size != 0) & ((size == always) | _reaches(m, size, lr_p, lr_r, rnd))
    lowest, highest = 1 << (WEIGHT_BITS - 1), (1 << (WEIGHT_BITS - 1)) - 1
    w = w.as_unsigned() if w.shape().signed else w
    down_to, up_to = Mux(w == lowest, lowest, w - 1), Mux(w == highest, highest, w + 1)
    return writes, Mux(down, down_to, up_to)[:WEIGHT_BITS]


def _reaches(m: Module, size: Value, lr_p: Value, lr_r: Value, rnd: Value) -> Value:
    """Return 1 if ``size``, shifted as ``stoch_update`` says, is at least ``rnd``. It has a single shift, to the right.

    Without saturation, both shifts are one, by the difference of the two. To the left, size << d >= rnd is the same as
    size > (rnd - 1) >> d, unless rnd is 0. Saturation only bounds the result by the greatest number >> lr_r.
    """
    n = len(size)
    is_left, distance = Signal(), Signal(LR_BITS)
    source, other, shifted = Signal(n), Signal(n), Signal(n)
    m.d.comb += [
        is_left.eq(lr_p >= lr_r),
        distance.eq(Mux(is_left, lr_p - lr_r, lr_r - lr_p)),
        source.eq(Mux(is_left, rnd - 1, size)),
        other.eq(Mux(is_left, size, rnd)),
        shifted.eq(source >> distance),
    ]
    is_at_least = shifted >= other
    bound = C((1 << n) - 1, n) >> lr_r
    return (bound >= rnd) & Mux(is_left, ~is_at_least | (rnd == 0), is_at_least)
