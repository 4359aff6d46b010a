"""Decay by a fixed-point factor, and stochastic rounding of what it leaves.

Source: srnn.v, neur_u_lkst, oneur_u_lkst, trace_*_lkst.
"""

from amaranth import Module, Mux, Signal, Value


def decay(m: Module, level: Value, factor: Value, fraction_bits: int, rounds: Value, rnd: Value) -> Value:
    """``level`` times ``factor``, which has ``fraction_bits`` bits behind the point; wraps to the width of ``level``.

    rounds : 1 rounds up if the fraction is at least ``rnd`` and the whole part is not 0, else it is cut off
    """
    product = Signal(len(level) + fraction_bits)
    m.d.comb += product.eq(level * factor)
    fraction, whole = product[:fraction_bits], product[fraction_bits:]
    return (whole + (rounds & (fraction >= rnd) & whole.any()))[: len(level)]


def saturating_sum(m: Module, level: Value, step: Value) -> Value:
    """Sum of two signed numbers, at most as wide as ``level``; stops at the ends of that width."""
    n = len(level)
    total = Signal(n + 1)
    m.d.comb += total.eq(level.as_signed() + step.as_signed())
    greatest = (1 << (n - 1)) - 1
    return Mux(total[n] ^ total[n - 1], Mux(total[n], ~greatest & (1 << n) - 1, greatest), total[:n])
