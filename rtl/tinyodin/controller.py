"""The controller: takes events from the input bus, the scheduler and the SPI, one at a time, through both memories.

Source: tinyODIN doc v1.0, 2.2.1; controller.v.
"""

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from emulator.tinyodin.layout import CHIP, N_SYN, SPI_NEURON_ADDR, SPI_SYNAPSE_ADDR, M, SpiCmd, State
from rtl.lib.spi_slave import SpiAccess
from rtl.lib.views import bits_of
from rtl.tinyodin.buses import CONFIG, SCHED_EVENT_LAYOUT, NeuronEvent, NeuronsControl, SynapsesControl

EVENT = {event.name: event for event in CHIP.events}
FIELD = {event.name: {f.name: f for f in event.fields} for event in CHIP.events}
CTRL_CNT_BITS = 32


class Controller(wiring.Component):
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
        super().__init__()
        self._state = Signal(State)
        self._next_state = Signal(State)
        self._ctrl_cnt = Signal(CTRL_CNT_BITS)  # clocks in this event, without those spent waiting
        self._neur_cnt = Signal(M)
        self._neur_cnt_inc = Signal()
        self._aerin_req_sync = Signal()
        self._readback_event_sync = Signal()
        self._prog_event_sync = Signal()
        # Write clocks follow read clocks: of the only access in an event, and of each of many.
        self._second_clock = self._ctrl_cnt == 1
        # Of a time reference to all, only the neuron is looked at: the rest of the address may change under way.
        self._all_neurons = self._aerin("tref", "neur").all()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._synchronise(m)
        m.d.sync += self._state.eq(self._next_state)
        with m.If(self._state == State.WAIT):
            m.d.sync += [self._ctrl_cnt.eq(0), self._neur_cnt.eq(0)]
        with m.Elif(~self.aerout_ctrl_busy):
            m.d.sync += [
                self._ctrl_cnt.eq(self._ctrl_cnt + 1),
                self._neur_cnt.eq(self._neur_cnt + self._neur_cnt_inc),
            ]
        m.d.comb += self._next_state.eq(self._state)
        states = {
            State.WAIT: self._wait,
            State.W_NEUR: self._w_neur,
            State.R_NEUR: self._r_neur,
            State.W_SYN: self._w_syn,
            State.R_SYN: self._r_syn,
            State.TREF: self._tref,
            State.PUSH: self._push,
            State.POP_NEUR: self._pop_neur,
            State.POP_VIRT: self._pop_virt,
            State.AER_POP: self._aer_pop,
            State.WAIT_SPIDN: self._wait_spidn,
            State.WAIT_REQDN: self._wait_reqdn,
        }
        with m.Switch(self._state):
            for state, act in states.items():
                with m.Case(state):
                    act(m)
        return m

    def _synchronise(self, m: Module) -> None:
        for name, i, o in (
            ("aerin_req", self.aerin_req, self._aerin_req_sync),
            ("readback_event", self.spi.readback_event, self._readback_event_sync),
            ("prog_event", self.spi.prog_event, self._prog_event_sync),
        ):
            m.submodules[name] = FFSynchronizer(i, o, reset_less=False)
        m.d.sync += [
            self.gate_activity_sync_int.eq(self.config.spi_gate_activity),
            self.gate_activity_sync.eq(self.gate_activity_sync_int),
        ]

    def _go(self, m: Module, state: State) -> None:
        m.d.comb += self._next_state.eq(state)

    def _access_neuron(self, m: Module, addr: Value, we: Value | int) -> None:
        m.d.comb += [self.neurons.cs.eq(1), self.neurons.we.eq(we), self.neurons.addr.eq(addr)]

    def _access_synapses(self, m: Module, we: Value | int) -> None:
        m.d.comb += [
            self.synapses.cs.eq(1),
            self.synapses.we.eq(we),
            self.synapses.addr.eq(bits_of(self.spi.addr, SPI_SYNAPSE_ADDR["word"])),
        ]

    def _aerin(self, event: str, field: str) -> Value:
        return bits_of(self.aerin_addr, FIELD[event][field])

    # --- States in which the controller waits

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

    def _begin_spi_access(self, m: Module) -> None:
        with m.Switch(self.spi.op_code):
            for cmd, write, read in (
                (SpiCmd.NEURONS, State.W_NEUR, State.R_NEUR),
                (SpiCmd.SYNAPSES, State.W_SYN, State.R_SYN),
            ):
                with m.Case(cmd):
                    with m.If(self._prog_event_sync):
                        self._go(m, write)
                    with m.Elif(self._readback_event_sync):
                        self._go(m, read)

    def _wait_spidn(self, m: Module) -> None:
        with m.If(~self._prog_event_sync & ~self._readback_event_sync):
            self._go(m, State.WAIT)

    def _wait_reqdn(self, m: Module) -> None:
        m.d.comb += self.aerin_ack.eq(1)
        with m.If(~self._aerin_req_sync):
            self._go(m, State.WAIT)

    # --- Memory accesses of the SPI

    def _w_neur(self, m: Module) -> None:
        self._access_neuron(m, bits_of(self.spi.addr, SPI_NEURON_ADDR["word"]), self._ctrl_cnt != 0)
        with m.If(self._second_clock):
            self._go(m, State.WAIT_SPIDN)

    def _r_neur(self, m: Module) -> None:
        self._access_neuron(m, bits_of(self.spi.addr, SPI_NEURON_ADDR["word"]), 0)
        self._go(m, State.WAIT_SPIDN)

    def _w_syn(self, m: Module) -> None:
        self._access_synapses(m, self._ctrl_cnt != 0)
        with m.If(self._second_clock):
            self._go(m, State.WAIT_SPIDN)

    def _r_syn(self, m: Module) -> None:
        self._access_synapses(m, 0)
        self._go(m, State.WAIT_SPIDN)

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
