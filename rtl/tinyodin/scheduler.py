"""The scheduler: events of the input bus and the network's own spikes, in the order in which they came.

Source: tinyODIN doc v1.0, 1.2; scheduler.v.
"""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out, connect, flipped

from draupnir.emulator.tinyodin.layout import MAIN_DEPTH, M
from draupnir.rtl.crossbar.event_fifo import EventFifo
from draupnir.rtl.tinyodin.buses import CONFIG, SCHED_EVENT_LAYOUT


class Scheduler(wiring.Component):
    """One queue; what does not fit is lost.

    i : an event from the controller, which goes before a spike
    spike, neuron_addr : a neuron's spike; kept out in open loop
    """

    config: In(CONFIG)
    i: In(stream.Signature(SCHED_EVENT_LAYOUT))
    spike: In(1)
    neuron_addr: In(M)
    o: Out(stream.Signature(SCHED_EVENT_LAYOUT))
    full: Out(1)

    def __init__(self, depth: int = MAIN_DEPTH) -> None:
        super().__init__()
        self._depth = depth

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.fifo = fifo = EventFifo(SCHED_EVENT_LAYOUT, self._depth)
        open_loop_sync = Signal()
        m.submodules.open_loop = FFSynchronizer(self.config.spi_open_loop, open_loop_sync, reset_less=False)
        connect(m, fifo.o, flipped(self.o))
        m.d.comb += [
            self.i.ready.eq(fifo.i.ready),
            self.full.eq(~fifo.i.ready),
            fifo.i.valid.eq(self.i.valid | self.spike & ~open_loop_sync),
            fifo.i.payload.addr.eq(self.neuron_addr),
        ]
        with m.If(self.i.valid):
            m.d.comb += fifo.i.payload.eq(self.i.payload)
        return m
