"""Many small counters; any of them can count in the same clock."""

from amaranth import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out


class CounterBank(wiring.Component):
    """``n`` counters of ``width`` bits, as bit planes: bit j of ``planes[b]`` is bit b of counter j.

    Counter j increases by 1 at the next edge if bit j of ``step`` is 1, and wraps. So a step of all counters needs
    ``width`` operations on vectors of ``n`` bits, in hardware and in a simulator.
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
