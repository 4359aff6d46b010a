"""The controller: it processes events from the input bus, the scheduler and the SPI, one at a time, in both memories.

Source: ODIN doc v0.1, 2.2.1; controller.v.
"""

from collections.abc import Mapping
from typing import Any

from amaranth import Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Member, Out
from amaranth.utils import exact_log2

from draupnir.emulator.crossbar.layout import GROUP_BITS
from draupnir.emulator.odin.layout import (
    N_SYN,
    M,
    N,
    State,
)
from draupnir.rtl.crossbar.controller import CrossbarController
from draupnir.rtl.odin.buses import FORMATS


class Controller(CrossbarController):
    """See ``CrossbarController``. The gate, ``gate_activity_sync``, rises between events only.

    sched_burst_end : 1 if the scheduler's next event is the last one of its burst
    pre : the pre-synaptic neuron of a spike or of a single synapse. It is 0 in a virtual event, where it
        has a meaning only if a burst queue gets its turn in the middle: nothing virtual is at the output any more
    pre_en : the synapses of the word that are updated; bist_ref : 1 if bistability updates them
    aerout_pop_neur : 1 in the middle of a neuron's event

    states : the states, of a chip that has more; more : its ports
    """

    def __init__(self, n_neurons: int = N, states: Any = State, more: Mapping[str, Member] | None = None) -> None:
        self._neur_bits = exact_log2(n_neurons)
        self._group_bits = exact_log2(n_neurons // N_SYN)
        others = {"sched_burst_end": In(1), "pre": Out(M), "pre_en": Out(N_SYN), "bist_ref": Out(1), **(more or {})}
        super().__init__(FORMATS, states, self._neur_bits, others)
        self._one_neuron = self.aerin_addr[M - 1]  # 1 if a time reference or bistability is for one neuron, not for all

    def _in_every_state(self, m: Module) -> None:
        # It is separate from the synapses' address, which also depends on the SPI and on bistability, because the sign
        # that is read with it is late in the clock.
        with m.Switch(self._state):
            with m.Case(State.SYNAPSE):
                m.d.comb += self.pre.eq(self._aerin("synapse", "pre_neur"))
            with m.Case(State.POP_VIRT):
                m.d.comb += self.pre.eq(0)
            with m.Default():
                m.d.comb += self.pre.eq(self.sched.payload.addr)

    def _synchronise_gate(self, m: Module) -> None:
        gate_activity_sync_int = Signal()
        idle = self._next_state == State.WAIT
        m.d.sync += [
            gate_activity_sync_int.eq(self.config.spi_gate_activity),
            self.gate_activity_sync.eq(gate_activity_sync_int & (idle | self.gate_activity_sync)),
        ]

    def _address_synapses(self, m: Module, pre: Value, group: Value) -> None:
        m.d.comb += [self.synapses.addr.pre.eq(pre), self.synapses.addr.post_group.eq(group)]

    def _wait(self, m: Module) -> None:
        """Choose the next event; the requests are in the order of their priority, the highest first."""
        is_bist = self._names("bist", "bist_all")
        with m.If(self.aerout_ctrl_busy):
            pass
        with m.Elif(self.gate_activity_sync):
            self._begin_spi_access(m)
        with m.Elif(self.sched_full):
            self._begin_sched_event(m)
        with m.Elif(self._aerin_req_sync & ~is_bist):
            self._begin_aerin_event(m)
        with m.Elif(self.sched.valid):
            self._begin_sched_event(m)
        with m.Elif(self._aerin_req_sync):
            self._go(m, State.BIST)

    def _begin_aerin_event(self, m: Module) -> None:
        with m.If(self._names("synapse")):
            self._go(m, State.SYNAPSE)
        with m.Elif(self._names("tref", "tref_all")):
            self._go(m, State.TREF)
        with m.Else():
            self._go(m, State.PUSH)

    # --- Events of the input bus

    def _is_for_one(self) -> Value:
        return self._one_neuron

    def _is_last(self) -> Value:
        return self._neur_cnt.all()

    def _bist(self, m: Module) -> None:
        """Process bistability for the synapses in one row, or in all rows, with two clocks for each word."""
        in_row = self._ctrl_cnt[: 1 + self._group_bits]
        pre = Mux(self._one_neuron, self._aerin("bist", "neur"), self._neur_cnt)
        self._address_synapses(m, pre, in_row[1:])
        self._access_synapses(m, self._ctrl_cnt[0])
        m.d.comb += [
            self.pre_en.eq(~0),
            self.bist_ref.eq(1),
            self._neur_cnt_inc.eq(in_row.all() & ~self._one_neuron),
        ]
        row_done = self._ctrl_cnt == (1 << len(in_row)) - 1
        all_done = self._neur_cnt.all() & in_row.all()
        with m.If(Mux(self._one_neuron, row_done, all_done)):
            self._go(m, State.WAIT_REQDN)

    def _synapse(self, m: Module) -> None:
        """Process an event in which one synapse stimulates one neuron."""
        post = self._aerin("synapse", "post_neur")
        we = self._ctrl_cnt != 0
        self._address_synapses(m, self._aerin("synapse", "pre_neur"), post[GROUP_BITS:])
        self._access_synapses(m, we)
        self._access_neuron(m, post, we)
        m.d.comb += [
            self.event.event.eq(1),
            self.pre_en.eq(self.config.spi_sdsp_on_syn_stim << post[:GROUP_BITS]),
        ]
        with m.If(self._second_clock):
            self._go(m, State.WAIT_REQDN)

    def _push(self, m: Module) -> None:
        """Push a neuron's spike or a virtual event into the scheduler."""
        m.d.comb += [
            self.push.valid.eq(1),
            self.push.payload.addr.eq(self._aerin("other", "neur")),
            self.push.payload.virts.eq(self._aerin("other", "virts")),
        ]
        self._go(m, State.WAIT_REQDN)

    # --- Events of the scheduler

    def _pop_neur(self, m: Module) -> None:
        """Process a neuron's spike to all neurons, and update the synapses."""
        self._visit(m)
        last_clock = self._ctrl_cnt[: 1 + self._neur_bits].all()
        syn_we = self._ctrl_cnt[: 1 + GROUP_BITS] == 1
        m.d.comb += [
            self.synapses.we.eq(syn_we),
            self.pre_en.eq(syn_we.replicate(N_SYN)),
            self.event.burst_end.eq((self.sched.payload.addr == self._neur_cnt) & self.sched_burst_end),
            self.sched.ready.eq(last_clock),
            self.aerout_pop_neur.eq(self._ctrl_cnt[0] & (self._neur_cnt == self.config.spi_monitor_neur_addr)),
        ]
        with m.If(last_clock):
            self._go(m, State.WAIT)
