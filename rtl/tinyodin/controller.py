"""The controller: takes events from the input bus, the scheduler and the SPI, one at a time, through both memories.

Source: tinyODIN doc v1.0, 2.2.1; controller.v.
"""

from amaranth import Module, Mux
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from draupnir.emulator.tinyodin.layout import CHIP, N_SYN, M, State
from draupnir.rtl.crossbar.controller import CrossbarController
from draupnir.rtl.tinyodin.buses import CONFIG, SCHED_EVENT_LAYOUT, NeuronEvent

EVENT = {event.name: event for event in CHIP.events}


class Controller(CrossbarController):
    """See ``CrossbarController``. The gate may rise at any time; while the output bus is busy, no spike event ends.

    gate_activity_sync_int : ``gate_activity_sync`` in the next clock
    processed : the last clock in which a neuron's spike visits neurons
    """

    aerin_addr: In(CHIP.pin("AERIN_ADDR").width)
    config: In(CONFIG)
    sched: In(stream.Signature(SCHED_EVENT_LAYOUT))
    gate_activity_sync_int: Out(1)
    event: Out(NeuronEvent())
    push: Out(stream.Signature(SCHED_EVENT_LAYOUT))
    processed: Out(1)

    def __init__(self) -> None:
        super().__init__(State, M, CHIP.events)
        # Of a time reference to all, only the neuron is looked at: the rest of the address may change under way.
        self._all_neurons = self._aerin("tref", "neur").all()

    def _synchronise_gate(self, m: Module) -> None:
        m.d.sync += [
            self.gate_activity_sync_int.eq(self.config.spi_gate_activity),
            self.gate_activity_sync.eq(self.gate_activity_sync_int),
        ]

    def _wait(self, m: Module) -> None:
        """The order of precedence, from the first."""
        with m.If(self.aerout_ctrl_busy):
            pass
        with m.Elif(self.gate_activity_sync):
            self._begin_spi_access(m)
        with m.Elif(self._aerin_req_sync & ~self.sched_full):
            is_tref = self.aerin_addr.matches(EVENT["tref"].pattern)
            m.d.comb += self._next_state.eq(Mux(is_tref, State.TREF, State.PUSH))
        with m.Elif(self.sched.valid | self.sched_full):
            self._begin_sched_event(m)

    # --- Events of the input bus

    def _tref(self, m: Module) -> None:
        """A time reference to one neuron, or to all."""
        write = self._ctrl_cnt[0]
        self._access_neuron(m, Mux(self._all_neurons, self._neur_cnt, self._aerin("tref", "neur")), write)
        m.d.comb += [self.event.event.eq(1), self.event.tref.eq(1), self._neur_cnt_inc.eq(write & self._all_neurons)]
        all_done = (self._neur_cnt == self.config.spi_max_neur) & write
        with m.If(Mux(self._all_neurons, all_done, self._second_clock)):
            self._go(m, State.WAIT_REQDN)

    def _push(self, m: Module) -> None:
        """A neuron's spike, or a virtual event, into the scheduler."""
        pushed = self.push.payload
        m.d.comb += [self.push.valid.eq(1), pushed.addr.eq(self._aerin("spike", "pre_neur"))]
        with m.If(self.aerin_addr[-1]):
            m.d.comb += [
                pushed.addr.eq(self._aerin("virtual", "neur")),
                pushed.virts.eq(self._aerin("virtual", "weight")),
            ]
        self._go(m, State.WAIT_REQDN)

    # --- Events of the scheduler

    def _pop_neur(self, m: Module) -> None:
        """A neuron's spike to all neurons; a synapse word for every eight of them is read on the way."""
        in_group = self._neur_cnt[: exact_log2(N_SYN)]
        write = self._ctrl_cnt[0]
        m.d.comb += [
            self.synapses.cs.eq(in_group == 0),
            self.synapses.addr.pre.eq(self.sched.payload.addr),
            self.synapses.addr.post_group.eq(self._neur_cnt[len(in_group) :]),
            self.event.event.eq(1),
            self._neur_cnt_inc.eq(write),
            self.processed.eq(write & (self._ctrl_cnt[1 : 1 + M] == self.config.spi_max_neur)),
        ]
        self._access_neuron(m, self._neur_cnt, write)
        with m.If(self.processed):
            self._go(m, State.AER_POP)

    def _aer_pop(self, m: Module) -> None:
        """The neuron's spike leaves the scheduler as soon as the output bus is free."""
        m.d.comb += self.sched.ready.eq(~self.aerout_ctrl_busy)
        with m.If(~self.aerout_ctrl_busy):
            self._go(m, State.WAIT)
