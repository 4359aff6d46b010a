"""An SPI master (mode 0) that moves with the chip's clock."""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

HALF_BITS = 8


class BridgeSpiMaster(wiring.Component):
    """A byte at a time, most significant bit first; SCK is low for a clock after each.

    stb : the moment in a clock of the chip at which its pins change
    half : clocks in half an SCK period, 1 or more
    i : bytes to send; taken while ``busy`` is 0
    busy : the chip's clock must run
    miso_byte : what MISO showed just before SCK rose, once ``busy`` is 0 again
    """

    stb: In(1)
    half: In(HALF_BITS)
    i: In(stream.Signature(8))
    busy: Out(1)
    miso_byte: Out(8)
    sck: Out(1)
    mosi: Out(1)
    miso: In(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shift = Signal(8)
        bits = Signal(range(9))
        clocks = Signal(HALF_BITS)
        high = Signal()  # the level that SCK takes at the next stb
        m.d.comb += self.i.ready.eq(~self.busy)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [self.busy.eq(1), shift.eq(self.i.payload), bits.eq(8), clocks.eq(0), high.eq(0)]
        with m.If(self.busy & self.stb):
            with m.If(bits == 0):
                m.d.sync += [self.sck.eq(0), self.busy.eq(0)]
            with m.Else():
                m.d.sync += [self.sck.eq(high), self.mosi.eq(shift[-1]), clocks.eq(clocks + 1)]
                with m.If(high & (clocks == 0)):
                    m.d.sync += self.miso_byte.eq(self.miso_byte << 1 | self.miso)
                with m.If(clocks == self.half - 1):
                    m.d.sync += [clocks.eq(0), high.eq(~high)]
                    with m.If(high):
                        m.d.sync += [bits.eq(bits - 1), shift.eq(shift << 1)]
        return m
