"""A merge, which takes packets from several buffers, one after the other.

Source: Merge2.v, Merge3.v.
"""

from amaranth import Module, Mux, Signal
from amaranth.hdl import Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.rtl.ranc.buffer import Pull


class Merge(wiring.Component):
    """Take a packet at a time from ``n`` buffers; the first one that is not empty goes first.

    It raises a read enable at a fall, the buffer shows the packet at the next rise, and at the next fall the packet is
    at ``dout``. So a packet takes two clocks.

    i : the buffers
    stop : 1 if a packet has no place behind the merge; then nothing changes but for a reset
    dout, wen : a packet, and 1 while it is new
    dout_next : the packet that ``dout`` shows after the next fall, if ``reading`` is 1
    reading : 1 if a buffer shows a packet, which the merge takes at the next fall unless ``stop`` is 1
    """

    def __init__(self, width: int, n: int) -> None:
        super().__init__(
            {
                "i": In(Pull(width)).array(n),
                "stop": In(1),
                "dout": Out(width),
                "wen": Out(1),
                "dout_next": Out(width),
                "reading": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        packet: Value = self.i[-1].packet
        for i in reversed(self.i[:-1]):
            packet = Mux(i.read_en, i.packet, packet)
        m.d.comb += [self.reading.eq(sum(i.read_en for i in self.i) != 0), self.dout_next.eq(packet)]
        with m.If(~self.stop):
            m.d.fall += self.wen.eq(self.reading)
            with m.If(self.reading):
                m.d.fall += [self.dout.eq(self.dout_next), *(i.read_en.eq(0) for i in self.i)]
            with m.Else():
                self._choose(m)
        return m

    def _choose(self, m: Module) -> None:
        """Raise the read enable of the first buffer that has a packet."""
        earlier = Signal(len(self.i) + 1)
        for n, i in enumerate(self.i):
            m.d.comb += earlier[n + 1].eq(earlier[n] | ~i.empty)
            m.d.fall += i.read_en.eq(~i.empty & ~earlier[n])
