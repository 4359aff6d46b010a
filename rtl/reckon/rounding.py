"""Decay by a fixed-point factor, with stochastic rounding, and a sum that saturates.

Source: srnn.v, neur_u_lkst, oneur_u_lkst, trace_*_lkst.
"""

from amaranth import Module, Mux, Signal, Value


def decay(m: Module, level: Value, factor: Value, fraction_bits: int, rounds: Value, rnd: Value) -> Value:
    """Return ``level`` times ``factor``, wrapped to the width of ``level``.

    fraction_bits : the number of bits of ``factor`` behind the point
    rounds : 1 rounds up if the fraction is at least ``rnd`` and the whole part is not 0; with 0 the fraction is cut off
    """
    product = Signal(len(level) + fraction_bits)
    m.d.comb += product.eq(level * factor)
    fraction, whole = product[:fraction_bits], product[fraction_bits:]
    return (whole + (rounds & (fraction >= rnd) & whole.any()))[: len(level)]


def saturating_sum(m: Module, level: Value, step: Value) -> Value:
    """Return the sum of two signed numbers, which saturates at the width of ``level``."""
    n = len(level)
    total = Signal(n + 1)
    m.d.comb += total.eq(level.as_signed() + step.as_signed())
    greatest = (1 << (n - 1)) - 1
    return Mux(total[n] ^ total[n - 1], Mux(total[n], ~greatest & (1 << n) - 1, greatest), total[:n])
