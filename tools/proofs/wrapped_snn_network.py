"""Whole wrapped_snn_network as it was published: original, our RTL and golden model agree from any state."""

from __future__ import annotations

from draupnir.emulator.wrapped_snn_network import clock
from draupnir.emulator.wrapped_snn_network.layout import CHIP, N_HIDDEN, N_IN, path
from draupnir.tools.proofs.logic import Bits
from draupnir.tools.proofs.whole import Place, Signals, WholeChip, steps

LAYERS = {"in": 0, "hid": N_IN, "out": N_IN + N_HIDDEN}  # its prefix -> its first neuron
FLIP_FLOPS = ("cur", "mem", "thr", "spk")


def _in_original(first: int, name: str) -> Place:
    """Return the place of a flip-flop of each neuron of a layer."""

    def place(signals: Signals, i: int) -> Bits:
        return signals(f"{path(first + i)}.{name}")

    return place


WHOLE = WholeChip(
    CHIP,
    clock,
    (),
    {f"{layer}_{name}": _in_original(first, name) for layer, first in LAYERS.items() for name in FLIP_FLOPS},
)
CLAIMS = steps(WHOLE)
