"""The scheduler's main queue.

Source: ODIN doc v0.1, 2.2.1 and fifo.v, fifo_spike_0.
"""

from amaranth import Module, ResetSignal, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from emulator.odin.layout import MAIN_DEPTH, PTR_BITS
from rtl.odin.buses import SCHED_EVENT_LAYOUT


class MainFifo(wiring.Component):
    """32 scheduler events, first in first out; what is offered while ``i.ready`` is 0 is lost.

    ``o.payload`` shows the oldest event, or what was left at the read pointer. At power-up, before any reset, the
    queue claims to hold one event (all 0): ODIN then starts with that event.
    """

    i: In(stream.Signature(SCHED_EVENT_LAYOUT))
    o: Out(stream.Signature(SCHED_EVENT_LAYOUT))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.words = words = memory.Memory(shape=SCHED_EVENT_LAYOUT, depth=MAIN_DEPTH, init=[])
        write = words.write_port()
        read = words.read_port(domain="comb")
        write_ptr, read_ptr, fill_cnt = (Signal(PTR_BITS, name=n) for n in ("write_ptr", "read_ptr", "fill_cnt"))
        empty = Signal(reset_less=True)
        pushes, pops = Signal(), Signal()
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
