"""The random bits for rounding, noise and weight updates: a shift register that makes many steps in a clock.

Source: lfsr/*.v.
"""

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.lfsrs import Lfsr
from draupnir.rtl.lib.power_up import reset_signal

CHUNK = 64  # the number of bits that are computed together


class UnfoldedLfsr(wiring.Component):
    """A declared LFSR, in clock domain ``srst``, which has a synchronous reset.

    en : 1 makes ``unfold`` steps at the next edge
    prog : 1 loads ``seed`` instead; bit 0 is flip-flop 0 of the original
    rnd : the ``unfold`` bits of these steps, the first one in bit 0

    gated : True if ``rnd`` counts only while ``en`` and another input, ``cs``, are 1; ``en`` rises only with ``cs``
    """

    def __init__(self, lfsr: Lfsr, gated: bool = False) -> None:
        members = {"en": In(1), "prog": In(1), "seed": In(lfsr.width), "rnd": Out(lfsr.unfold)}
        super().__init__(members | ({"cs": In(1)} if gated else {}))
        self._lfsr = lfsr
        self._gated = gated
        # The flip-flops are here in the order of their bits in time.
        # places[i] is the place of the original's flip-flop i.
        first = lfsr.lag - lfsr.width
        self._places = [time - first for time in lfsr.order]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lfsr, places = self._lfsr, self._places
        reset = sum((lfsr.reset >> i & 1) << place for i, place in enumerate(places))
        window = reset_signal(lfsr.width, reset, "window")
        bits = Signal(lfsr.unfold + lfsr.width)
        if self._gated:
            with m.If(self.cs), m.If(self.en):
                m.d.comb += bits.eq(extend(m, window, lfsr.lag, len(bits)))
        else:
            m.d.comb += bits.eq(extend(m, window, lfsr.lag, len(bits)))
        now = lfsr.width - lfsr.lag
        m.d.comb += self.rnd.eq(bits[now : now + lfsr.unfold])
        with m.If(self.prog):
            m.d.srst += window.eq(Cat(self.seed[places.index(place)] for place in range(lfsr.width)))
        with m.Elif(self.en):
            m.d.srst += window.eq(bits[lfsr.unfold :])
        return m


def extend(m: Module, window: Signal, lag: int, n: int) -> Value:
    """Return the first ``n`` bits of the sequence y[t] = y[t - lag] ^ y[t - w], which begins with ``window``, w bits.

    When there are enough bits, both lags are doubled. The sequence obeys this equation, too (its polynomial, squared),
    and then many bits do not depend on each other.
    """
    bits: Value = window
    width, scale = len(window), 1
    while len(bits) < n:
        while 2 * scale * width <= len(bits):
            scale *= 2
        stride = lag * scale
        count = min(CHUNK, scale * width, n - len(bits))
        from_window = bits[len(bits) - scale * width :][:count]
        bits = Cat(bits, _running_xor(m, from_window ^ bits[-stride:][:count], stride))
    return bits


def _running_xor(m: Module, terms: Value, stride: int) -> Value:
    """Return a value whose bit i is the exclusive or of the terms i, i - stride, i - 2 stride, ..."""
    count = len(terms)
    while True:
        sums = Signal(count)
        m.d.comb += sums.eq(terms)
        if stride >= count:
            return sums
        terms = sums ^ (sums << stride)[:count]
        stride *= 2
