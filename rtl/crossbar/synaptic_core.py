"""The synapse memory, with eight synapses in a word, and its writes by the SPI.

Source: ODIN doc v0.1, 3.1; tinyODIN doc v1.0, 3.2; synaptic_core.v of both.
"""

from amaranth import Cat, Module, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Member, Out
from amaranth.utils import exact_log2

from draupnir.emulator.crossbar.layout import N_SYN, SPI_SYNAPSE_ADDR, SYN_BITS, N
from draupnir.rtl.crossbar.buses import Formats, SynapsesControl
from draupnir.rtl.crossbar.spi_slave import SpiAccess
from draupnir.rtl.lib.sram import Sram, merge_byte
from draupnir.rtl.lib.views import bits_of


class SynapseMemory(wiring.Component):
    """Read a word in one clock. A write in the next clock puts the SPI's byte into the word last read (``_write``).

    r_word : the word last accessed

    n_neurons : a power of 2; with fewer than 256 the upper bits of addresses are ignored
    others : ports that only one of the chips has
    """

    def __init__(self, formats: Formats, n_neurons: int = N, others: dict[str, Member] | None = None) -> None:
        ports = {"spi": In(SpiAccess()), "control": In(SynapsesControl()), "r_word": Out(formats.synapses)}
        super().__init__({**ports, **(others or {})})
        self._n_neurons = n_neurons

    def elaborate(self, platform: object) -> Module:
        m = Module()
        n_groups = self._n_neurons // N_SYN
        m.submodules.synapses = synapses = Sram(n_groups * self._n_neurons, N_SYN * SYN_BITS)
        addr = self.control.addr
        m.d.comb += [
            synapses.control.cs.eq(self.control.cs),
            synapses.control.we.eq(self.control.we),
            synapses.control.addr.eq(
                Cat(addr.post_group[: exact_log2(n_groups)], addr.pre[: exact_log2(self._n_neurons)])
            ),
            self.r_word.eq(synapses.r_word),
        ]
        self._write(m, synapses.w_word)
        return m

    def _write(self, m: Module, w_word: Value) -> None:
        """Assign the word last accessed, with the SPI's byte in it."""
        byte_idx = bits_of(self.spi.addr, SPI_SYNAPSE_ADDR["byte"])
        prog_data = self.spi.prog_data
        merge_byte(m, w_word, Value.cast(self.r_word), byte_idx, prog_data.byte, prog_data.mask)
