"""The formats of the wires between ODIN's blocks, from the declaration."""

from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from draupnir.emulator.odin.layout import CHIP, NEUR_EVENT, SCHED_EVENT, VIRTS
from draupnir.rtl.crossbar.buses import Formats, NeuronEvent
from draupnir.rtl.lib.views import layout_of


class Spike(wiring.Signature):
    """A neuron's spike, and the burst that it begins.

    spike : 1 if the neuron spikes; with 0 the other two have no meaning
    spk_ref : the number of further spikes in the burst
    isi_ref : the spikes are ``isi_ref`` + 1 burst time references apart
    """

    def __init__(self) -> None:
        super().__init__({f.name: Out(f.width) for f in NEUR_EVENT})


# virts : the weight, sign and leak of a virtual event; burst_end : 1 if the neuron's own burst ends
FORMATS = Formats(CHIP, SCHED_EVENT, Spike(), NeuronEvent(layout_of(VIRTS), {"burst_end": 1}))
CONFIG, SCHED_EVENT_LAYOUT = FORMATS.config, FORMATS.sched_event
