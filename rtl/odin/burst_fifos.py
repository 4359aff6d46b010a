"""The scheduler's 57 burst queues: the spikes that go out 0, 1, ... 56 burst time references from now.

Source: scheduler.v, fifo_burst; fifo.v.
"""

from amaranth import Array, Cat, DomainRenamer, Module, Mux, Signal, Value
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2, exact_log2

from draupnir.emulator.odin.layout import BURST_DEPTH, BURST_WORD, N_PRIO, PTR_BITS, M
from draupnir.rtl.lib.counters import CounterBank
from draupnir.rtl.lib.views import layout_of

BURST_LAYOUT = layout_of(BURST_WORD)
SLOT_BITS = exact_log2(BURST_DEPTH)
N_BANKS = 19
ROUND_BITS = ceil_log2(N_PRIO // N_BANKS)
# Plane b has, for each queue j, bit b of its round, which is j // N_BANKS.
ROUND_MASKS = [sum((j // N_BANKS >> b & 1) << j for j in range(N_PRIO)) for b in range(ROUND_BITS)]


class BurstFifos(wiring.Component):
    """57 queues that share their input word and their output; queue j is bit j of ``push`` and ``last``.

    push : the queues that accept ``addr`` in this clock if ``push_en`` is 1; a queue that counts 32 words accepts none
    last : the queues in which ``addr`` is the last spike of its burst
    turn : the queue at the output, 0..56; 0 after a reset
    advances : 1 if ``turn`` becomes ``turn_after``, another queue, at this clock's edge
    valid : 1 if this queue has a word; ``ready`` then removes it
    head : the word; it has no meaning if the queue is empty

    A queue counts to 32 words but has room for 4. Words beyond these are lost, and the read pointer reads the 4 words
    again, modulo 4. (The original Verilog is undefined there: simulators disagree.)

    Clock domain ``burst``, with asynchronous reset, empties the queues.
    """

    push: In(N_PRIO)
    push_en: In(1)
    last: In(N_PRIO)
    addr: In(M)
    turn: In(range(N_PRIO))
    advances: In(1)
    turn_after: In(range(N_PRIO))
    head: Out(BURST_LAYOUT)
    valid: Out(1)
    ready: In(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        in_burst = DomainRenamer("burst")
        m.submodules.write_ptr = write_ptr = in_burst(CounterBank(N_PRIO, PTR_BITS))
        m.submodules.read_ptr = read_ptr = in_burst(CounterBank(N_PRIO, PTR_BITS))
        nonempty = Signal(N_PRIO)  # bit j is 1 if queue j is not empty
        full = Signal(N_PRIO)
        acceptable = Signal(N_PRIO)
        accepts = Signal(N_PRIO)
        at_turn = Signal(N_PRIO)
        pops, drains = Signal(), Signal(name="drains")
        apart = 0
        for write_plane, read_plane in zip(write_ptr.planes, read_ptr.planes, strict=True):
            apart = apart | (write_plane ^ read_plane)
        turn_write_ptr = _counter_of(write_ptr.planes, self.turn)
        turn_read_ptr = self._follow_turn(m, read_ptr.planes, pops)
        m.d.comb += [
            full.eq(nonempty & ~apart),
            acceptable.eq(self.push & ~full),
            accepts.eq(Mux(self.push_en, acceptable, 0)),
            at_turn.eq(1 << self.turn),
            self.valid.eq((nonempty & at_turn).any()),
            pops.eq(self.valid & self.ready),
            drains.eq(pops & ((turn_read_ptr + 1)[:PTR_BITS] == turn_write_ptr)),
            write_ptr.step.eq(accepts),
        ]
        with m.If(pops):
            m.d.comb += read_ptr.step.eq(at_turn)
        with m.If(drains):
            m.d.burst += nonempty.eq(nonempty & ~at_turn | accepts)
        with m.Else():
            m.d.burst += nonempty.eq(nonempty | accepts)
        m.submodules.words = words = BurstWords()
        m.d.comb += [
            words.write.eq(acceptable & ~_any_of(write_ptr.planes[SLOT_BITS:])),
            words.write_en.eq(self.push_en),
            words.slot_planes.eq(write_ptr.planes.as_value()),
            words.last.eq(self.last),
            words.addr.eq(self.addr),
            words.advances.eq(self.advances),
            words.turn_after.eq(self.turn_after),
            words.turn_slot.eq(turn_read_ptr),
            self.head.eq(words.head),
        ]
        return m

    def _follow_turn(self, m: Module, planes: data.View, pops: Value) -> Signal:
        """Return the read pointer of the queue at the output, which has a register of its own.

        So the word is known without a selection from 57 queues. ODIN's longest path begins at this word.
        """
        turn_read_ptr = Signal(PTR_BITS)
        with m.If(self.advances):
            m.d.burst += turn_read_ptr.eq(_counter_of(planes, self.turn_after))
        with m.Else():
            m.d.burst += turn_read_ptr.eq(turn_read_ptr + pops)
        return turn_read_ptr


class BurstWords(wiring.Component):
    """The 4 words of each queue, in 19 banks: queues j, j + 19 and j + 38 are in bank j modulo 19.

    write : the queues that are written if ``write_en`` is 1, no two of them in the same bank. This is always so for a
        burst: its queues are 1 to 6 times 1 to 8 apart, which 19 never divides, and the circle has 3 times 19 queues.
    slot_planes : the slot that is written in each queue, as bit planes
    turn_slot : the slot that ``head`` shows in the same clock, of the queue whose turn it is
    advances, turn_after : as for ``BurstFifos``
    """

    write: In(N_PRIO)
    write_en: In(1)
    last: In(N_PRIO)
    addr: In(M)
    slot_planes: In(data.ArrayLayout(N_PRIO, SLOT_BITS))
    advances: In(1)
    turn_after: In(range(N_PRIO))
    turn_slot: In(SLOT_BITS)
    head: Out(BURST_LAYOUT)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        round_planes = [self.write & mask for mask in ROUND_MASKS]
        is_written, is_last = _by_bank(self.write), _by_bank(self.last)
        addr_planes = [_by_bank(self.write & plane) for plane in self.slot_planes]
        addr_planes += [_by_bank(plane) for plane in round_planes]
        turn_bank, turn_round = Signal(range(N_BANKS), name="turn_bank"), Signal(ROUND_BITS, name="turn_round")
        with m.If(self.advances):
            with m.If(self.turn_after < N_BANKS):
                m.d.burst += [turn_bank.eq(self.turn_after), turn_round.eq(0)]
            with m.Elif(self.turn_after < 2 * N_BANKS):
                m.d.burst += [turn_bank.eq(self.turn_after - N_BANKS), turn_round.eq(1)]
            with m.Else():
                m.d.burst += [turn_bank.eq(self.turn_after - 2 * N_BANKS), turn_round.eq(2)]
        heads = []
        for bank in range(N_BANKS):
            m.submodules[f"bank_{bank}"] = words = memory.Memory(
                shape=BURST_LAYOUT, depth=1 << (SLOT_BITS + ROUND_BITS), init=[]
            )
            write = words.write_port()
            read = words.read_port(domain="comb")
            m.d.comb += [
                write.en.eq(is_written[bank] & self.write_en),
                write.addr.eq(Cat(plane[bank] for plane in addr_planes)),
                write.data.addr.eq(self.addr),
                write.data.last.eq(is_last[bank]),
                read.addr.eq(Cat(self.turn_slot, turn_round)),
            ]
            heads.append(read.data)
        m.d.comb += self.head.eq(Array(heads)[turn_bank])
        return m


def _counter_of(planes: data.View, queue: Value) -> Value:
    """Return the counter of one queue from the planes."""
    return Cat(plane.bit_select(queue, 1) for plane in planes)


def _by_bank(queues: Value) -> Value:
    """Return a bit for each bank, 1 if one of the bank's queues is set."""
    return _any_of([queues[start : start + N_BANKS] for start in range(0, N_PRIO, N_BANKS)])


def _any_of(planes: list[Value]) -> Value:
    union = planes[0]
    for plane in planes[1:]:
        union = union | plane
    return union
