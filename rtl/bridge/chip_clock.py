"""The chip's clock, which the bridge can stop."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class ChipClockGate(wiring.Component):
    """A clock from a flip-flop, low for ``half`` clocks of the bridge and high for as many. It stops while it is high.

    go : 1 lets another clock begin
    clk : the chip's clock
    stb : 1 in a clock of the bridge in which the chip's outputs are as its last rise left them, and at whose end its
        inputs change. If ``settle`` is 0, ``clk`` falls with them, so the inputs are stable for ``half`` clocks before
        the rise samples them. If the chip also uses the fall, this comes ``settle`` clocks later.
    look : 1 while the chip's outputs are as its last rise left them; ``stb`` is 1 only then
    rise : 1 if ``clk`` rises at the end of this clock; the outputs are then as the chip's last fall left them

    half : clocks of the bridge, more than ``settle``
    settle : clocks of the bridge between a change of the inputs and the fall
    """

    go: In(1)
    clk: Out(1)
    stb: Out(1)
    look: Out(1)
    rise: Out(1)

    def __init__(self, half: int = 1, settle: int = 0) -> None:
        super().__init__()
        self._half, self._settle = half, settle

    def elaborate(self, platform: object) -> Module:
        m = Module()
        waited = Signal(range(self._half + 1))
        ready = waited == self._half - 1
        changes = waited == self._half - 1 - self._settle
        falls = ready & self.stb if self._settle == 0 else ready
        m.d.sync += waited.eq(waited + 1)
        with m.FSM():
            with m.State("HIGH"):  # The clock is low at first, which does no harm.
                m.d.comb += [self.look.eq(changes), self.stb.eq(changes & self.go)]
                with m.If(changes & ~self.go):
                    m.d.sync += waited.eq(waited)
                with m.If(falls):
                    m.d.sync += [self.clk.eq(0), waited.eq(0)]
                    m.next = "LOW"
            with m.State("LOW"):
                m.d.comb += self.rise.eq(ready)
                with m.If(self.rise):
                    m.d.sync += [self.clk.eq(1), waited.eq(0)]
                    m.next = "HIGH"
        return m
