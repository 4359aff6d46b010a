"""The scheduler: the order in which spikes, virtual events and bursts are processed.

Source: ODIN doc v0.1, 2.2.1; scheduler.v.
"""

from collections.abc import Callable

from amaranth import C, Cat, Module, Mux, ResetSignal, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.odin.layout import MAIN_DEPTH, N_PRIO
from draupnir.rtl.crossbar.scheduler import CrossbarScheduler
from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.odin.burst_fifos import BurstFifos
from draupnir.rtl.odin.buses import CONFIG, FORMATS, Spike


class BurstClock(wiring.Component):
    """The turn of the burst queues, which goes to the next one every ``timeref`` + 1 clocks. Clock domain ``burst``.

    advances : 1 if the turn goes from ``turn`` to ``turn_after``, the next queue in the circle, at this clock's edge
    """

    timeref: In(CONFIG["spi_burst_timeref"].shape)
    turn: Out(range(N_PRIO))
    advances: Out(1)
    turn_after: Out(range(N_PRIO))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        priority_cnt = Signal.like(self.timeref)
        m.d.comb += [
            self.advances.eq(priority_cnt == self.timeref),
            self.turn_after.eq(Mux(self.turn == N_PRIO - 1, 0, self.turn + 1)),
        ]
        m.d.burst += priority_cnt.eq(priority_cnt + 1)
        with m.If(self.advances):
            m.d.burst += [priority_cnt.eq(0), self.turn.eq(self.turn_after)]
        return m


class BurstPush(wiring.Component):
    """The queues for a neuron's burst; the logic is combinational.

    event : ``spk_ref`` further spikes, ``isi_ref`` + 1 queues apart, the first one as far after ``turn``
    push, last : the queues for all of these spikes, and for the last one
    """

    event: In(Spike())
    turn: In(range(N_PRIO))
    push: Out(N_PRIO)
    last: Out(N_PRIO)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ahead, ahead_last = Signal(N_PRIO), Signal(N_PRIO, name="ahead_last")
        with m.Switch(self.event.isi_ref):
            for isi_ref in range(1 << len(self.event.isi_ref)):
                with m.Case(isi_ref):
                    m.d.comb += [
                        ahead.eq(self._spread(isi_ref + 1, lambda nth: self.event.spk_ref >= nth)),
                        ahead_last.eq(self._spread(isi_ref + 1, lambda nth: self.event.spk_ref == nth)),
                    ]
        with m.If(self.event.spk_ref != 0):
            m.d.comb += [self.push.eq(self._rotate(ahead)), self.last.eq(self._rotate(ahead_last))]
        return m

    def _spread(self, distance: int, bit: Callable[[int], Value]) -> Value:
        """Return a mask with ``bit(nth)`` at ``nth`` times the distance, for the 1st to the 7th further spike."""
        n_spikes = 1 << len(self.event.spk_ref)
        places = {nth * distance: bit(nth) for nth in range(1, n_spikes)}
        return Cat(places.get(place, C(0, 1)) for place in range(N_PRIO))

    def _rotate(self, mask: Value) -> Value:
        """Return the mask, rotated by the queue whose turn it is, in steps that are powers of 2."""
        for b in range(len(self.turn)):
            mask = Mux(self.turn[b], mask.rotate_left(1 << b), mask)
        return mask


class Scheduler(CrossbarScheduler):
    """See ``CrossbarScheduler``. In addition to the main queue there are burst queues, which go first.

    burst_end : 1 if the next event is the last spike of its burst
    """

    def __init__(self, bursts: bool = True) -> None:
        super().__init__(FORMATS, MAIN_DEPTH, {"burst_end": Out(1)})
        self._bursts = bursts

    def _connect_own(self, m: Module, spikes: Value, platform: object) -> None:
        if self._bursts:
            self._connect_bursts(m, spikes, platform)

    def _connect_bursts(self, m: Module, spikes: Value, platform: object) -> None:
        m.submodules.burst_clock = clock = BurstClock()
        m.submodules.burst_push = burst = BurstPush()
        m.submodules.burst_fifos = fifos = BurstFifos()
        forward(m, self.neuron_event, burst.event)
        m.d.comb += [
            clock.timeref.eq(self.config.spi_burst_timeref),
            burst.turn.eq(clock.turn),
            fifos.last.eq(burst.last),
            fifos.addr.eq(self.neuron_addr),
            fifos.turn.eq(clock.turn),
            fifos.advances.eq(clock.advances),
            fifos.turn_after.eq(clock.turn_after),
            fifos.ready.eq(self.o.ready),
            fifos.push_en.eq(spikes & ~ResetSignal("burst")),
            # In a device the spike is known late, and everything else should be ready then. In a simulator it is faster
            # if nothing moves without a spike.
            fifos.push.eq(burst.push if platform is not None else Mux(fifos.push_en, burst.push, 0)),
        ]
        with m.If(fifos.valid):
            m.d.comb += [
                self.o.valid.eq(1),
                self.o.payload.addr.eq(fifos.head.addr),
                self.o.payload.virts.eq(0),
                self.burst_end.eq(fifos.head.last),
                self._main.o.ready.eq(0),
            ]
