"""The parts of tinyODIN that are proved: its neuron, for every memory word and every event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar.layout import SPI_BITS
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.tinyodin import clock, lif
from draupnir.emulator.tinyodin.chip import Model
from draupnir.emulator.tinyodin.layout import CHIP, LIF, SYN_BITS, State
from draupnir.rtl.tinyodin.chip import RTL
from draupnir.rtl.tinyodin.lif import LifNeuron
from draupnir.tools.proofs import words
from draupnir.tools.proofs.claim import Leaf, ModuleOutput, Original, Ours, Unknowns
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import KERNEL_BITS
from draupnir.tools.proofs.tinyodin_cases import LIF_CASE
from draupnir.tools.proofs.tinyodin_sweep import LAWS
from draupnir.tools.proofs.whole import WholeChip, below, lowest_bits_are_0, steps

EVENT = {"syn_weight": SYN_BITS, "syn_event": 1, "time_ref": 1}
CORE = LIF["core"].width


def _lif(kernels: Kernels, unknowns: Unknowns) -> Mapping[str, Any]:
    word, *event = (unknowns[name].resized(KERNEL_BITS) for name in ("word", *EVENT))
    new_state: lif.LifNext = kernels.call(lif.update, word, *event)
    return {"core": kernels.call(field, new_state.word, positions(LIF).core), "spike": new_state.spike}


LIF_LEAF = Leaf(
    "lif",
    "the leaky integrate-and-fire neuron",
    {"word": LIF.width, **EVENT},
    _lif,
    Ours(
        lambda unknowns: {
            "neuron": unknowns["word"],
            "event": unknowns["syn_event"],
            "tref": unknowns["time_ref"],
            "weight": unknowns["syn_weight"],
        },
        {"core": ModuleOutput("core_next", 0, CORE), "spike": ModuleOutput("spike", 0, 1)},
        LifNeuron,
    ),
    Original(
        lambda unknowns: {
            **words.original_inputs(LIF, unknowns["word"], absent="neur_disable"),
            **{name: unknowns[name] for name in EVENT},
        },
        {**words.original_outputs(LIF), "spike": ModuleOutput("spike_out", 0, 1)},
        "lif_neuron",
    ),
    word=LIF,
    case=LIF_CASE,
)

WHOLE = WholeChip(
    CHIP,
    clock,
    Model.counters,
    RTL.original_registers,
    after_reset={
        "the state is one of 9": below("state", len(State)),
        "zeros follow a byte that is read back": lowest_bits_are_0("spi_shift_reg_out", SPI_BITS - 8),
    },
)
CLAIMS = (LIF_LEAF, *LAWS, *steps(WHOLE))
