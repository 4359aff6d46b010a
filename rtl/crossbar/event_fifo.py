"""The scheduler's queue, which ODIN and tinyODIN share.

Source: fifo.v of both.
"""

from amaranth import Module, ResetSignal, Signal
from amaranth.hdl import ShapeLike
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2


class EventFifo(wiring.Component):
    """A queue of ``depth`` events, a power of 2, first in first out. An event is lost if ``i.ready`` is 0.

    ``o.payload`` is the oldest event, or an old word if the queue is empty. Before any reset the queue says that it has
    one event, all 0, and the chip then starts with this event.
    """

    def __init__(self, shape: ShapeLike, depth: int) -> None:
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})
        self._shape, self._depth = shape, depth

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.events = events = memory.Memory(shape=self._shape, depth=self._depth, init=[])
        write = events.write_port()
        read = events.read_port(domain="comb")
        ptr_bits = exact_log2(self._depth)
        write_ptr, read_ptr, fill_cnt = (Signal(ptr_bits, name=n) for n in ("write_ptr", "read_ptr", "fill_cnt"))
        empty = Signal(reset_less=True)
        pushes, pops = Signal(), Signal(name="pops")
        m.d.comb += [
            self.i.ready.eq(~fill_cnt.all()),
            self.o.valid.eq(~empty),
            pushes.eq(self.i.valid & self.i.ready),
            pops.eq(self.o.valid & self.o.ready),
            write.addr.eq(write_ptr),
            write.data.eq(self.i.payload),
            write.en.eq(pushes),
            read.addr.eq(read_ptr),
            self.o.payload.eq(read.data),
        ]
        m.d.sync += [write_ptr.eq(write_ptr + pushes), read_ptr.eq(read_ptr + pops)]
        # fill_cnt does not count the word at the output.
        with m.If(pushes & ~pops & ~empty):
            m.d.sync += fill_cnt.eq(fill_cnt + 1)
        with m.Elif(pops & ~pushes & (fill_cnt != 0)):
            m.d.sync += fill_cnt.eq(fill_cnt - 1)
        with m.If(ResetSignal()):
            m.d.sync += empty.eq(1)
        with m.Elif(pushes):
            m.d.sync += empty.eq(0)
        with m.Elif(pops):
            m.d.sync += empty.eq(fill_cnt == 0)
        return m
