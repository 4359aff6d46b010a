"""What runs between ODIN's blocks: layouts and signatures, from the declaration."""

from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out

from draupnir.emulator.odin.layout import (
    NEUR_EVENT,
    REGISTERS,
    SCHED_EVENT,
    VIRTS,
)
from draupnir.rtl.lib.views import layout_of

SCHED_EVENT_LAYOUT = layout_of(SCHED_EVENT)
VIRTS_LAYOUT = layout_of(VIRTS)

# The configuration registers; those with several addresses are kept where they are used.
CONFIG = data.StructLayout({r.name.lower(): r.width for r in REGISTERS if r.n_addrs == 1})


class Spike(wiring.Signature):
    """A neuron's spike, and the burst that it begins.

    spike : the neuron spikes; else the other two mean nothing
    spk_ref : further spikes of the burst
    isi_ref : they are ``isi_ref`` + 1 burst time references apart
    """

    def __init__(self) -> None:
        super().__init__({f.name: Out(f.width) for f in NEUR_EVENT})


class NeuronEvent(wiring.Signature):
    """What the controller sends to the neuron under update.

    event : the update is an event (else the neuron sees no stimulus)
    tref : the event is a time reference
    virts : 0, or the weight, sign and leak of a virtual event, which then replace the synapse
    burst_end : the neuron's own burst ends
    """

    def __init__(self) -> None:
        super().__init__({"event": Out(1), "tref": Out(1), "virts": Out(VIRTS_LAYOUT), "burst_end": Out(1)})
