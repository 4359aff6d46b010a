"""Many small counters of which any subset counts in the same clock."""

from amaranth import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out


class CounterBank(wiring.Component):
    """``n`` counters of ``width`` bits, held as bit planes: bit j of ``planes[b]`` is bit b of counter j.

    Counter j goes up by 1 at the clock if bit j of ``step`` is 1, and wraps. So a step of all of them is ``width``
    operations on vectors of ``n`` bits, in hardware as in a simulator.
    """

    def __init__(self, n: int, width: int) -> None:
        super().__init__({"step": In(n), "planes": Out(data.ArrayLayout(n, width))})
        self._width = width

    def elaborate(self, platform: object) -> Module:
        m = Module()
        carry = self.step
        for b in range(self._width):
            m.d.sync += self.planes[b].eq(self.planes[b] ^ carry)
            carry = carry & self.planes[b]
        return m
