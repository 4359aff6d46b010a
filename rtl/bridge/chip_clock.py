"""The chip's clock, which runs when it is told to, and what moves with it."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class ChipClockGate(wiring.Component):
    """A clock from a flip-flop, ``half`` of our clocks low and as many high; it stops where it is high.

    go : let there be another clock
    clk : the chip's clock
    stb : in this clock the chip's outputs are as its last edge left them; its inputs change at the end of this
        clock, as ``clk`` falls: so they are stable for ``half`` clocks before they are taken, and cannot race it
    look : the chip's outputs are as its last edge left them; ``stb`` comes at such a moment
    rise : at the end of this clock ``clk`` rises
    """

    go: In(1)
    clk: Out(1)
    stb: Out(1)
    look: Out(1)
    rise: Out(1)

    def __init__(self, half: int = 1) -> None:
        super().__init__()
        self._half = half

    def elaborate(self, platform: object) -> Module:
        m = Module()
        waited = Signal(range(self._half + 1))
        ready = waited == self._half - 1
        with m.If(~ready):
            m.d.sync += waited.eq(waited + 1)
        with m.FSM():
            with m.State("HIGH"):  # at first low, which nobody minds
                m.d.comb += [self.look.eq(ready), self.stb.eq(ready & self.go)]
                with m.If(self.stb):
                    m.d.sync += [self.clk.eq(0), waited.eq(0)]
                    m.next = "LOW"
            with m.State("LOW"):
                m.d.comb += self.rise.eq(ready)
                with m.If(self.rise):
                    m.d.sync += [self.clk.eq(1), waited.eq(0)]
                    m.next = "HIGH"
        return m
