"""The neuron memory, and its writes by the SPI.

Source: ODIN doc v0.1, 3.1; tinyODIN doc v1.0, 3.1; neuron_core.v of both.
"""

from abc import abstractmethod

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Member, Out

from draupnir.emulator.crossbar.layout import SPI_NEURON_ADDR, N
from draupnir.rtl.crossbar.buses import Formats, NeuronsControl
from draupnir.rtl.crossbar.spi_slave import SpiAccess
from draupnir.rtl.lib.sram import Sram, merge_byte
from draupnir.rtl.lib.views import bits_of


class NeuronMemory(wiring.Component):
    """Read a neuron in one clock, and write it back, updated, in the next.

    gate_activity_sync : with 1 each write writes the word with the SPI's byte in it, in any state of the controller

    r_word : the word last accessed
    synapses : the synapse word of the neuron's group
    event_out : the neuron's spike, while the word is written; none if the neuron is disabled

    n_neurons : a power of 2; with fewer than 256 the upper bits of addresses are ignored
    others : ports that only one of the chips has
    """

    def __init__(self, formats: Formats, n_neurons: int = N, others: dict[str, Member] | None = None) -> None:
        super().__init__(
            {
                "gate_activity_sync": In(1),
                "spi": In(SpiAccess()),
                "control": In(NeuronsControl()),
                "event": In(formats.neuron_event),
                "synapses": In(formats.synapses),
                "r_word": Out(formats.neuron_bits),
                "event_out": Out(formats.spike),
                **(others or {}),
            }
        )
        self._n_neurons = n_neurons
        self._updated = Signal(len(self.r_word))
        self._writes = Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.neurons = neurons = Sram(self._n_neurons, len(self.r_word))
        prog_data = self.spi.prog_data
        byte_idx = bits_of(self.spi.addr, SPI_NEURON_ADDR["byte"])
        m.d.comb += [
            self._writes.eq(self.control.cs & self.control.we),
            neurons.control.cs.eq(self.control.cs),
            neurons.control.we.eq(self.control.we),
            neurons.control.addr.eq(self.control.addr),
            self.r_word.eq(neurons.r_word),
        ]
        with m.If(self.gate_activity_sync):
            merge_byte(m, neurons.w_word, self.r_word, byte_idx, prog_data.byte, prog_data.mask)
        with m.Else():
            m.d.comb += neurons.w_word.eq(self._updated)
        self._update(m)
        return m

    @abstractmethod
    def _update(self, m: Module) -> None:
        """Drive ``_updated``, the neuron after the event, and its messages to other blocks while ``_writes`` is 1."""
