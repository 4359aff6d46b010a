"""An SPI master (mode 0) that moves with the chip's clock."""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

HALF_BITS = 8


class BridgeSpiMaster(wiring.Component):
    """Send and receive a byte at a time, most significant bit first. SCK is low for a clock after each byte.

    stb : 1 at the moment in a clock of the chip at which its pins change
    half : clocks in half an SCK period, 1..255
    i : bytes to send; ``ready`` while ``busy`` is 0
    busy : 1 while the master sends; the chip's clock must run then
    miso_byte : the levels of MISO just before SCK rose, valid when ``busy`` is 0 again
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
        high = Signal()  # the level of SCK from the next ``stb`` on
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
