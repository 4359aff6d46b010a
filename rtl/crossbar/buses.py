"""The wires between the blocks of ODIN and tinyODIN: layouts and signatures, from a chip's declaration."""

from __future__ import annotations

from amaranth.hdl import ShapeLike
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import Out

from draupnir.emulator.crossbar.layout import SYN_ADDR, M
from draupnir.emulator.declare import Chip, Word
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


class NeuronEvent(wiring.Signature):
    """The controller's message to the neuron under update.

    event : 1 if the update is an event; with 0 the neuron gets no stimulus
    tref : 1 if the event is a time reference
    virts : 0, or a virtual event, which then replaces the synapse

    others : signals that only one of the chips has
    """

    def __init__(self, virts: ShapeLike, others: dict[str, int]) -> None:
        own = {name: Out(width) for name, width in others.items()}
        super().__init__({"event": Out(1), "tref": Out(1), "virts": Out(virts), **own})


class Formats:
    """The formats of a chip's wires.

    sched_event : the layout of an event in the scheduler; sched_events : a stream of such events
    spike : the signature of a spike of the neuron that is written; it has the signal ``spike``
    neuron_event : see ``NeuronEvent``
    synapses : the layout of a synapse memory's word; neuron_bits : the width of a neuron's word
    config : the layout of the configuration registers, without those that have several addresses
    """

    def __init__(self, chip: Chip, sched_event: Word, spike: wiring.Signature, neuron_event: NeuronEvent) -> None:
        self.chip = chip
        self.sched_event = layout_of(sched_event)
        self.sched_events = stream.Signature(self.sched_event)
        self.spike = spike
        self.neuron_event = neuron_event
        self.synapses = layout_of(chip.memory("synapses").words[0])
        self.neuron_bits = chip.memory("neurons").width
        self.config = data.StructLayout({r.name.lower(): r.width for r in chip.registers if r.n_addrs == 1})
