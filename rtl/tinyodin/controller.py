"""The controller: takes events from the input bus, the scheduler and the SPI, one at a time, through both memories.

Source: tinyODIN doc v1.0, 2.2.1; controller.v.
"""

from amaranth import Module, Mux, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from draupnir.emulator.tinyodin.layout import CHIP, N_SYN, SPI_NEURON_ADDR, M, State
from draupnir.rtl.lib.crossbar_controller import CrossbarController
from draupnir.rtl.lib.spi_slave import SpiAccess
from draupnir.rtl.lib.views import bits_of
from draupnir.rtl.tinyodin.buses import CONFIG, SCHED_EVENT_LAYOUT, NeuronEvent, NeuronsControl, SynapsesControl

EVENT = {event.name: event for event in CHIP.events}
FIELD = {event.name: {f.name: f for f in event.fields} for event in CHIP.events}


class Controller(CrossbarController):
    """One event at a time; each access to a memory is a clock that reads and one that writes.

    aerin_addr : is looked at all along, not taken once
    sched, sched_full : the scheduler's next event; ``ready`` takes it
    aerout_ctrl_busy : the output bus is busy: nothing begins or ends, and events that take many clocks wait
    gate_activity_sync : the SPI has the memories; may rise at any time; gate_activity_sync_int : in the next clock
    push : an event for the scheduler
    processed : the last clock in which a neuron's spike visits neurons
    """

    aerin_addr: In(CHIP.pin("AERIN_ADDR").width)
    aerin_req: In(1)
    aerin_ack: Out(1)
    spi: In(SpiAccess())
    config: In(CONFIG)
    sched: In(stream.Signature(SCHED_EVENT_LAYOUT))
    sched_full: In(1)
    aerout_ctrl_busy: In(1)
    gate_activity_sync_int: Out(1)
    gate_activity_sync: Out(1)
    neurons: Out(NeuronsControl())
    event: Out(NeuronEvent())
    synapses: Out(SynapsesControl())
    push: Out(stream.Signature(SCHED_EVENT_LAYOUT))
    processed: Out(1)

    def __init__(self) -> None:
        super().__init__(State, M, SPI_NEURON_ADDR)
        # Of a time reference to all, only the neuron is looked at: the rest of the address may change under way.
        self._all_neurons = self._aerin("tref", "neur").all()

    def _synchronise_gate(self, m: Module) -> None:
        m.d.sync += [
            self.gate_activity_sync_int.eq(self.config.spi_gate_activity),
            self.gate_activity_sync.eq(self.gate_activity_sync_int),
        ]

    def _access_spi_synapses(self, m: Module, we: Value | int) -> None:
        self._access_synapses(m, we)
        m.d.comb += self.synapses.addr.eq(self._spi_synapses)

    def _aerin(self, event: str, field: str) -> Value:
        return bits_of(self.aerin_addr, FIELD[event][field])

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
            is_virtual = self.sched.payload.virts != 0
            m.d.comb += self._next_state.eq(Mux(is_virtual, State.POP_VIRT, State.POP_NEUR))

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

    def _pop_virt(self, m: Module) -> None:
        """A virtual event to one neuron."""
        second_or_later = self._ctrl_cnt != 0
        self._access_neuron(m, self.sched.payload.addr, second_or_later)
        m.d.comb += [
            self.event.event.eq(1),
            self.event.virts.eq(self.sched.payload.virts),
            self.sched.ready.eq(second_or_later),
        ]
        with m.If(second_or_later):
            self._go(m, State.WAIT)
