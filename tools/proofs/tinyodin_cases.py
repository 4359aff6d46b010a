"""tinyODIN's neuron in golden cases: which events have the inputs of a witness.

A neuron's next state is in its memory word, and its spike on the output bus.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bitwuzla import Kind

from draupnir.emulator.tinyodin.layout import EVENTS, LIF, SYN_WEIGHT
from draupnir.emulator.tinyodin.port import PORT
from draupnir.tools.proofs.cases import CrossbarRun, LeafCase
from draupnir.tools.proofs.claim import Unknowns
from draupnir.tools.proofs.logic import Truth

NEURON = 0
_EVENTS = {event.name: event for event in EVENTS}


def _is_possible(unknowns: Unknowns) -> Truth:
    """A virtual event has a weight that is not 0; at a time reference the weight is that of a synapse, which is 0."""
    word, event, tref = (unknowns[name] for name in ("word", "syn_event", "time_ref"))
    logic = word.logic
    on = [event.is_true(), word.slice(LIF["neur_disable"].lsb, 1).is_true().inverted()]
    return logic.every([*on, logic.truth(Kind.XOR, (tref.is_true(), unknowns["syn_weight"].is_true()))])


def _run(inputs: Mapping[str, int], results: Collection[str]) -> CrossbarRun:
    if inputs["time_ref"]:
        event = _EVENTS["tref"].encode(neur=NEURON)
    else:
        event = _EVENTS["virtual"].encode(neur=NEURON, weight=SYN_WEIGHT.take(inputs["syn_weight"]))
    return CrossbarRun(PORT, {"SPI_OPEN_LOOP": 1}, {NEURON: inputs["word"]}, [event])


LIF_CASE = LeafCase(_is_possible, _run)
