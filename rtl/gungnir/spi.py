"""The SPI slave: ODIN's, with the registers of e-prop and the bytes of the fractions.

Source: emulator/gungnir/README.md.
"""

from amaranth import Module
from amaranth.lib.wiring import In, Out

from draupnir.emulator.crossbar.layout import SPI_SYNAPSE_ADDR
from draupnir.emulator.declare import Field
from draupnir.emulator.gungnir.layout import FRACTIONS, LEARNING_REGISTERS, SPI_FRACTIONS
from draupnir.rtl.crossbar.spi_slave import SYN_WORD_BITS, SpiFrames
from draupnir.rtl.gungnir.buses import LEARNING_CONFIG
from draupnir.rtl.odin import spi as odin


def _resets() -> dict[str, int]:
    """Return the registers that RST resets, and their values."""
    return {register.name.lower(): register.reset for register in LEARNING_REGISTERS if register.reset is not None}


class LearningFrames(SpiFrames):
    """See ``SpiFrames``.

    eprop_en : 1 if the SPI may read the fractions; fractions : the word of fractions last read
    """

    def __init__(self, neuron_bits: int, byte_field: Field) -> None:
        others = {"eprop_en": In(1), "fractions": In(FRACTIONS.width)}
        super().__init__(neuron_bits, SYN_WORD_BITS, byte_field, others)

    def _load_readback(self, m: Module) -> None:
        super()._load_readback(m)
        with m.If((self.access.op_code == SPI_FRACTIONS) & self.eprop_en):
            self._load_byte(m, self.fractions, SPI_SYNAPSE_ADDR["byte"])


class SpiSlave(odin.SpiSlave):
    """See ODIN's.

    fractions : the word of fractions last read
    learning : the registers of e-prop; RST resets those that have a reset value, in clock domain ``sck_reset``
    """

    def __init__(self) -> None:
        super().__init__({"fractions": In(FRACTIONS.width), "learning": Out(LEARNING_CONFIG, init=_resets())})

    def _make_frames(self, neuron_bits: int, byte_field: Field) -> SpiFrames:
        return LearningFrames(neuron_bits, byte_field)

    def _keep_others(self, m: Module, frames: SpiFrames) -> None:
        super()._keep_others(m, frames)
        m.d.comb += [frames.eprop_en.eq(self.learning.spi_eprop_en), frames.fractions.eq(self.fractions)]
        for register in LEARNING_REGISTERS:
            name = register.name.lower()
            domain = m.d.sck_reset if register.reset is not None else m.d.sck
            with m.If(frames.configures & (frames.config_addr == register.addr)):
                domain += self.learning[name].eq(frames.config_data)
