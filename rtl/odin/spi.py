"""The SPI slave: the registers that only ODIN's has, in the SPI's own clock domains.

Source: ODIN doc v0.1, 2.1; spi_slave.v.
"""

from collections.abc import Mapping

from amaranth import Array, Module
from amaranth.lib import memory
from amaranth.lib.wiring import In, Member, Out
from amaranth.utils import exact_log2

from draupnir.emulator.odin.layout import CHIP, M
from draupnir.rtl.crossbar.spi_slave import CrossbarSpiSlave, SpiFrames
from draupnir.rtl.odin.buses import FORMATS

SYN_SIGN = CHIP.register("SPI_SYN_SIGN")
BURST_TIMEREF = CHIP.register("SPI_BURST_TIMEREF")


class SpiSlave(CrossbarSpiSlave):
    """See ``CrossbarSpiSlave``.

    bursts_on : 1 if SPI_BURST_TIMEREF is not 0; it is a flip-flop, because a reset depends on it and needs no glitches
    pre : a neuron; syn_sign : its bit of SPI_SYN_SIGN

    more : the ports of a chip that has more
    """

    def __init__(self, more: Mapping[str, Member] | None = None) -> None:
        super().__init__(FORMATS, {"bursts_on": Out(1), "pre": In(M), "syn_sign": Out(1), **(more or {})})

    def _keep_others(self, m: Module, frames: SpiFrames) -> None:
        with m.If(frames.configures & (frames.config_addr == BURST_TIMEREF.addr)):
            m.d.sck += self.bursts_on.eq(frames.config_data[: BURST_TIMEREF.width] != 0)
        self._keep_syn_sign(m, frames)

    def _keep_syn_sign(self, m: Module, frames: SpiFrames) -> None:
        m.submodules.spi_syn_sign = signs = memory.Memory(shape=SYN_SIGN.width, depth=SYN_SIGN.n_addrs, init=[])
        write = signs.write_port(domain="sck")
        read = signs.read_port(domain="comb")
        in_range = (frames.config_addr >= SYN_SIGN.addr) & (frames.config_addr < SYN_SIGN.addr + SYN_SIGN.n_addrs)
        bit_bits = exact_log2(SYN_SIGN.width)
        m.d.comb += [
            write.addr.eq(frames.config_addr - SYN_SIGN.addr),
            write.data.eq(frames.config_data),
            write.en.eq(frames.configures & in_range),
            read.addr.eq(self.pre[bit_bits:]),
            self.syn_sign.eq(Array(read.data)[self.pre[:bit_bits]]),
        ]
