"""What runs between tinyODIN's blocks: layouts and signatures, from the declaration."""

from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out

from draupnir.emulator.tinyodin.layout import REGISTERS, SCHED_EVENT, SYN_BITS
from draupnir.rtl.lib.views import layout_of

SCHED_EVENT_LAYOUT = layout_of(SCHED_EVENT)
CONFIG = data.StructLayout({r.name.lower(): r.width for r in REGISTERS})


class NeuronEvent(wiring.Signature):
    """What the controller sends to the neuron under update.

    event : the update is an event (else the neuron sees no stimulus)
    tref : the event is a time reference
    virts : 0, or the weight of a virtual event, which then replaces the synapse
    """

    def __init__(self) -> None:
        super().__init__({"event": Out(1), "tref": Out(1), "virts": Out(SYN_BITS)})
