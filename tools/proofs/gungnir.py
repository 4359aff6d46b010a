"""The parts of Gungnir that are proved: the learning state of a neuron, learning signals, and eight weights.

All else of the neuron is ODIN's, and so are ODIN's claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from amaranth import Module, Value, signed
from amaranth.lib import data

from draupnir.emulator.gungnir import eprop, neuron_core
from draupnir.emulator.gungnir.controller import AMOUNT_BITS
from draupnir.emulator.gungnir.layout import (
    ERROR,
    FRACTIONS,
    LEARNING_REGISTERS,
    LFSR_BITS,
    LIF,
    N_SYN,
    SIGNAL,
    SYNAPSES,
    TRACE,
)
from draupnir.rtl.gungnir.buses import LEARNING_CONFIG
from draupnir.rtl.gungnir.eprop import LearningState, WordUpdate, taught
from draupnir.tools.proofs import words
from draupnir.tools.proofs.claim import Leaf, ModuleOutput, Ours, Unknowns
from draupnir.tools.proofs.functions import FunctionOf, signed_number
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits
from draupnir.tools.proofs.odin import pack

CONFIG = {register.name.lower(): register.width for register in LEARNING_REGISTERS}
FEEDBACK_BITS = AMOUNT_BITS + 2  # an amount is at most the weight 7, shifted left by 3, with a sign


def _wide(unknowns: Unknowns, names: list[str]) -> list[Bits]:
    return [unknowns[name].resized(KERNEL_BITS) for name in names]


def _config(unknowns: Unknowns) -> Bits:
    """Return the port with the registers; those that are no unknowns are 0."""
    zero = next(iter(unknowns.values())).logic.number
    parts = {name: unknowns.get(name, zero(0, CONFIG[name])) for name, _ in LEARNING_CONFIG}
    return pack(LEARNING_CONFIG, parts)


# --- The learning state of a neuron ---------------------------------------------------------------------------------

_EVENT = {"own_spike": 1, "tref": 1, "spike": 1}
_STATE_CONFIG = ("spi_trace_incr", "spi_trace_decay", "spi_pseudo_shift")


def _either(fired: int, spike: int) -> int:
    """Return the bit as ``neuron_core.clock`` writes it."""
    return fired | spike


def _state(kernels: Kernels, unknowns: Unknowns) -> Mapping[str, Any]:
    r = SimpleNamespace(
        neur_state=words.limbs(unknowns["word"]),
        **{name: unknowns[name].resized(KERNEL_BITS) for name in _STATE_CONFIG},
    )
    own_spike, tref, spike = _wide(unknowns, list(_EVENT))
    n: neuron_core.Learning = kernels.call(neuron_core.learning_next, r, own_spike, tref)
    return {**n._asdict(), "fired": kernels.call(_either, n.fired, spike)}


STATE_LEAF = Leaf(
    "learning-state",
    "trace, learning signal and error of a neuron after an event",
    {"word": LIF.width, **_EVENT, **{name: CONFIG[name] for name in _STATE_CONFIG}},
    _state,
    Ours(
        lambda unknowns: {
            "neuron": unknowns["word"],
            "config": _config(unknowns),
            **{name: unknowns[name] for name in _EVENT},
        },
        {
            "trace": ModuleOutput("trace", 0, TRACE.width),
            "signal": ModuleOutput("signal", 0, SIGNAL.width, signed=True),
            "fired": ModuleOutput("fired", 0, 1),
            "error": ModuleOutput("error", 0, ERROR.width),
        },
        LearningState,
    ),
    word=LIF,
)

# --- A learning signal ------------------------------------------------------------------------------------------------


def _signal(kernels: Kernels, unknowns: Unknowns) -> Mapping[str, Any]:
    signal, amount = (signed_number(kernels, unknowns[name]) for name in ("signal", "amount"))
    return {"signal": kernels.call(eprop.signal_after, signal, amount)}


def _our_signal() -> FunctionOf:
    def build(m: Module, signal: Value, amount: Value) -> Mapping[str, Value]:
        neuron = data.View(data.StructLayout({"signal": signed(SIGNAL.width)}), signal)
        return {"signal_next": taught(m, neuron, amount)}

    shapes = {"signal": SIGNAL.width, "amount": signed(FEEDBACK_BITS)}
    return FunctionOf(shapes, {"signal_next": signed(SIGNAL.width)}, build)


SIGNAL_LEAF = Leaf(
    "learning-signal",
    "a learning signal with an amount added",
    {"signal": SIGNAL.width, "amount": FEEDBACK_BITS},
    _signal,
    Ours(
        lambda unknowns: unknowns,
        {"signal": ModuleOutput("signal_next", 0, SIGNAL.width, signed=True)},
        _our_signal,
    ),
)

# --- Eight weights ----------------------------------------------------------------------------------------------------

_POST_BITS = N_SYN * ERROR.width
_UPDATE = {
    "syn_word": SYNAPSES.width,
    "fraction_word": FRACTIONS.width,
    "post_errors": _POST_BITS,
    "trace": TRACE.width,
    "inhibitory": 1,
    "update_unmapped": 1,
    "spi_learn_shift": CONFIG["spi_learn_shift"],
    "lfsr": LFSR_BITS,
}


def _update(kernels: Kernels, unknowns: Unknowns) -> Mapping[str, Any]:
    half = _POST_BITS // 2
    post_errors = unknowns["post_errors"]
    low, high = (post_errors.slice(lsb, half).resized(KERNEL_BITS) for lsb in (0, half))
    synapses, fractions, _, *others = _wide(unknowns, list(_UPDATE))
    new_words = kernels.call(eprop.words_next, synapses, fractions, (low, high), *others)
    return dict(zip(("synapses", "fractions"), new_words, strict=True))


UPDATE_LEAF = Leaf(
    "eprop",
    "eight weights and their fractions after a learn event",
    _UPDATE,
    _update,
    Ours(
        lambda unknowns: {
            ("shift" if name == "spi_learn_shift" else name): content for name, content in unknowns.items()
        },
        {
            "synapses": ModuleOutput("synapses_next", 0, SYNAPSES.width),
            "fractions": ModuleOutput("fractions_next", 0, FRACTIONS.width),
        },
        WordUpdate,
    ),
)

CLAIMS = (STATE_LEAF, SIGNAL_LEAF, UPDATE_LEAF)
