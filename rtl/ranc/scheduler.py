"""The scheduler of a core: the spikes that wait for their tick.

The original reads a word at any time, and writes a single bit of another one. Here both words are read at the fall, for
the tick and the packet of after this fall, and the rise writes a whole word. So the memory may be block RAM, whose
reads and writes never come together.

Source: Scheduler.v, SchedulerSRAM.v, Counter.v.
"""

from amaranth import Const, Module, Mux, ResetSignal, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.ranc.sizes import Sizes


class Scheduler(wiring.Component):
    """A word of spikes for each tick.

    set : 1 goes to the next tick at the next fall
    clear : 1 clears the word of the present tick at the next rise, as a reset does; a packet is lost in this clock
    read : 1 reads the spikes of the present tick at the next fall
    packet, valid : axon and tick of a spike, and 1 if it is written at the next rise
    packet_next, reading : the packet of after the next fall, and 1 if there is one
    spikes : the spikes of the present tick
    """

    def __init__(self, s: Sizes) -> None:
        self._sizes = s
        super().__init__(
            {
                "set": In(1),
                "clear": In(1),
                "read": In(1),
                "packet": In(s.dy_lsb),
                "valid": In(1),
                "packet_next": In(s.dy_lsb),
                "reading": In(1),
                "spikes": Out(s.n_axons),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        s = self._sizes
        m.submodules.sram = sram = memory.Memory(shape=s.n_axons, depth=s.n_ticks, init=[])
        spikes = sram.read_port(domain="fall")
        target = sram.read_port(domain="fall")
        write = sram.write_port()
        read_address = Signal(s.tick_width, init=s.n_ticks - 1, reset_less=True)
        tick_next = Signal(s.tick_width)
        is_cleared = Signal()
        axon = self.packet[s.tick_width :]
        m.d.fall += read_address.eq(tick_next)
        m.d.comb += [
            tick_next.eq(read_address + self.set),
            spikes.addr.eq(tick_next),
            spikes.en.eq(self.read),
            self.spikes.eq(spikes.data),
            target.addr.eq(self.packet_next[: s.tick_width] + tick_next + 1),
            target.en.eq(self.reading),
            is_cleared.eq(self.clear | ResetSignal()),
            write.addr.eq(Mux(is_cleared, read_address, self.packet[: s.tick_width] + read_address + 1)),
            write.data.eq(Mux(is_cleared, 0, target.data | Const(1, s.n_axons) << axon)),
            write.en.eq(is_cleared | self.valid),
        ]
        return m
