"""The synapses: their memory, which only the SPI writes.

Source: tinyODIN doc v1.0, 3.2; synaptic_core.v.
"""

from amaranth import Cat, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from draupnir.emulator.tinyodin.layout import N_SYN, SPI_SYNAPSE_ADDR, SYN, N
from draupnir.rtl.lib.spi_slave import SpiAccess
from draupnir.rtl.lib.sram import Sram, merge_byte
from draupnir.rtl.lib.views import bits_of
from draupnir.rtl.tinyodin.buses import SynapsesControl


class SynapticCore(wiring.Component):
    """Reads a word in one clock; a write puts the SPI's byte into the word last read.

    r_word : the word last accessed
    """

    spi: In(SpiAccess())
    control: In(SynapsesControl())
    r_word: Out(SYN.width)

    def __init__(self, n_neurons: int = N) -> None:
        super().__init__()
        self._n_neurons = n_neurons

    def elaborate(self, platform: object) -> Module:
        m = Module()
        n_groups = self._n_neurons // N_SYN
        m.submodules.synapses = synapses = Sram(n_groups * self._n_neurons, SYN.width)
        addr = self.control.addr
        m.d.comb += [
            synapses.control.cs.eq(self.control.cs),
            synapses.control.we.eq(self.control.we),
            synapses.control.addr.eq(
                Cat(addr.post_group[: exact_log2(n_groups)], addr.pre[: exact_log2(self._n_neurons)])
            ),
            self.r_word.eq(synapses.r_word),
        ]
        byte_idx = bits_of(self.spi.addr, SPI_SYNAPSE_ADDR["byte"])
        prog_data = self.spi.prog_data
        merge_byte(m, synapses.w_word, self.r_word, byte_idx, prog_data.byte, prog_data.mask)
        return m
