"""The controller: takes events from the input bus, the scheduler and the SPI, one at a time, through both memories.

Source: tinyODIN doc v1.0, 2.2.1; controller.v.
"""

from amaranth import Module, Mux, Value
from amaranth.lib.wiring import Out

from draupnir.emulator.tinyodin.layout import M, State
from draupnir.rtl.crossbar.controller import CrossbarController
from draupnir.rtl.tinyodin.buses import FORMATS


class Controller(CrossbarController):
    """See ``CrossbarController``. The gate may rise at any time; while the output bus is busy, no spike event ends.

    gate_activity_sync_int : ``gate_activity_sync`` in the next clock
    aerout_pop_neur : the last clock in which a neuron's spike visits neurons
    """

    def __init__(self) -> None:
        super().__init__(FORMATS, State, M, {"gate_activity_sync_int": Out(1)})

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
            m.d.comb += self._next_state.eq(Mux(self._names("tref"), State.TREF, State.PUSH))
        with m.Elif(self.sched.valid | self.sched_full):
            self._begin_sched_event(m)

    # --- Events of the input bus

    def _is_for_one(self) -> Value:
        # Only the neuron is looked at: the rest of the address may change under way.
        return ~self._aerin("tref", "neur").all()

    def _is_last(self) -> Value:
        return self._neur_cnt == self.config.spi_max_neur

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
        """A neuron's spike to all neurons."""
        self._visit(m)
        m.d.comb += self.aerout_pop_neur.eq(self._ctrl_cnt[0] & (self._ctrl_cnt[1 : 1 + M] == self.config.spi_max_neur))
        with m.If(self.aerout_pop_neur):
            self._go(m, State.AER_POP)

    def _aer_pop(self, m: Module) -> None:
        """The neuron's spike leaves the scheduler as soon as the output bus is free."""
        m.d.comb += self.sched.ready.eq(~self.aerout_ctrl_busy)
        with m.If(~self.aerout_ctrl_busy):
            self._go(m, State.WAIT)
