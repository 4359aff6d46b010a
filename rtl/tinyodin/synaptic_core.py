"""The synapses: their memory, which only the SPI writes.

Source: tinyODIN doc v1.0, 3.2; synaptic_core.v.
"""

from amaranth.lib.wiring import Out

from draupnir.emulator.tinyodin.layout import SYN
from draupnir.rtl.crossbar.synaptic_core import SynapseMemory


class SynapticCore(SynapseMemory):
    """A write puts the SPI's byte into the word last read."""

    r_word: Out(SYN.width)
