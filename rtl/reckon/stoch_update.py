"""One weight's stochastic update.

Source: srnn.v, stoch_update.
"""

from amaranth import Module, Mux, Signal, Value

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
    size, shifted, saturated = Signal(n), Signal(n + (1 << LR_BITS) - 1), Signal(n)
    m.d.comb += [
        size.eq((prob ^ down.replicate(n)) + down),
        shifted.eq(size << lr_p),
        saturated.eq(Mux(shifted[n:].any(), (1 << n) - 1, shifted[:n])),
    ]
    writes = (size != 0) & ((size == always) | ((saturated >> lr_r) >= rnd))
    lowest, highest = 1 << (WEIGHT_BITS - 1), (1 << (WEIGHT_BITS - 1)) - 1
    w = w.as_unsigned() if w.shape().signed else w
    down_to, up_to = Mux(w == lowest, lowest, w - 1), Mux(w == highest, highest, w + 1)
    return writes, Mux(down, down_to, up_to)[:WEIGHT_BITS]
