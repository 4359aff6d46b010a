"""The output bus: spikes, or the states of one neuron and one synapse.

Source: ODIN doc v0.1, 2.2.2; aer_out.v.
"""

from amaranth import Array, C, Cat, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In
from amaranth.utils import exact_log2

from draupnir.emulator.odin.layout import MONITOR, MONITOR_SYN, N_SYN, SYN_BITS, M
from draupnir.rtl.crossbar.aer_out import CrossbarAerOut
from draupnir.rtl.crossbar.buses import SynapsesControl
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.odin.buses import FORMATS

PACKETS = data.ArrayLayout(M, MONITOR.width // M)  # the two packets of a neuron's state, the second one first


class AerOut(CrossbarAerOut):
    """See ``CrossbarAerOut``. With SPI_OUT_AER_MONITOR_EN it sends states instead of spikes.

    synapses : the accesses to the synapse memory; its writes are monitored, like those of the neuron memory
    syn_word : the word that is written to the synapse memory
    monitor : the neuron's state, at a write

    The reset of clock domain ``aerout`` clears all flip-flops but the sampled states.
    """

    def __init__(self) -> None:
        others = {
            "synapses": In(SynapsesControl()),
            "syn_word": In(FORMATS.synapses),
            "monitor": In(layout_of(MONITOR)),
        }
        super().__init__(FORMATS, others)

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        self._monitor(m)
        return m

    def _sends(self) -> Value:
        return super()._sends() & ~self.config.spi_out_aer_monitor_en

    def _monitor(self, m: Module) -> None:
        """Send two packets for the neuron's state, and one for the synapse's; if both come, the neuron goes first."""
        config = self.config
        from_ctrl = self._from_ctrl
        popped = self.pop_neur & (self.sched_addr == config.spi_monitor_neur_addr)
        syn_idx, group = self._monitored_synapse()
        neuron_event, synapse_event = Signal(), Signal(name="synapse_event")
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
        """Return the monitored neuron's place in a synapse word, and its group."""
        neur_addr = self.config.spi_monitor_neur_addr
        return neur_addr[: exact_log2(N_SYN)], neur_addr[exact_log2(N_SYN) :]

    def _sequence_packets(
        self, m: Module, neuron_event: Signal, synapse_event: Signal, packets: data.View, synapse: object
    ) -> None:
        low_packet = Signal(M, reset_less=True)
        synapse_samp = Signal(SYN_BITS, reset_less=True)
        high_sent, low_due, synapse_due = (Signal(name=name) for name in ("high_sent", "low_due", "synapse_due"))
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
