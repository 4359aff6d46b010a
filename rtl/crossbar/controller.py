"""The common part of ODIN's and tinyODIN's controllers: state, counters, synchronisers, and the SPI's requests.

Source: ODIN doc v0.1, 2.2.1; tinyODIN doc v1.0, 2.2.1; controller.v of both.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Member, Out

from draupnir.emulator.crossbar.layout import GROUP_BITS, SPI_NEURON_ADDR, SPI_SYNAPSE_ADDR, SpiCmd
from draupnir.rtl.crossbar.buses import Formats, NeuronsControl, SynapsesControl
from draupnir.rtl.crossbar.spi_slave import SpiAccess
from draupnir.rtl.lib.views import bits_of

CTRL_CNT_BITS = 32


class CrossbarController(wiring.Component):
    """Process one event at a time. Each access to a memory has a clock that reads and one that writes.

    aerout_ctrl_busy : 1 if the output bus is busy; no event begins then, and events of many clocks wait
    sched_full : 1 if the scheduler is full; gate_activity_sync : 1 if the SPI has the memories

    aerin_addr : the address on the input bus, which is never latched
    sched : the scheduler's next event, which ``ready`` removes; push : an event for the scheduler
    event : the message to the neuron; aerout_pop_neur : one pulse for each spike that is processed

    states : the enumeration of the states; neur_bits : the width of the neuron counter
    others : ports that only one of the chips has
    """

    def __init__(self, formats: Formats, states: Any, neur_bits: int, others: dict[str, Member] | None = None) -> None:
        super().__init__(
            {
                "aerin_addr": In(formats.chip.pin("AERIN_ADDR").width),
                "aerin_req": In(1),
                "aerin_ack": Out(1),
                "spi": In(SpiAccess()),
                "config": In(formats.config),
                "sched": In(formats.sched_events),
                "sched_full": In(1),
                "push": Out(formats.sched_events),
                "event": Out(formats.neuron_event),
                "aerout_ctrl_busy": In(1),
                "aerout_pop_neur": Out(1),
                "gate_activity_sync": Out(1),
                "neurons": Out(NeuronsControl()),
                "synapses": Out(SynapsesControl()),
                **(others or {}),
            }
        )
        self._states = states
        self._events = {event.name: event for event in formats.chip.events}
        self._state = Signal(states)
        self._next_state = Signal(states)
        self._ctrl_cnt = Signal(CTRL_CNT_BITS)  # the number of clocks in this event, without those in which it waits
        self._neur_cnt = Signal(neur_bits)
        self._neur_cnt_inc = Signal()
        self._aerin_req_sync = Signal()
        self._readback_event_sync = Signal()
        self._prog_event_sync = Signal()
        # A clock that writes follows each clock that reads, in events with one access and with many.
        self._second_clock = self._ctrl_cnt == 1
        self._spi_neuron = bits_of(self.spi.addr, SPI_NEURON_ADDR["word"])
        self._spi_synapses = bits_of(self.spi.addr, SPI_SYNAPSE_ADDR["word"])

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._synchronise(m)
        m.d.sync += self._state.eq(self._next_state)
        with m.If(self._state == self._states.WAIT):
            m.d.sync += [self._ctrl_cnt.eq(0), self._neur_cnt.eq(0)]
        with m.Elif(~self.aerout_ctrl_busy):
            m.d.sync += [
                self._ctrl_cnt.eq(self._ctrl_cnt + 1),
                self._neur_cnt.eq(self._neur_cnt + self._neur_cnt_inc),
            ]
        m.d.comb += self._next_state.eq(self._state)
        self._in_every_state(m)
        with m.Switch(self._state):
            for state, act in self._acts().items():
                with m.Case(state):
                    act(m)
            with m.Default():  # no state; only before the first reset can there be one
                self._go(m, self._states.WAIT)
        return m

    def _acts(self) -> dict[Any, Callable[[Module], None]]:
        """Return state -> its action, which is the method of its name."""
        return {state: getattr(self, f"_{state.name.lower()}") for state in self._states}

    def _synchronise(self, m: Module) -> None:
        for name, i, o in (
            ("aerin_req", self.aerin_req, self._aerin_req_sync),
            ("readback_event", self.spi.readback_event, self._readback_event_sync),
            ("prog_event", self.spi.prog_event, self._prog_event_sync),
        ):
            m.submodules[name] = FFSynchronizer(i, o, reset_less=False)
        self._synchronise_gate(m)

    def _in_every_state(self, m: Module) -> None:
        """Add the chip's actions that are the same in all states."""

    @abstractmethod
    def _synchronise_gate(self, m: Module) -> None:
        """Synchronise SPI_GATE_ACTIVITY for the controller."""

    def _go(self, m: Module, state: Any) -> None:
        m.d.comb += self._next_state.eq(state)

    def _aerin(self, event: str, field: str) -> Value:
        return bits_of(self.aerin_addr, self._events[event][field])

    def _names(self, *events: str) -> Value:
        """Return 1 if AERIN_ADDR is the address of one of these events."""
        return self.aerin_addr.matches(*(self._events[event].pattern for event in events))

    def _access_neuron(self, m: Module, addr: Value, we: Value | int) -> None:
        m.d.comb += [self.neurons.cs.eq(1), self.neurons.we.eq(we), self.neurons.addr.eq(addr)]

    def _access_synapses(self, m: Module, we: Value | int) -> None:
        m.d.comb += [self.synapses.cs.eq(1), self.synapses.we.eq(we)]

    # --- States in which the controller waits

    def _begin_spi_access(self, m: Module) -> None:
        with m.Switch(self.spi.op_code):
            for cmd, write, read in (
                (SpiCmd.NEURONS, self._states.W_NEUR, self._states.R_NEUR),
                (SpiCmd.SYNAPSES, self._states.W_SYN, self._states.R_SYN),
            ):
                with m.Case(cmd):
                    with m.If(self._prog_event_sync):
                        self._go(m, write)
                    with m.Elif(self._readback_event_sync):
                        self._go(m, read)

    def _begin_sched_event(self, m: Module) -> None:
        is_virtual = self.sched.payload.virts != 0
        m.d.comb += self._next_state.eq(Mux(is_virtual, self._states.POP_VIRT, self._states.POP_NEUR))

    def _wait_spidn(self, m: Module) -> None:
        with m.If(~self._prog_event_sync & ~self._readback_event_sync):
            self._go(m, self._states.WAIT)

    def _wait_reqdn(self, m: Module) -> None:
        m.d.comb += self.aerin_ack.eq(1)
        with m.If(~self._aerin_req_sync):
            self._go(m, self._states.WAIT)

    # --- Memory accesses of the SPI

    def _w_neur(self, m: Module) -> None:
        self._access_neuron(m, self._spi_neuron, self._ctrl_cnt != 0)
        with m.If(self._second_clock):
            self._go(m, self._states.WAIT_SPIDN)

    def _r_neur(self, m: Module) -> None:
        self._access_neuron(m, self._spi_neuron, 0)
        self._go(m, self._states.WAIT_SPIDN)

    def _w_syn(self, m: Module) -> None:
        m.d.comb += self.synapses.addr.eq(self._spi_synapses)
        self._access_synapses(m, self._ctrl_cnt != 0)
        with m.If(self._second_clock):
            self._go(m, self._states.WAIT_SPIDN)

    def _r_syn(self, m: Module) -> None:
        m.d.comb += self.synapses.addr.eq(self._spi_synapses)
        self._access_synapses(m, 0)
        self._go(m, self._states.WAIT_SPIDN)

    # --- Events that visit neurons

    @abstractmethod
    def _is_for_one(self) -> Value:
        """Return 1 if a time reference is for one neuron, 0 if it is for all."""

    @abstractmethod
    def _is_last(self) -> Value:
        """Return 1 if the visited neuron is the last one."""

    def _tref(self, m: Module) -> None:
        """Process a time reference to one neuron, or to all."""
        write, for_one = self._ctrl_cnt[0], self._is_for_one()
        self._access_neuron(m, Mux(for_one, self._aerin("tref", "neur"), self._neur_cnt), write)
        m.d.comb += [self.event.event.eq(1), self.event.tref.eq(1), self._neur_cnt_inc.eq(write & ~for_one)]
        with m.If(Mux(for_one, self._second_clock, self._is_last() & write)):
            self._go(m, self._states.WAIT_REQDN)

    def _visit(self, m: Module) -> None:
        """Let a neuron's spike visit the next neuron; a synapse word is read for each eight neurons."""
        in_group, write = self._neur_cnt[:GROUP_BITS], self._ctrl_cnt[0]
        m.d.comb += [
            self.synapses.cs.eq(in_group == 0),
            self.synapses.addr.pre.eq(self.sched.payload.addr),
            self.synapses.addr.post_group.eq(self._neur_cnt[GROUP_BITS:]),
            self.event.event.eq(1),
            self._neur_cnt_inc.eq(write),
        ]
        self._access_neuron(m, self._neur_cnt, write)

    # --- Events of the scheduler

    def _pop_virt(self, m: Module) -> None:
        """Process a virtual event to one neuron."""
        second_or_later = self._ctrl_cnt != 0
        self._access_neuron(m, self.sched.payload.addr, second_or_later)
        m.d.comb += [
            self.event.event.eq(1),
            self.event.virts.eq(self.sched.payload.virts),
            self.sched.ready.eq(second_or_later),
        ]
        with m.If(second_or_later):
            self._go(m, self._states.WAIT)
