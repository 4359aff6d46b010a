"""The scheduler: events of the input bus and the network's own spikes, in the order in which they come.

It is all of tinyODIN's scheduler; ODIN's has burst queues in addition.

Source: ODIN doc v0.1, 2.2.1; tinyODIN doc v1.0, 1.2; scheduler.v of both.
"""

from amaranth import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Member, Out

from draupnir.emulator.crossbar.layout import M
from draupnir.rtl.crossbar.buses import Formats
from draupnir.rtl.crossbar.event_fifo import EventFifo


class CrossbarScheduler(wiring.Component):
    """A scheduler with one queue; an event that does not fit is lost.

    neuron_event, neuron_addr : a spike and its neuron, which are ignored in open loop
    i : an event from the controller, which goes before a spike
    o : the next event; full : 1 if the queue is full
    open_loop_sync : SPI_OPEN_LOOP in the chip's clock domain

    depth : the number of events that it holds; others : ports that only one of the chips has
    """

    def __init__(self, formats: Formats, depth: int, others: dict[str, Member] | None = None) -> None:
        super().__init__(
            {
                "config": In(formats.config),
                "neuron_event": In(formats.spike),
                "neuron_addr": In(M),
                "i": In(formats.sched_events),
                "o": Out(formats.sched_events),
                "full": Out(1),
                "open_loop_sync": Out(1),
                **(others or {}),
            }
        )
        self._main = EventFifo(formats.sched_event, depth)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.open_loop = FFSynchronizer(self.config.spi_open_loop, self.open_loop_sync, reset_less=False)
        m.submodules.main_fifo = main = self._main
        spikes = Signal()
        m.d.comb += [
            spikes.eq(self.neuron_event.spike & ~self.open_loop_sync),
            main.i.valid.eq(self.i.valid | spikes),
            self.i.ready.eq(main.i.ready),
            self.full.eq(~main.i.ready),
        ]
        with m.If(self.i.valid):
            m.d.comb += main.i.payload.eq(self.i.payload)
        with m.Else():
            m.d.comb += main.i.payload.addr.eq(self.neuron_addr)
        m.d.comb += [self.o.valid.eq(main.o.valid), self.o.payload.eq(main.o.payload), main.o.ready.eq(self.o.ready)]
        self._connect_own(m, spikes & ~self.i.valid, platform)
        return m

    def _connect_own(self, m: Module, spikes: Value, platform: object) -> None:
        """Add the parts that only one of the chips has; spikes : 1 if a spike comes, and no event of the controller."""
