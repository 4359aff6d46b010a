"""The scheduler's 57 burst queues: what is to be sent 0, 1, ... 56 burst time references from now.

Source: scheduler.v, fifo_burst; fifo.v.
"""

from amaranth import Cat, DomainRenamer, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from emulator.odin.layout import BURST_DEPTH, BURST_WORD, N_PRIO, PTR_BITS, M
from rtl.lib.counters import CounterBank
from rtl.lib.views import layout_of

BURST_LAYOUT = layout_of(BURST_WORD)
SLOT_BITS = exact_log2(BURST_DEPTH)


class BurstFifos(wiring.Component):
    """57 queues that share their input word and their output; queue j is bit j of ``push`` and ``last``.

    push : the queues that take ``addr`` at this clock; a queue with 32 words takes nothing
    last : the queues for which ``addr`` is the last spike of its burst
    turn : the queue at the output, 0..56
    valid : it holds a word; ``ready`` then takes it
    head : the word; if the queue is empty, of no meaning

    A queue counts to 32 words but has 4: what the write pointer would put beyond them is lost; the read pointer finds
    the words again, modulo 4. (There the original Verilog has no meaning of its own: simulators disagree.)

    Clock domain ``burst``, with asynchronous reset, empties the queues.
    """

    push: In(N_PRIO)
    last: In(N_PRIO)
    addr: In(M)
    turn: In(range(N_PRIO))
    head: Out(BURST_LAYOUT)
    valid: Out(1)
    ready: In(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        in_burst = DomainRenamer("burst")
        m.submodules.write_ptr = write_ptr = in_burst(CounterBank(N_PRIO, PTR_BITS))
        m.submodules.read_ptr = read_ptr = in_burst(CounterBank(N_PRIO, PTR_BITS))
        held = Signal(N_PRIO)  # the queue is not empty
        full = Signal(N_PRIO)
        accepted = Signal(N_PRIO)
        at_turn = Signal(N_PRIO)
        pops, drains = Signal(), Signal()
        apart = 0
        for written, read in zip(write_ptr.planes, read_ptr.planes, strict=True):
            apart = apart | (written ^ read)
        turn_write_ptr, turn_read_ptr = self._at_turn(m, write_ptr.planes), self._at_turn(m, read_ptr.planes)
        m.d.comb += [
            full.eq(held & ~apart),
            accepted.eq(self.push & ~full),
            at_turn.eq(1 << self.turn),
            self.valid.eq((held & at_turn).any()),
            pops.eq(self.valid & self.ready),
            drains.eq(pops & ((turn_read_ptr + 1)[:PTR_BITS] == turn_write_ptr)),
            write_ptr.step.eq(accepted),
        ]
        with m.If(pops):
            m.d.comb += read_ptr.step.eq(at_turn)
        with m.If(drains):
            m.d.burst += held.eq(held & ~at_turn | accepted)
        with m.Else():
            m.d.burst += held.eq(held | accepted)
        self._store(m, accepted, write_ptr.planes, turn_read_ptr)
        return m

    def _at_turn(self, m: Module, planes: data.View) -> Signal:
        """One queue's counter out of the planes."""
        counter = Signal(PTR_BITS)
        m.d.comb += counter.eq(Cat(plane.bit_select(self.turn, 1) for plane in planes))
        return counter

    def _store(self, m: Module, accepted: Signal, write_planes: data.View, turn_read_ptr: Signal) -> None:
        """Slot s of all queues is one register: so that a simulator touches them only when there is a push."""
        slots = [
            Signal(data.ArrayLayout(BURST_LAYOUT, N_PRIO), name=f"slot_{s}", reset_less=True)
            for s in range(BURST_DEPTH)
        ]
        exists = accepted & ~_any_of(write_planes[SLOT_BITS:])
        with m.If(accepted.any()):
            for s, slot in enumerate(slots):
                takes = exists
                for b in range(SLOT_BITS):
                    takes = takes & (write_planes[b] if s >> b & 1 else ~write_planes[b])
                for j in range(N_PRIO):
                    with m.If(takes[j]):
                        m.d.sync += [slot[j].addr.eq(self.addr), slot[j].last.eq(self.last[j])]
        with m.If(self.valid), m.Switch(turn_read_ptr[:SLOT_BITS]):
            for s, slot in enumerate(slots):
                with m.Case(s):
                    self._select(m, slot)

    def _select(self, m: Module, slot: Signal) -> None:
        with m.Switch(self.turn):
            for j in range(N_PRIO):
                with m.Case(j):
                    m.d.comb += self.head.eq(slot[j])


def _any_of(planes: list[Value]) -> Value:
    union = planes[0]
    for plane in planes[1:]:
        union = union | plane
    return union
