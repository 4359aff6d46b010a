"""The synapses: their memory, and the update of a word of eight as it passes by.

Source: ODIN doc v0.1, 3.2; synaptic_core.v.
"""

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from draupnir.emulator.odin.layout import N_SYN, SPI_SYNAPSE_ADDR, SYN, N
from draupnir.rtl.lib.spi_slave import SpiAccess
from draupnir.rtl.lib.sram import Sram, merge_byte
from draupnir.rtl.lib.views import bits_of, layout_of
from draupnir.rtl.odin.buses import CONFIG, SynapsesControl
from draupnir.rtl.odin.sdsp import SdspUpdate


class SynapticCore(wiring.Component):
    """Reads a word in one clock and writes it back, updated, in the next.

    gate_activity_sync : the SPI has the memory: what is written is the word with the SPI's byte in it
    pre_en : the synapses of the word that the event updates
    v_up, v_down : conditions of the word's eight post-synaptic neurons
    r_word : the word last accessed; w_word : what a write would write
    """

    config: In(CONFIG)
    gate_activity_sync: In(1)
    spi: In(SpiAccess())
    control: In(SynapsesControl())
    pre_en: In(N_SYN)
    bist_ref: In(1)
    v_up: In(N_SYN)
    v_down: In(N_SYN)
    r_word: Out(layout_of(SYN))
    w_word: Out(layout_of(SYN))

    def __init__(self, n_neurons: int = N, sdsp: bool = True) -> None:
        super().__init__()
        self._n_neurons = n_neurons
        self._sdsp = sdsp

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
            synapses.w_word.eq(self.w_word),
            self.r_word.eq(synapses.r_word),
        ]
        updated = self._update(m) if self._sdsp else self.r_word
        byte_idx = bits_of(self.spi.addr, SPI_SYNAPSE_ADDR["byte"])
        w_word, r_word, prog_data = self.w_word.as_value(), self.r_word.as_value(), self.spi.prog_data
        with m.If(self.gate_activity_sync):
            merge_byte(m, w_word, r_word, byte_idx, prog_data.byte, prog_data.mask)
        with m.Else():
            m.d.comb += w_word.eq(updated)
        return m

    def _update(self, m: Module) -> Signal:
        """The word after SDSP or bistability."""
        updated = Signal(layout_of(SYN))
        m.d.comb += updated.eq(self.r_word)
        for i in range(N_SYN):
            m.submodules[f"sdsp_{i}"] = sdsp = SdspUpdate()
            mapped = self.r_word[f"mapping{i}"] | self.config.spi_update_unmapped_syn
            m.d.comb += [
                sdsp.pre.eq(self.pre_en[i] & mapped),
                sdsp.bist_ref.eq(self.bist_ref),
                sdsp.v_up.eq(self.v_up[i]),
                sdsp.v_down.eq(self.v_down[i]),
                sdsp.weight.eq(self.r_word[f"syn_weight{i}"]),
                updated[f"syn_weight{i}"].eq(sdsp.weight_next),
            ]
        return updated
