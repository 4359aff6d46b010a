"""The random bits of rounding, noise and weight updates: a shift register that takes many steps at a clock.

Source: lfsr/*.v.
"""

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.lfsrs import Lfsr
from draupnir.rtl.lib.power_up import reset_signal

CHUNK = 64  # bits computed side by side


class UnfoldedLfsr(wiring.Component):
    """A declared LFSR.

    en : take ``unfold`` steps at the clock
    prog : take ``seed`` instead, flip-flop 0 of the original in bit 0
    rnd : the ``unfold`` bits that these steps go over, the first in bit 0
    gated : ``rnd`` is needed only while ``en`` and ``cs``, another input, are 1, and ``en`` rises only with ``cs``

    Clock domain ``srst``, with synchronous reset.
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
    """The first ``n`` bits of the sequence y[t] = y[t - lag] ^ y[t - w] that begins with the ``w`` bits of ``window``.

    As soon as enough bits are there both lags are doubled, which the sequence obeys as well (its polynomial squared):
    then many bits do not depend on each other.
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
    """Bit i is the exclusive or of the terms i, i - stride, i - 2 stride, ..."""
    count = len(terms)
    while True:
        sums = Signal(count)
        m.d.comb += sums.eq(terms)
        if stride >= count:
            return sums
        terms = sums ^ (sums << stride)[:count]
        stride *= 2
