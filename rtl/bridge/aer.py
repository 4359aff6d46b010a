"""The sender and the receiver for a chip's four-phase event buses.

They do in each clock what emulator/parts/handshake.py describes. ``stb`` is 1 at the moment in a clock of the chip at
which they sample the chip's outputs and change its inputs.
"""

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from draupnir.rtl.bridge.protocol import CYCLE_BYTES

CYCLE_BITS = 8 * CYCLE_BYTES
DELAY_BITS = 16


class TimedEvent(data.StructLayout):
    """An event or a spike, with the number of a clock.

    addr_bits : width of its address
    """

    def __init__(self, addr_bits: int) -> None:
        super().__init__({"cycle": CYCLE_BITS, "addr": addr_bits})


def is_due(cycle: Value, now: Value) -> Value:
    """Return 1 if a cycle has come, 0 if it lies up to 2**31 clocks ahead; both are numbers modulo 2**32."""
    return ~(now - cycle)[CYCLE_BITS - 1]


class BridgeAerSender(wiring.Component):
    """Send events to the chip. An event waits until the chip has reached its cycle.

    now : the number of the chip's clocks so far, modulo 2**32
    gap, hold : delays in clocks, 0..65535
    starved : 1 while the sender waits for an event that has not come yet
    forget : 1 drops REQ in the next clock of the bridge, as after a reset
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
        waited = Signal(DELAY_BITS)
        m.d.comb += self.starved.eq(~self.req & ~self.ack & ~self.i.valid)
        with m.If(self.stb & self.req & self.ack):
            m.d.sync += waited.eq(waited + 1)
            with m.If(waited == self.hold):
                m.d.sync += [self.req.eq(0), waited.eq(0)]
        with m.Elif(self.stb & ~self.req & ~self.ack & self.i.valid):
            with m.If(waited != self.gap):
                m.d.sync += waited.eq(waited + 1)
            with m.Elif(is_due(self.i.payload.cycle, self.now)):
                m.d.sync += [self.req.eq(1), self.addr.eq(self.i.payload.addr), waited.eq(0)]
                m.d.comb += self.i.ready.eq(1)
        with m.If(self.forget):
            m.d.sync += [self.req.eq(0), waited.eq(0)]
        return m


class BridgeAerReceiver(wiring.Component):
    """Receive spikes from the chip, each with the number of the clock before whose edge its REQ was first 1.

    now : as for the sender
    ack_delay, ack_hold : delays in clocks, 0..65535
    o : the queue of spikes; the receiver stands still while the queue has no room
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
        waited, req_before = Signal(DELAY_BITS), Signal(name="req_before")
        m.d.comb += [self.o.payload.cycle.eq(self.now), self.o.payload.addr.eq(self.addr)]
        with m.If(self.stb & self.o.ready):
            m.d.comb += self.o.valid.eq(self.req & ~req_before)
            m.d.sync += req_before.eq(self.req)
            with m.If(self.req != self.ack):
                m.d.sync += waited.eq(waited + 1)
                with m.If(waited == Mux(self.req, self.ack_delay, self.ack_hold)):
                    m.d.sync += [self.ack.eq(self.req), waited.eq(0)]
        return m
