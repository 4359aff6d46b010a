"""A buffer of packets, and the wires between a buffer and the merge that reads it.

Source: Buffer.v.
"""

from amaranth import Module, Mux, ResetSignal, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2


class Pull(wiring.Signature):
    """The way from a buffer, which sends, to a merge, which pulls.

    empty : 1 if the buffer has no packet
    read_en : 1 takes a packet at the next rise
    packet : the packet that was taken last; 0 after a reset
    """

    def __init__(self, width: int) -> None:
        super().__init__({"packet": Out(width), "empty": Out(1), "read_en": In(1)})


class Buffer(wiring.Component):
    """A queue of ``depth`` packets, a power of 2, of ``width`` bits each.

    din, din_valid : a packet to be queued at the next rise; it is lost if the buffer is full
    full : 1 if there are ``depth`` packets
    full_next : the level of ``full`` after the next rise
    """

    def __init__(self, width: int, depth: int) -> None:
        self._width, self._depth = width, depth
        super().__init__(
            {"din": In(width), "din_valid": In(1), "o": Out(Pull(width)), "full": Out(1), "full_next": Out(1)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pointer_bits = exact_log2(self._depth)
        # With one packet both pointers have no bits, so the second word is never used. A memory of one word has no
        # address, which not every tool reads.
        m.submodules.entries = entries = memory.Memory(shape=self._width, depth=max(self._depth, 2), init=[])
        read = entries.read_port(domain="comb")
        write = entries.write_port()
        read_pointer = Signal(pointer_bits)
        write_pointer = Signal(pointer_bits)
        status_counter = Signal(pointer_bits + 1)
        count_next = Signal(pointer_bits + 1)
        output_data = Signal(self._width)
        pushes = Signal()
        pops = Signal()
        m.d.comb += [
            self.o.empty.eq(status_counter == 0),
            self.o.packet.eq(output_data),
            self.full.eq(status_counter == self._depth),
            self.full_next.eq(count_next == self._depth),
            pushes.eq(self.din_valid & ~self.full),
            pops.eq(self.o.read_en & ~self.o.empty),
            count_next.eq(Mux(ResetSignal(), 0, status_counter + pushes - pops)),
            write.addr.eq(write_pointer),
            write.data.eq(self.din),
            write.en.eq(pushes),
            read.addr.eq(read_pointer),
        ]
        m.d.sync += [status_counter.eq(count_next), write_pointer.eq(write_pointer + pushes)]
        with m.If(pops):
            m.d.sync += [output_data.eq(read.data), read_pointer.eq(read_pointer + 1)]
        return m
