"""The wires between the blocks that ODIN and tinyODIN have alike: the accesses to both memories."""

from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from draupnir.emulator.crossbar.layout import SYN_ADDR, M
from draupnir.rtl.lib.sram import SramControl
from draupnir.rtl.lib.views import layout_of


class NeuronsControl(SramControl):
    """Access to the neuron memory."""

    def __init__(self) -> None:
        super().__init__(M)


class SynapsesControl(wiring.Signature):
    """Access to the synapse memory; see ``SramControl``."""

    def __init__(self) -> None:
        super().__init__({"cs": Out(1), "we": Out(1), "addr": Out(layout_of(SYN_ADDR))})
