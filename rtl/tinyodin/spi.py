"""The SPI slave: frames as in ODIN, and four configuration registers.

Source: tinyODIN doc v1.0, 2.1 and 4; spi_slave.v.
"""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.tinyodin.layout import LIF, REGISTERS, SPI_NEURON_ADDR, SYN
from draupnir.rtl.lib.spi_slave import SpiAccess, add_frames
from draupnir.rtl.tinyodin.buses import CONFIG


class SpiSlave(wiring.Component):
    """See ``SpiFrames``; ``config`` : the registers, written at the rising edge of a frame's last bit, never reset."""

    mosi: In(1)
    miso: Out(1)
    neur_state: In(LIF.width)
    synapses: In(SYN.width)
    access: Out(SpiAccess())
    config: Out(CONFIG)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        frames = add_frames(m, self, SPI_NEURON_ADDR["byte"])
        with m.If(frames.configures), m.Switch(frames.config_addr):
            for register in REGISTERS:
                with m.Case(register.addr):
                    m.d.sck += self.config[register.name.lower()].eq(frames.config_data)
        return m
