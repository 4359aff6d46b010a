"""The neurons: their memory, and one update that they share.

Source: tinyODIN doc v1.0, 3.1; neuron_core.v.
"""

from amaranth import Array, Module, Mux
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from draupnir.emulator.tinyodin.layout import LIF, N_SYN, SPI_NEURON_ADDR, SYN, N
from draupnir.rtl.crossbar.buses import NeuronsControl
from draupnir.rtl.crossbar.spi_slave import SpiAccess
from draupnir.rtl.lib.sram import Sram, merge_byte
from draupnir.rtl.lib.views import bits_of, layout_of
from draupnir.rtl.tinyodin.buses import NeuronEvent
from draupnir.rtl.tinyodin.lif import LifNeuron


class NeuronCore(wiring.Component):
    """Reads a neuron in one clock and writes it back, updated, in the next.

    gate_activity_sync : what is written is the word with the SPI's byte in it, whatever the controller is doing
    synapses : the synapse word of the neuron's group
    r_word : the word last accessed
    spike : while the word is written; none if the neuron is disabled
    """

    gate_activity_sync: In(1)
    spi: In(SpiAccess())
    control: In(NeuronsControl())
    event: In(NeuronEvent())
    synapses: In(layout_of(SYN))
    r_word: Out(LIF.width)
    spike: Out(1)

    def __init__(self, n_neurons: int = N) -> None:
        super().__init__()
        self._n_neurons = n_neurons

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.neurons = neurons = Sram(self._n_neurons, LIF.width)
        m.submodules.lif_neuron = lif = LifNeuron()
        word = data.View(layout_of(LIF), self.r_word)
        weight = Array(self.synapses[f.name] for f in SYN)[self.control.addr[: exact_log2(N_SYN)]]
        m.d.comb += [
            neurons.control.cs.eq(self.control.cs),
            neurons.control.we.eq(self.control.we),
            neurons.control.addr.eq(self.control.addr),
            self.r_word.eq(neurons.r_word),
            lif.neuron.eq(self.r_word),
            lif.event.eq(self.event.event),
            lif.tref.eq(self.event.tref),
            lif.weight.eq(Mux(self.event.virts != 0, self.event.virts, weight)),
            self.spike.eq(self.control.cs & self.control.we & ~word.neur_disable & lif.spike),
        ]
        prog_data = self.spi.prog_data
        with m.If(self.gate_activity_sync):
            byte_idx = bits_of(self.spi.addr, SPI_NEURON_ADDR["byte"])
            merge_byte(m, neurons.w_word, self.r_word, byte_idx, prog_data.byte, prog_data.mask)
        with m.Else():
            m.d.comb += neurons.w_word.eq(self.r_word)
            m.d.comb += bits_of(neurons.w_word, LIF["core"]).eq(lif.core_next)
        return m
