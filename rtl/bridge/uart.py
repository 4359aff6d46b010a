"""UART, 8N1: eight bits, least significant first, between a start bit (0) and a stop bit (1)."""

from amaranth import Cat, Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

BITS = 8
SMALLEST_DIVIDER = 4  # clocks in a bit; with fewer, the receiver cannot find its middle


class UartReceiver(wiring.Component):
    """Receive bytes from a line. A line knows no back pressure, so ``o.ready`` is always 1.

    A byte is valid for one clock, in the middle of its stop bit. A byte whose stop bit is 0 is dropped.

    divider : clocks in a bit, 4 or more
    """

    rx: In(1)
    o: Out(stream.Signature(BITS, always_ready=True))

    def __init__(self, divider: int) -> None:
        super().__init__()
        self._divider = divider

    def elaborate(self, platform: object) -> Module:
        m = Module()
        rx = Signal(init=1)
        m.submodules += FFSynchronizer(self.rx, rx, init=1)
        clocks = Signal(range(2 * self._divider))
        bit = Signal(range(BITS))
        m.d.comb += self.o.valid.eq(0)
        with m.If(clocks != 0):
            m.d.sync += clocks.eq(clocks - 1)
        with m.FSM():
            with m.State("IDLE"):
                with m.If(~rx):
                    m.d.sync += [clocks.eq(self._divider // 2 - 1), bit.eq(0)]
                    m.next = "START"
            with m.State("START"):
                with m.If(clocks == 0):
                    m.d.sync += clocks.eq(self._divider - 1)
                    with m.If(rx):
                        m.next = "IDLE"  # It was a glitch.
                    with m.Else():
                        m.next = "BITS"
            with m.State("BITS"):
                with m.If(clocks == 0):
                    m.d.sync += [
                        clocks.eq(self._divider - 1),
                        self.o.payload.eq(Cat(self.o.payload[1:], rx)),
                        bit.eq(bit + 1),
                    ]
                    with m.If(bit == BITS - 1):
                        m.next = "STOP"
            with m.State("STOP"):
                with m.If(clocks == 0):
                    m.d.comb += self.o.valid.eq(rx)
                    m.next = "RELEASE"
            with m.State("RELEASE"):  # If the line stays low, this is no start bit.
                with m.If(rx):
                    m.next = "IDLE"
        return m


class UartSender(wiring.Component):
    """Send bytes on a line, which is 1 between them.

    divider : clocks in a bit, 4 or more
    """

    i: In(stream.Signature(BITS))
    tx: Out(1, init=1)

    def __init__(self, divider: int) -> None:
        super().__init__()
        self._divider = divider

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shift = Signal(BITS + 1, init=(1 << BITS + 1) - 1)  # Bit 0 is on the line.
        n_bits = Signal(range(BITS + 3))  # the number of bits that are still to be on the line, with the present one
        clocks = Signal(range(self._divider))
        m.d.comb += [self.tx.eq(shift[0]), self.i.ready.eq(n_bits == 0)]
        with m.If(n_bits == 0):
            with m.If(self.i.valid):
                m.d.sync += [
                    shift.eq(Cat(Const(0, 1), self.i.payload)),
                    n_bits.eq(BITS + 2),
                    clocks.eq(self._divider - 1),
                ]
        with m.Elif(clocks == 0):
            m.d.sync += [shift.eq(Cat(shift[1:], Const(1, 1))), n_bits.eq(n_bits - 1), clocks.eq(self._divider - 1)]
        with m.Else():
            m.d.sync += clocks.eq(clocks - 1)
        return m
