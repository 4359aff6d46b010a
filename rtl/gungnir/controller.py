"""The controller: ODIN's, with three more states for the events of e-prop.

Source: emulator/gungnir/README.md.
"""

from amaranth import Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from draupnir.emulator.crossbar.layout import GROUP_BITS, M
from draupnir.emulator.gungnir.layout import LEARN_ROW_CLOCKS, SPI_FRACTIONS, State
from draupnir.rtl.crossbar.buses import SynapsesControl
from draupnir.rtl.gungnir.buses import EVENTS
from draupnir.rtl.odin import controller as odin


class Controller(odin.Controller):
    """See ODIN's. While ``eprop_en`` is 0 no event is one of e-prop, and none goes on.

    no_trace : 1 if the neuron last read has no trace
    fractions : the accesses to the fractions; an access of the SPI to them is none to the synapses
    own_spike : 1 if a neuron is visited by its own spike
    teaches : 1 if a neuron that is written gets a learning signal, and nothing else; is_feedback : from a row
    learns : 1 if a learn event has the synapses; seeds : 1 in the clock that starts the random numbers
    """

    def __init__(self) -> None:
        more = {
            "eprop_en": In(1),
            "no_trace": In(1),
            "fractions": Out(SynapsesControl()),
            **{name: Out(1) for name in ("own_spike", "teaches", "is_feedback", "learns", "seeds")},
        }
        super().__init__(states=State, more=more)
        self._events = EVENTS
        self._learn_cnt = Signal(range(LEARN_ROW_CLOCKS))  # the number of clocks in this row of a learn event

    def _in_every_state(self, m: Module) -> None:
        super()._in_every_state(m)
        m.d.sync += self._learn_cnt.eq(0)
        with m.If(self.eprop_en & (self._state == State.FEEDBACK)):
            m.d.comb += self.pre.eq(self._aerin("feedback", "neur"))
        with m.If(self.eprop_en & (self._state == State.LEARN)):
            m.d.comb += self.pre.eq(self._row())

    # --- States in which the controller waits

    def _wait(self, m: Module) -> None:
        gate, may_begin = self.gate_activity_sync, self.eprop_en & ~self.aerout_ctrl_busy
        asks = self._aerin_req_sync & self._names("signal", "seed", "feedback", "learn", "learn_all")
        with m.If(may_begin & gate & (self.spi.op_code == SPI_FRACTIONS)):
            with m.If(self._prog_event_sync):
                self._go(m, State.W_SYN)
            with m.Elif(self._readback_event_sync):
                self._go(m, State.R_SYN)
        with m.Elif(may_begin & ~gate & ~self.sched_full & asks):
            self._begin_eprop_event(m)
        with m.Else():
            super()._wait(m)

    def _begin_eprop_event(self, m: Module) -> None:
        with m.If(self._names("signal", "seed")):
            self._go(m, State.SIGNAL)
        with m.Elif(self._names("feedback")):
            self._go(m, State.FEEDBACK)
        with m.Elif(self.sched.valid):  # learning waits until all spikes are processed
            self._begin_sched_event(m)
        with m.Else():
            self._go(m, State.LEARN)

    # --- Memory accesses of the SPI

    def _w_syn(self, m: Module) -> None:
        super()._w_syn(m)
        self._reach_fractions(m)

    def _r_syn(self, m: Module) -> None:
        super()._r_syn(m)
        self._reach_fractions(m)

    def _reach_fractions(self, m: Module) -> None:
        with m.If(self.eprop_en & (self.spi.op_code == SPI_FRACTIONS)):
            m.d.comb += [
                self.synapses.cs.eq(0),
                self.fractions.cs.eq(1),
                self.fractions.we.eq(self.synapses.we),
                self.fractions.addr.eq(self._spi_synapses),
            ]

    # --- Events

    def _pop_neur(self, m: Module) -> None:
        super()._pop_neur(m)
        m.d.comb += self.own_spike.eq(self.sched.payload.addr == self._neur_cnt)

    def _signal(self, m: Module) -> None:
        """Process a learning signal to one neuron, or the seed of the random numbers."""
        with m.If(~self.eprop_en):
            self._go(m, State.WAIT)
        with m.Else():
            with m.If(self._names("seed")):
                m.d.comb += self.seeds.eq(self._second_clock)
            with m.Else():
                self._access_neuron(m, self._aerin("signal", "neur"), self._ctrl_cnt != 0)
                m.d.comb += self.teaches.eq(1)
            with m.If(self._second_clock):
                self._go(m, State.WAIT_REQDN)

    def _feedback(self, m: Module) -> None:
        """Process a learning signal to all neurons; a word of weights is read for each eight neurons."""
        write = self._ctrl_cnt[0]
        with m.If(~self.eprop_en):
            self._go(m, State.WAIT)
        with m.Else():
            self._address_synapses(m, self._aerin("feedback", "neur"), self._neur_cnt[GROUP_BITS:])
            self._access_neuron(m, self._neur_cnt, write)
            m.d.comb += [
                self.synapses.cs.eq(self._neur_cnt[:GROUP_BITS] == 0),
                self.teaches.eq(1),
                self.is_feedback.eq(1),
                self._neur_cnt_inc.eq(write),
            ]
            with m.If(self._is_last() & write):
                self._go(m, State.WAIT_REQDN)

    def _row(self) -> Value:
        return Mux(self._one_neuron, self._aerin("learn", "neur"), self._neur_cnt)[:M]

    def _learn(self, m: Module) -> None:
        """Process e-prop for one row, or for all: read the neuron's trace, then read and write word by word."""
        cnt, place = self._learn_cnt, (self._learn_cnt - 2)[: len(self._learn_cnt)]
        row_ends = Signal()
        m.d.comb += row_ends.eq(~self.aerout_ctrl_busy & ((cnt == LEARN_ROW_CLOCKS - 1) | (cnt == 1) & self.no_trace))
        with m.If(~self.eprop_en):
            self._go(m, State.WAIT)
        with m.Else():
            with m.If(cnt == 0):
                self._access_neuron(m, self._row(), 0)
            with m.If(cnt >= 2):
                self._address_synapses(m, self._row(), place[1:])
                self._access_synapses(m, place[0] & ~self.aerout_ctrl_busy)
                m.d.comb += [
                    self.learns.eq(1),
                    self.fractions.cs.eq(1),
                    self.fractions.we.eq(self.synapses.we),
                    self.fractions.addr.eq(self.synapses.addr),
                ]
            m.d.comb += self._neur_cnt_inc.eq(row_ends & ~self._one_neuron)
            with m.If(row_ends):
                with m.If(self._one_neuron | self._is_last()):
                    self._go(m, State.WAIT_REQDN)
            with m.Else():
                m.d.sync += self._learn_cnt.eq(cnt + ~self.aerout_ctrl_busy)
