"""The output bus.

Source: tinyODIN doc v1.0, 2.2.2; aer_out.v.
"""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from draupnir.emulator.tinyodin.layout import M


class AerOut(wiring.Component):
    """Four-phase sender. While ``ctrl_busy`` the controller waits; a new event may all the same overtake an old one.

    event, event_addr : what is to be sent; lost while the acknowledge is high
    Everything happens in clock domain ``aerout``, which is in reset while the SPI has the memories.
    """

    event: In(1)
    event_addr: In(M)
    ctrl_busy: Out(1)
    addr: Out(M)
    req: Out(1)
    ack: In(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ack_sync, ack_sync_del = Signal(), Signal()
        m.submodules.ack = FFSynchronizer(self.ack, ack_sync, o_domain="aerout", reset_less=False)
        m.d.aerout += ack_sync_del.eq(ack_sync)
        with m.If(ack_sync):
            m.d.aerout += [self.req.eq(0), self.ctrl_busy.eq(1)]
        with m.Elif(self.event):
            m.d.aerout += [self.addr.eq(self.event_addr), self.req.eq(1), self.ctrl_busy.eq(1)]
        with m.Elif(ack_sync_del):
            m.d.aerout += [self.req.eq(0), self.ctrl_busy.eq(0)]
        return m
