"""The bridge's part for a chip that takes packets out of a FIFO, and whose other pins belong to no bus.

Every input changes once in a clock of the chip, between its rise and its fall, and the outputs are sampled just before
its rise. So a clock ``n`` of the chip is its nth fall and the rise after it, with the same inputs at both.
"""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from draupnir.rtl.bridge.aer import CYCLE_BITS, TimedEvent, is_due


class PacketFifo(wiring.Component):
    """A FIFO outside of the chip. Its items come from a queue, and are not in it before the chip's clock ``cycle``.

    stb : 1 at the moment in a clock of the chip at which its inputs change; rise : 1 if its clock rises next
    now : the number of the chip's clocks so far, modulo 2**32, which is the number of the next one
    forget : 1 empties the FIFO; the queue must be emptied, too
    starved : 1 if the queue has no item, so that the next one may be late
    empty, data, pull : the bus ``FIFO_PULL`` with a latency of 1: ``data`` is the item that was pulled last

    bits : width of an item
    """

    def __init__(self, bits: int) -> None:
        super().__init__(
            {
                "stb": In(1),
                "rise": In(1),
                "now": In(CYCLE_BITS),
                "forget": In(1),
                "i": In(stream.Signature(TimedEvent(bits))),
                "starved": Out(1),
                "empty": Out(1, init=1),
                "data": Out(bits),
                "pull": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pulled_item = Signal.like(self.data)
        m.d.comb += self.starved.eq(~self.i.valid)
        with m.If(self.rise & self.pull & ~self.empty):
            m.d.comb += self.i.ready.eq(1)
            m.d.sync += pulled_item.eq(self.i.payload.addr)
        with m.If(self.stb):
            m.d.sync += [
                self.data.eq(pulled_item),
                self.empty.eq(~(self.i.valid & is_due(self.i.payload.cycle, self.now))),
            ]
        with m.If(self.forget):
            m.d.sync += self.empty.eq(1)
        return m


class LevelSetter(wiring.Component):
    """Set the pins that belong to no bus, each time from the chip's clock ``cycle`` of an item on.

    stb, now, starved : as for ``PacketFifo``
    set : 1 gives the pins the levels ``i.payload.addr`` at the end of this clock of the bridge

    bits : width of all pins together
    """

    def __init__(self, bits: int) -> None:
        super().__init__(
            {
                "stb": In(1),
                "now": In(CYCLE_BITS),
                "i": In(stream.Signature(TimedEvent(bits))),
                "starved": Out(1),
                "set": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += [
            self.starved.eq(~self.i.valid),
            self.set.eq(self.stb & self.i.valid & is_due(self.i.payload.cycle, self.now)),
            self.i.ready.eq(self.set),
        ]
        return m


class LevelObserver(wiring.Component):
    """Report the levels of pins whenever they change, with the chip's clock before whose rise they are new.

    rise, now : as for ``PacketFifo``
    forget : 1 takes the levels before the next rise as 0
    o : to a queue, which must have room when the chip's clock begins

    bits : width of all pins together
    """

    def __init__(self, bits: int) -> None:
        super().__init__(
            {
                "rise": In(1),
                "now": In(CYCLE_BITS),
                "forget": In(1),
                "levels": In(bits),
                "o": Out(stream.Signature(TimedEvent(bits))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        previous_levels = Signal.like(self.levels)
        m.d.comb += [
            self.o.payload.cycle.eq(self.now),
            self.o.payload.addr.eq(self.levels),
            self.o.valid.eq(self.rise & (self.levels != previous_levels)),
        ]
        with m.If(self.rise):
            m.d.sync += previous_levels.eq(self.levels)
        with m.If(self.forget):
            m.d.sync += previous_levels.eq(0)
        return m
