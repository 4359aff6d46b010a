"""The synapses: their memory, and the update of a word of eight synapses.

Source: ODIN doc v0.1, 3.2; synaptic_core.v.
"""

from collections.abc import Mapping

from amaranth import Module, Signal, Value
from amaranth.lib.wiring import In, Member, Out

from draupnir.emulator.odin.layout import N_SYN, N
from draupnir.rtl.crossbar.synaptic_core import SynapseMemory
from draupnir.rtl.odin.buses import FORMATS
from draupnir.rtl.odin.sdsp import SdspUpdate


class SynapticCore(SynapseMemory):
    """Read a word in one clock, and write it back, updated, in the next.

    gate_activity_sync : 1 if the SPI has the memory; a write then writes the word with the SPI's byte in it
    pre_en : the synapses of the word that the event updates
    v_up, v_down : the conditions of the word's eight post-synaptic neurons
    r_word : the word last accessed; w_word : the word that a write in this clock writes

    more : the ports of a chip that has more
    """

    def __init__(self, n_neurons: int = N, sdsp: bool = True, more: Mapping[str, Member] | None = None) -> None:
        others = {
            "config": In(FORMATS.config),
            "gate_activity_sync": In(1),
            "pre_en": In(N_SYN),
            "bist_ref": In(1),
            "v_up": In(N_SYN),
            "v_down": In(N_SYN),
            "w_word": Out(FORMATS.synapses),
            **(more or {}),
        }
        super().__init__(FORMATS, n_neurons, others)
        self._sdsp = sdsp

    def _write(self, m: Module, w_word: Value) -> None:
        """Write the word with the SPI's byte in it, or after SDSP."""
        updated = self._update(m) if self._sdsp else self.r_word
        with m.If(self.gate_activity_sync):
            super()._write(m, self.w_word.as_value())
        with m.Else():
            m.d.comb += self.w_word.eq(updated)
        m.d.comb += w_word.eq(self.w_word)

    def _update(self, m: Module) -> Signal:
        """Return the word after SDSP or bistability."""
        updated = Signal(FORMATS.synapses)
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
