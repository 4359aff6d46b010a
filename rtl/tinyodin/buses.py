"""The formats of the wires between tinyODIN's blocks, from the declaration."""

from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from draupnir.emulator.tinyodin.layout import CHIP, SCHED_EVENT, SYN_BITS
from draupnir.rtl.crossbar.buses import Formats, NeuronEvent

FORMATS = Formats(CHIP, SCHED_EVENT, wiring.Signature({"spike": Out(1)}), NeuronEvent(SYN_BITS, {}))
