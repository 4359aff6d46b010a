"""The parts of ODIN that are proved: both neurons, and the plasticity of a synapse, for every word and event."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from amaranth.lib import data
from bitwuzla import Kind

from draupnir.emulator.odin import izh, lif, sdsp
from draupnir.emulator.odin.layout import IZH, LIF, NEUR_EVENT, SYN_WEIGHT
from draupnir.rtl.odin.izh import IzhNeuron
from draupnir.rtl.odin.lif import LifNeuron
from draupnir.rtl.odin.sdsp import SdspUpdate
from draupnir.rtl.odin.stimulus import STIMULUS
from draupnir.tools.proofs import words
from draupnir.tools.proofs.claim import Law, Leaf, ModuleOutput, Original, Ours, Pairs, Unknowns
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits
from draupnir.tools.proofs.odin_cases import IZH_CASE, LIF_CASE, SDSP_CASE
from draupnir.tools.proofs.odin_planes import LAWS
from draupnir.tools.proofs.odin_whole import STEPS

EVENT = {"syn_weight": SYN_WEIGHT.width, "syn_sign": 1, "syn_event": 1, "time_ref": 1}
FLAGS = {"v_up": 1, "v_down": 1}


def _wide(unknowns: Unknowns, names: Mapping[str, int]) -> list[Bits]:
    return [unknowns[name].resized(KERNEL_BITS) for name in names]


def _stimulus(unknowns: Unknowns) -> Bits:
    """The event as our neurons get it: at most one of tref, exc and inh is 1."""
    event, tref, sign = (unknowns[name] for name in ("syn_event", "time_ref", "syn_sign"))
    no_tref, no_sign = (bits.logic.bits(Kind.BV_NOT, 1, (bits,)) for bits in (tref, sign))
    synaptic = event.apply(Kind.BV_AND, no_tref)
    parts = {
        "tref": event.apply(Kind.BV_AND, tref),
        "exc": synaptic.apply(Kind.BV_AND, no_sign),
        "inh": synaptic.apply(Kind.BV_AND, sign),
        "syn_weight": unknowns["syn_weight"],
        "burst_end": unknowns.get("burst_end", event.logic.number(0, 1)),
    }
    return pack(STIMULUS, parts)


def pack(layout: data.StructLayout, parts: Mapping[str, Bits]) -> Bits:
    """Return the content of a port with a layout."""
    ordered = [parts[name] for name, _ in layout]
    return ordered[0].logic.concat(ordered)


# --- The leaky integrate-and-fire neuron --------------------------------------------------------------------------


def _lif(kernels: Kernels, unknowns: Unknowns) -> Mapping[str, Any]:
    new_state: lif.LifNext = kernels.call(lif.update, words.limbs(unknowns["word"]), *_wide(unknowns, EVENT))
    return new_state._asdict()


def _lif_inputs(unknowns: Unknowns) -> Mapping[str, Bits]:
    return {**words.original_inputs(LIF, unknowns["word"]), **{name: unknowns[name] for name in EVENT}}


_FLAGS_OF_ORIGINAL = {name: ModuleOutput(f"{name}_next", 0, 1) for name in FLAGS}
_OF_EVENT = {field.name: ModuleOutput("event_out", field.lsb, field.width) for field in NEUR_EVENT}

LIF_LEAF = Leaf(
    "lif",
    "the leaky integrate-and-fire neuron",
    {"word": LIF.width, **EVENT},
    _lif,
    Ours(
        lambda unknowns: {"neuron": unknowns["word"], "stimulus": _stimulus(unknowns)},
        {**words.our_outputs(LIF), **{name: ModuleOutput(name, 0, 1) for name in ("spike", "v_up", "v_down")}},
        LifNeuron,
    ),
    Original(
        _lif_inputs,
        {**words.original_outputs(LIF), **_FLAGS_OF_ORIGINAL, "spike": _OF_EVENT["spike"]},
        "lif_neuron",
    ),
    word=LIF,
    case=LIF_CASE,
)

# --- The Izhikevich neuron ----------------------------------------------------------------------------------------

_IZH_EVENT = {**EVENT, "burst_end": 1}


def _izh(kernels: Kernels, unknowns: Unknowns) -> Mapping[str, Any]:
    return words.izh_results(kernels.call(izh.update, words.limbs(unknowns["word"]), *_wide(unknowns, _IZH_EVENT)))


def _izh_inputs(unknowns: Unknowns) -> Mapping[str, Bits]:
    return {**words.original_inputs(IZH, unknowns["word"]), **{name: unknowns[name] for name in _IZH_EVENT}}


IZH_LEAF = Leaf(
    "izh",
    "the Izhikevich neuron",
    {"word": IZH.width, **_IZH_EVENT},
    _izh,
    Ours(
        lambda unknowns: {"neuron": unknowns["word"], "stimulus": _stimulus(unknowns)},
        {
            **words.our_outputs(IZH),
            **{name: ModuleOutput(name, 0, 1) for name in FLAGS},
            **{field.name: ModuleOutput(f"event__{field.name}", 0, field.width) for field in NEUR_EVENT},
        },
        IzhNeuron,
    ),
    Original(_izh_inputs, {**words.original_outputs(IZH), **_FLAGS_OF_ORIGINAL, **_OF_EVENT}, "izh_neuron"),
    word=IZH,
    case=IZH_CASE,
)


def _stays(kernels: Kernels, unknowns: Unknowns) -> list[Pairs]:
    """A stimulation changes the accumulator alone, and no neuron spikes, if ``izh.stays`` says so."""
    old, limbs = unknowns["word"], words.limbs(unknowns["word"])
    weight, sign = _wide(unknowns, {"syn_weight": 0, "syn_sign": 0})
    excites = kernels.compare(ast.Eq, sign, 0)
    inhibits = kernels.compare(ast.Eq, sign, 1)
    inacc = kernels.call(izh.accumulate, limbs, weight, False, excites, inhibits)
    stays = kernels.truth(kernels.call(izh.stays, limbs, inacc))
    results = words.izh_results(kernels.call(izh.update, limbs, weight, sign, 1, 0, 0))
    pairs = {"spike": (kernels.bits(kernels.merge(stays, results["spike"], 0)), kernels.bits(0))}
    for field in words.states(IZH):
        content = old.slice(field.lsb, field.width).resized(KERNEL_BITS)
        baseline = kernels.bits(inacc) if field.name == "inacc" else content
        pairs[field.name] = (kernels.bits(kernels.merge(stays, results[field.name], baseline)), baseline)
    return [pairs]


STAYS = Law(
    "izh-stays",
    "an Izhikevich neuron that is quickly found to stay as it is does stay",
    {"word": IZH.width, "syn_weight": SYN_WEIGHT.width, "syn_sign": 1},
    _stays,
    word=IZH,
    ways=("after the event", "as it must stay"),
)

# --- Plasticity ---------------------------------------------------------------------------------------------------

_SDSP = {"synapse": 4, "pre": 1, "bist_ref": 1, "v_up": 1, "v_down": 1}


def _sdsp(kernels: Kernels, unknowns: Unknowns) -> Mapping[str, Any]:
    synapse, pre, bist, up, down = _wide(unknowns, _SDSP)
    new_state = kernels.merge(kernels.truth(pre), kernels.call(sdsp.synapse_next, synapse, bist, up, down), synapse)
    weight = kernels.binary(ast.BitAnd, new_state, SYN_WEIGHT.high)
    return {"synapse": new_state, "weight": weight}


SDSP_LEAF = Leaf(
    "sdsp",
    "the plasticity of a synapse",
    _SDSP,
    _sdsp,
    Ours(
        lambda unknowns: {
            "weight": unknowns["synapse"].slice(0, SYN_WEIGHT.width),
            **{name: unknowns[name] for name in ("pre", "bist_ref", "v_up", "v_down")},
        },
        {"weight": ModuleOutput("weight_next", 0, SYN_WEIGHT.width)},
        SdspUpdate,
    ),
    Original(
        lambda unknowns: {
            "SYN_PRE": unknowns["pre"],
            "SYN_BIST_REF": unknowns["bist_ref"],
            "V_UP": unknowns["v_up"],
            "V_DOWN": unknowns["v_down"],
            "WSYN_CURR": unknowns["synapse"],
        },
        {"synapse": ModuleOutput("WSYN_NEW", 0, 4)},
        "sdsp_update",
    ),
    case=SDSP_CASE,
)

CLAIMS = (LIF_LEAF, IZH_LEAF, SDSP_LEAF, STAYS, *LAWS, *STEPS)
