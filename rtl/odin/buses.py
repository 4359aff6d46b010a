"""What runs between ODIN's blocks: layouts and signatures, from the declaration."""

from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out

from emulator.odin.layout import (
    NEUR_EVENT,
    REGISTERS,
    SCHED_EVENT,
    SPI_ADDR,
    SPI_DATA,
    SYN_ADDR,
    VIRTS,
    M,
)
from rtl.lib.sram import SramControl
from rtl.lib.views import layout_of, packed_fields

SCHED_EVENT_LAYOUT = layout_of(SCHED_EVENT)
VIRTS_LAYOUT = layout_of(VIRTS)
SYN_ADDR_LAYOUT = layout_of(SYN_ADDR)
PROG_DATA = packed_fields(SPI_DATA)

# The configuration registers; those with several addresses are kept where they are used.
CONFIG = data.StructLayout({r.name.lower(): r.width for r in REGISTERS if r.n_addrs == 1})


class NeuronsControl(SramControl):
    """Access to the neuron memory."""

    def __init__(self) -> None:
        super().__init__(M)


class SynapsesControl(wiring.Signature):
    """Access to the synapse memory; see ``SramControl``."""

    def __init__(self) -> None:
        super().__init__({"cs": Out(1), "we": Out(1), "addr": Out(SYN_ADDR_LAYOUT)})


class SpiAccess(wiring.Signature):
    """A memory access asked for by the SPI, in the SPI's clock domain: levels, to be synchronised.

    readback_event, prog_event : the access is due; at most one is 1
    addr : 16 bits, SPI_NEURON_ADDR or SPI_SYNAPSE_ADDR, as ``op_code`` (SpiCmd) says
    prog_data : byte to write, and mask of the bits to keep
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "readback_event": Out(1),
                "prog_event": Out(1),
                "addr": Out(SPI_ADDR["addr"].width),
                "op_code": Out(SPI_ADDR["cmd"].width),
                "prog_data": Out(PROG_DATA),
            }
        )


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
