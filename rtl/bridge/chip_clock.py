"""The chip's clock, which the bridge can stop."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class ChipClockGate(wiring.Component):
    """A clock from a flip-flop, low for ``half`` clocks of the bridge and high for as many. It stops while it is high.

    go : 1 lets another clock begin
    clk : the chip's clock
    stb : 1 in a clock of the bridge in which the chip's outputs are as its last edge left them, and at whose end its
        inputs change, as ``clk`` falls. So the inputs are stable for ``half`` clocks before the chip samples them.
    look : 1 while the chip's outputs are as its last edge left them; ``stb`` is 1 only then
    rise : 1 if ``clk`` rises at the end of this clock

    half : clocks of the bridge, 1 or more
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
            with m.State("HIGH"):  # The clock is low at first, which does no harm.
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
