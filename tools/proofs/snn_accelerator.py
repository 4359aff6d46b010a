"""Whole snn-accelerator: original, our RTL and golden model agree from any state.

Our RTL has one neuron where the original has 16, and one flip-flop for all thresholds. So its state is that of a model
in which these are equal.
"""

from __future__ import annotations

from collections.abc import Sequence

from draupnir.emulator.snn_accelerator import clock
from draupnir.emulator.snn_accelerator.layout import (
    BITS,
    CHIP,
    COPIES,
    DIVIDERS,
    GROUPS,
    QUICK,
    SLOW,
    THRESHOLD,
    path,
)
from draupnir.tools.proofs.logic import Bits
from draupnir.tools.proofs.whole import Place, Signals, WholeChip, steps

KINDS = {"": QUICK, "slow_": SLOW}  # the prefix of the registers' names -> the groups


def _in_original(groups: Sequence[int], name: str) -> Place:
    """Return the place of a flip-flop of each neuron of some groups."""

    def place(signals: Signals, i: int) -> Bits:
        return signals(f"{path(COPIES * groups[i // COPIES] + i % COPIES)}.{name}")

    return place


def _of_output(name: str) -> Place:
    """Return the place of a flip-flop of both output neurons."""
    return lambda signals, i: signals(f"out_neuron{i}.{name}")


def _in_ours(groups: Sequence[int], name: str) -> Place:
    """Return the place of a flip-flop of all neurons of a group."""
    return lambda signals, i: signals(f"{GROUPS[groups[i // COPIES]].letter}0.{name}")


def _threshold(signals: Signals, i: int) -> Bits:
    """Return our threshold: 32 after the first reset, else 0."""
    logic = (was_reset := signals("was_reset")).logic
    return was_reset.is_true().choose(logic.number(THRESHOLD, BITS), logic.number(0, BITS))


NAMES = ("state", "threshold", "spike")
WHOLE = WholeChip(
    CHIP,
    clock,
    (),
    {
        **{f"{kind}{name}": _in_original(groups, name) for kind, groups in KINDS.items() for name in NAMES},
        **{f"out_{name}": _of_output(name) for name in NAMES},
        **{divider: f"clk_div0.{divider}" for divider in DIVIDERS},
    },
    ours={
        **{f"{kind}state": _in_ours(groups, "state") for kind, groups in KINDS.items()},
        **{f"{kind}spike": _in_ours(groups, "spk") for kind, groups in KINDS.items()},
        **{f"{kind}threshold": _threshold for kind in (*KINDS, "out_")},
    },
)
CLAIMS = steps(WHOLE)
