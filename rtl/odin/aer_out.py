"""The output bus: spikes, or the states of one neuron and one synapse.

Source: ODIN doc v0.1, 2.2.2; aer_out.v.
"""

from amaranth import Array, C, Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from draupnir.emulator.odin.layout import MONITOR, MONITOR_SYN, N_SYN, SYN, SYN_BITS, M
from draupnir.rtl.crossbar.buses import NeuronsControl, SynapsesControl
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.odin.buses import CONFIG, Spike

PACKETS = data.ArrayLayout(M, MONITOR.width // M)  # a neuron's state takes two packets, the second one first


class AerOut(wiring.Component):
    """Four-phase sender. While ``ctrl_busy`` the controller waits; a new event may all the same overtake an old one.

    neurons, synapses : accesses to the memories, of which writes are monitored
    syn_word : what is written to the synapse memory
    neuron_event, monitor : the neuron's spike and its state, at a write
    sched_addr : the neuron whose event is processed
    pop_neur : one pulse for each neuron event processed

    Everything happens in clock domain ``aerout``, which is in reset while the SPI has the memories; only the sampled
    states survive that.
    """

    config: In(CONFIG)
    neurons: In(NeuronsControl())
    synapses: In(SynapsesControl())
    syn_word: In(layout_of(SYN))
    neuron_event: In(Spike())
    monitor: In(layout_of(MONITOR))
    sched_addr: In(M)
    pop_neur: In(1)
    ctrl_busy: Out(1)
    addr: Out(M)
    req: Out(1)
    ack: In(1)

    def __init__(self) -> None:
        super().__init__()
        self._ack_sync = Signal()
        self._ack_falls = Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ack_sync_del = Signal()
        m.submodules.ack = FFSynchronizer(self.ack, self._ack_sync, o_domain="aerout", reset_less=False)
        m.d.aerout += ack_sync_del.eq(self._ack_sync)
        m.d.comb += self._ack_falls.eq(ack_sync_del & ~self._ack_sync)
        with m.If(self._ack_sync):
            m.d.aerout += [self.req.eq(0), self.ctrl_busy.eq(1)]
        with m.Elif(self._ack_falls):
            m.d.aerout += [self.req.eq(0), self.ctrl_busy.eq(0)]
        self._monitor(m)
        with m.If(~self.config.spi_out_aer_monitor_en):
            self._send_spikes(m)
        return m

    def _send(self, m: Module, packet: object) -> None:
        m.d.aerout += [self.addr.eq(packet), self.req.eq(1), self.ctrl_busy.eq(1)]

    def _send_spikes(self, m: Module) -> None:
        """An event a spike: as the neuron spikes, or as the controller has processed it."""
        from_ctrl = self.config.spi_aer_src_ctrl_nneur
        with m.If(Mux(from_ctrl, self.pop_neur, self.neuron_event.spike) & ~self._ack_sync):
            self._send(m, Mux(from_ctrl, self.sched_addr, self.neurons.addr))

    def _monitor(self, m: Module) -> None:
        """Two packets for the neuron's state, one for the synapse's; at a coincidence the neuron goes first."""
        config = self.config
        from_ctrl = config.spi_aer_src_ctrl_nneur
        popped = self.pop_neur & (self.sched_addr == config.spi_monitor_neur_addr)
        syn_idx, group = self._monitored_synapse()
        neuron_event, synapse_event = Signal(), Signal()
        m.d.comb += [
            neuron_event.eq(
                config.spi_out_aer_monitor_en
                & (
                    self.neurons.cs & self.neurons.we & (self.neurons.addr == config.spi_monitor_neur_addr)
                    | popped & from_ctrl
                )
            ),
            synapse_event.eq(
                config.spi_out_aer_monitor_en
                & (self.synapses.cs & self.synapses.we)
                & (self.synapses.addr.pre == config.spi_monitor_syn_addr)
                & (self.synapses.addr.post_group == group)
            ),
        ]
        synapse = Array(self.syn_word.as_value().word_select(i, SYN_BITS) for i in range(N_SYN))[syn_idx]
        state = Signal(layout_of(MONITOR))
        m.d.comb += [state.eq(self.monitor), state.event.eq(Mux(from_ctrl, popped, self.monitor.event))]
        self._sequence_packets(m, neuron_event, synapse_event, PACKETS(state), synapse)

    def _monitored_synapse(self) -> tuple[object, object]:
        """Of the monitored neuron: its place in a synapse word, and its group."""
        neur_addr = self.config.spi_monitor_neur_addr
        return neur_addr[: exact_log2(N_SYN)], neur_addr[exact_log2(N_SYN) :]

    def _sequence_packets(
        self, m: Module, neuron_event: Signal, synapse_event: Signal, packets: data.View, synapse: object
    ) -> None:
        low_packet = Signal(M, reset_less=True)
        synapse_samp = Signal(SYN_BITS, reset_less=True)
        high_sent, low_due, synapse_due = Signal(), Signal(), Signal()
        with m.If(neuron_event):
            m.d.aerout += low_packet.eq(packets[0])
        with m.If(synapse_event):
            m.d.aerout += synapse_samp.eq(synapse)

        with m.If(~self.config.spi_out_aer_monitor_en):
            m.d.aerout += [high_sent.eq(0), low_due.eq(0), synapse_due.eq(0)]
        with m.Elif(self._ack_falls):
            m.d.aerout += [
                self.ctrl_busy.eq(high_sent | synapse_due),
                high_sent.eq(0),
                low_due.eq(high_sent),
            ]
        with m.Elif(~self._ack_sync & ~self.req):
            with m.If(neuron_event):
                self._send(m, packets[1])
                m.d.aerout += [high_sent.eq(1), low_due.eq(0), synapse_due.eq(synapse_event)]
            with m.Elif(synapse_event):
                self._send(m, Cat(synapse, C(MONITOR_SYN, M - SYN_BITS)))
                m.d.aerout += [high_sent.eq(0), low_due.eq(0), synapse_due.eq(0)]
            with m.Elif(low_due):
                self._send(m, low_packet)
                m.d.aerout += high_sent.eq(0)
            with m.Elif(synapse_due):
                self._send(m, Cat(synapse_samp, C(MONITOR_SYN, M - SYN_BITS)))
                m.d.aerout += [high_sent.eq(0), low_due.eq(0), synapse_due.eq(0)]
