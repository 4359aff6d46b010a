"""The SPI slave: frames as in ODIN, and four configuration registers.

Source: tinyODIN doc v1.0, 2.1 and 4; spi_slave.v.
"""

from amaranth.lib.wiring import In, Out

from draupnir.emulator.tinyodin.layout import LIF, REGISTERS, SYN
from draupnir.rtl.crossbar.spi_slave import ConfiguredSlave
from draupnir.rtl.tinyodin.buses import CONFIG


class SpiSlave(ConfiguredSlave):
    """See ``ConfiguredSlave``."""

    registers = REGISTERS

    neur_state: In(LIF.width)
    synapses: In(SYN.width)
    config: Out(CONFIG)
