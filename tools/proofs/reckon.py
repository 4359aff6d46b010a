"""The parts of ReckOn that are proved: updates of weights, decays, and the error of an output neuron."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from amaranth import Elaboratable, Module, Mux, Shape, Value, signed, unsigned
from bitwuzla import Kind

from draupnir.emulator.reckon import lif, readout
from draupnir.emulator.reckon.layout import (
    ACT_HALF,
    ALPHA_ONE,
    KAPPA_ONE,
    PROB_BITS,
    TOUT_BITS,
    TRACE_BITS,
    U_BITS,
    W_BITS,
    WOUT_PROB_BITS,
)
from draupnir.emulator.reckon.learning import eprop, traces
from draupnir.rtl.reckon.output_neurons import output_error
from draupnir.rtl.reckon.probability import ExcessShift
from draupnir.rtl.reckon.rounding import decay
from draupnir.rtl.reckon.stoch_update import LR_BITS, LearningRate, moves, new_weight, size_of, widened
from draupnir.tools.proofs.claim import Leaf, ModuleOutput, Original, Ours, Unknowns
from draupnir.tools.proofs.functions import FunctionOf, signed_number
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits
from draupnir.tools.proofs.reckon_whole import STEPS


def _one(unknowns: Unknowns) -> Bits:
    return next(iter(unknowns.values())).logic.number(1, 1)


# --- The update of a weight ---------------------------------------------------------------------------------------


def _update(bits: int, kernels: Kernels, unknowns: Unknowns) -> Mapping[str, Any]:
    prob = signed_number(kernels, unknowns["prob"])
    weight, rnd, lr_p, lr_r = (unknowns[name].resized(KERNEL_BITS) for name in ("weight", "rnd", "lr_p", "lr_r"))
    moves = kernels.call(eprop.is_updated, prob, rnd, lr_p, lr_r, bits)
    new_weight = kernels.merge(moves, kernels.call(eprop.move_weight, weight, prob), weight)
    return {"moves": moves, "weight": new_weight}


def _our_update(bits: int) -> Elaboratable:
    def build(m: Module, prob: Value, lr_p: Value, lr_r: Value, rnd: Value, w: Value) -> Mapping[str, Value]:
        if bits == WOUT_PROB_BITS:
            prob, rnd = widened(prob), widened(rnd)
        size = size_of(prob)
        reaches = LearningRate(m, lr_p, lr_r).reaches(m, size, rnd)
        is_moved = moves(size, reaches)
        return {"moves": is_moved, "weight": Mux(is_moved, new_weight(w, prob[-1]), w)}

    inputs = {"prob": signed(bits), "lr_p": LR_BITS, "lr_r": LR_BITS, "rnd": bits, "w": W_BITS}
    return FunctionOf(inputs, {"moves": 1, "weight": W_BITS}, build)


def _update_leaf(name: str, title: str, bits: int) -> Leaf:
    def inputs(unknowns: Unknowns) -> Mapping[str, Bits]:
        return {name: unknowns[name] for name in ("prob", "lr_p", "lr_r", "rnd")}

    widths = {"prob": bits, "weight": W_BITS, "rnd": bits, "lr_p": LR_BITS, "lr_r": LR_BITS}
    return Leaf(
        name,
        title,
        widths,
        partial(_update, bits),
        Ours(
            lambda unknowns: {**inputs(unknowns), "w": unknowns["weight"]},
            {"moves": ModuleOutput("moves", 0, 1), "weight": ModuleOutput("weight", 0, W_BITS)},
            partial(_our_update, bits),
        ),
        Original(
            lambda unknowns: {
                **inputs(unknowns),
                "w_in": unknowns["weight"],
                "en": unknowns["prob"].logic.number(1, 1),
            },
            {"moves": ModuleOutput("mask", 0, 1), "weight": ModuleOutput("w_out", 0, W_BITS)},
            "stoch_update",
            {"WIDTH_IN": bits, "LR_IN": LR_BITS},
        ),
    )


def _penalty(kernels: Kernels, unknowns: Unknowns) -> Mapping[str, Any]:
    excess, k_p, k_r = (unknowns[name].resized(KERNEL_BITS) for name in ("excess", "k_p", "k_r"))
    return {"penalty": kernels.call(eprop.additive, excess, k_p, k_r)}


def _our_penalty() -> Elaboratable:
    def build(m: Module, excess: Value, k_p: Value, k_r: Value) -> Mapping[str, Value]:
        return {"penalty": ExcessShift(m, k_p, k_r).penalty(excess)}

    return FunctionOf(_PENALTY, {"penalty": signed(PROB_BITS)}, build)


_PENALTY = {"excess": TRACE_BITS, "k_p": LR_BITS, "k_r": LR_BITS}
PENALTY_LEAF = Leaf(
    "penalty",
    "the term of additive regularisation",
    _PENALTY,
    _penalty,
    Ours(lambda unknowns: unknowns, {"penalty": ModuleOutput("penalty", 0, PROB_BITS, signed=True)}, _our_penalty),
)

# --- The error of an output neuron --------------------------------------------------------------------------------

_ERROR = {"regression": 1, "no_out_act": 1, "label": 1, "target": U_BITS, "u": U_BITS}


def _error(kernels: Kernels, unknowns: Unknowns) -> Mapping[str, Any]:
    """The rule of ``learning.group.errors`` for one neuron in use, with a target."""
    u, target = (signed_number(kernels, unknowns[name]) for name in ("u", "target"))
    of_label = kernels.merge(unknowns["label"].is_true(), ACT_HALF, 0)
    aim = kernels.merge(unknowns["regression"].is_true(), target, of_label)
    output = kernels.call(readout.activation, u, unknowns["no_out_act"].resized(KERNEL_BITS))
    return {"error": kernels.call(readout.error, aim, output)}


def _our_error() -> Elaboratable:
    def build(m: Module, regression: Value, no_out_act: Value, label: Value, target: Value, u: Value) -> Any:
        aim = Mux(regression, target, Mux(label, ACT_HALF, 0)).as_signed()
        return {"error": output_error(m, aim, u, ~no_out_act)}

    shapes = {name: signed(bits) if bits == U_BITS else bits for name, bits in _ERROR.items()}
    return FunctionOf(shapes, {"error": signed(U_BITS)}, build)


def _original_error_inputs(unknowns: Unknowns) -> Mapping[str, Bits]:
    no_out_act = unknowns["no_out_act"]
    return {
        "en": _one(unknowns),
        "regr": unknowns["regression"],
        "act": no_out_act.logic.bits(Kind.BV_NOT, 1, (no_out_act,)),
        **{name: unknowns[name] for name in ("label", "target")},
        "vo": unknowns["u"],
    }


ERROR_LEAF = Leaf(
    "error",
    "the error of an output neuron",
    _ERROR,
    _error,
    Ours(lambda unknowns: unknowns, {"error": ModuleOutput("error", 0, U_BITS, signed=True)}, _our_error),
    Original(_original_error_inputs, {"error": ModuleOutput("e", 0, U_BITS, signed=True)}, "output_act_err"),
)

# --- Decays -------------------------------------------------------------------------------------------------------


def _decay_leaf(name: str, title: str, kernel: Any, level: Shape, factor: int, fraction: int) -> Leaf:
    """The leaf of a product that is rounded at random; the original has no module of its own for it."""
    widths = {"level": level.width, "factor": factor, "rnd": fraction, "rounds": 1}

    def results(kernels: Kernels, unknowns: Unknowns) -> Mapping[str, Any]:
        number = unknowns["level"].resized(KERNEL_BITS, level.signed)
        return {
            "level": kernels.call(kernel, number, *(unknowns[name].resized(KERNEL_BITS) for name in list(widths)[1:]))
        }

    def build(m: Module, level: Value, factor: Value, rnd: Value, rounds: Value) -> Mapping[str, Value]:
        return {"level_next": decay(m, level, factor, fraction, rounds, rnd)}

    shapes = {"level": level, "factor": factor, "rnd": fraction, "rounds": 1}
    return Leaf(
        name,
        title,
        widths,
        results,
        Ours(
            lambda unknowns: unknowns,
            {"level": ModuleOutput("level_next", 0, level.width, level.signed)},
            partial(FunctionOf, shapes, {"level_next": level}, build),
        ),
    )


ALPHA_BITS = ALPHA_ONE.bit_length()
KAPPA_BITS = KAPPA_ONE.bit_length()

CLAIMS = (
    _update_leaf("update", "the update of an input or recurrent weight at random", PROB_BITS),
    _update_leaf("wout", "the update of an output weight at random", WOUT_PROB_BITS),
    PENALTY_LEAF,
    ERROR_LEAF,
    _decay_leaf("leak", "the decay of a recurrent neuron's potential", lif.leak, signed(U_BITS), ALPHA_BITS, 15),
    _decay_leaf("leak-out", "the decay of an output neuron's potential", readout.leak, signed(U_BITS), KAPPA_BITS, 7),
    _decay_leaf("trace", "the decay of a trace", traces.decay, unsigned(TRACE_BITS), ALPHA_BITS, 15),
    _decay_leaf("trace-out", "the decay of an output trace", traces.decay_out, unsigned(TOUT_BITS), KAPPA_BITS, 7),
    *STEPS,
)
