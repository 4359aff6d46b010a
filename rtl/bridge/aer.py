"""Both ends of a chip's event buses, four-phase, to the clock as emulator/parts/handshake.py describes them.

``stb`` is the moment in a clock of the chip at which its outputs are looked at and its inputs change.
"""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from draupnir.rtl.bridge.protocol import CYCLE_BYTES

CYCLE_BITS = 8 * CYCLE_BYTES
DELAY_BITS = 16


class TimedEvent(data.StructLayout):
    """An event, or a spike, with a clock."""

    def __init__(self, addr_bits: int) -> None:
        super().__init__({"cycle": CYCLE_BITS, "addr": addr_bits})


class BridgeAerSender(wiring.Component):
    """Sends events; one whose cycle lies ahead waits.

    now : clocks so far
    gap, hold : delays, in clocks
    starved : the next event could be sent, or its delay begin, if only it were there
    forget : drop REQ at once, as after a reset
    """

    def __init__(self, addr_bits: int) -> None:
        super().__init__(
            {
                "stb": In(1),
                "now": In(CYCLE_BITS),
                "gap": In(DELAY_BITS),
                "hold": In(DELAY_BITS),
                "forget": In(1),
                "i": In(stream.Signature(TimedEvent(addr_bits))),
                "starved": Out(1),
                "addr": Out(addr_bits),
                "req": Out(1),
                "ack": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        waited, ahead = Signal(DELAY_BITS), Signal(CYCLE_BITS)
        m.d.comb += [
            ahead.eq(self.now - self.i.payload.cycle),  # the most significant bit: it lies ahead
            self.starved.eq(~self.req & ~self.ack & ~self.i.valid),
        ]
        with m.If(self.stb & self.req & self.ack):
            m.d.sync += waited.eq(waited + 1)
            with m.If(waited == self.hold):
                m.d.sync += [self.req.eq(0), waited.eq(0)]
        with m.Elif(self.stb & ~self.req & ~self.ack & self.i.valid):
            with m.If(waited != self.gap):
                m.d.sync += waited.eq(waited + 1)
            with m.Elif(~ahead[-1]):
                m.d.sync += [self.req.eq(1), self.addr.eq(self.i.payload.addr), waited.eq(0)]
                m.d.comb += self.i.ready.eq(1)
        with m.If(self.forget):
            m.d.sync += [self.req.eq(0), waited.eq(0)]
        return m


class BridgeAerReceiver(wiring.Component):
    """Takes spikes, each with the clock before whose edge its REQ was first seen.

    now, ack_delay, ack_hold : as for the sender
    o : the queue of spikes; while it has no room, nothing moves
    """

    def __init__(self, addr_bits: int) -> None:
        super().__init__(
            {
                "stb": In(1),
                "now": In(CYCLE_BITS),
                "ack_delay": In(DELAY_BITS),
                "ack_hold": In(DELAY_BITS),
                "o": Out(stream.Signature(TimedEvent(addr_bits))),
                "addr": In(addr_bits),
                "req": In(1),
                "ack": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        waited, req_before = Signal(DELAY_BITS), Signal()
        m.d.comb += [self.o.payload.cycle.eq(self.now), self.o.payload.addr.eq(self.addr)]
        with m.If(self.stb & self.o.ready):
            m.d.comb += self.o.valid.eq(self.req & ~req_before)
            m.d.sync += req_before.eq(self.req)
            with m.If(self.req != self.ack):
                m.d.sync += waited.eq(waited + 1)
                with m.If(waited == Mux(self.req, self.ack_delay, self.ack_hold)):
                    m.d.sync += [self.ack.eq(self.req), waited.eq(0)]
        return m
