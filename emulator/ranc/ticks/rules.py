"""The rules of a neuron and of an output, in the form that kernels take, and what all semantics have in common."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import select, signed, wide, wrap
from draupnir.emulator.kernel.jit import kernel

INT_BITS = 32  # an int of the C++ simulator, which wraps where it is compiled with g++

# The positions in ``counts``.
SYNAPTIC_OPERATIONS, SPIKES, PACKETS, N_RUNS = 0, 1, 2, 3
CURRENT_WORD, DUPLICATE, REPEATED_OUTPUT = 4, 5, 6  # also the kinds of warnings
N_COUNTS = 7

# The kinds of faults: what the simulator's C++ leaves undefined, or ends with an exception.
OUTSIDE, NO_OUTPUT, NO_WORD, NO_AXON, NO_RESET_MODE = 1, 2, 3, 4, 5


class Rules(NamedTuple):
    """The rules of a semantics.

    n_ticks : words of a scheduler; output : the core that the output bus replaces; n_outputs : its axons
    reset_at_equal : 1 resets a potential that equals the negative threshold, 0 only one below it
    width : bits of a potential, 2..32, which wraps
    repeats : 1 counts each packet of an output in a tick, 0 has one bit for them
    """

    n_ticks: int
    output: int
    n_outputs: int
    reset_at_equal: int
    width: int
    repeats: int


@kernel
def passes_below(potential: int, q: np.record, rules: Rules) -> bool:
    """True if a potential is below the negative threshold, or equals it where that counts."""
    return potential - rules.reset_at_equal < q.negative_threshold


@kernel
def after_threshold(potential: int, q: np.record, rules: Rules) -> int:
    """The potential that a neuron keeps. q : its parameters; its reset mode must be 0 or 1 if a threshold is passed.

    It has no branches, because the thresholds of random networks cannot be predicted.
    Source: neuronblock.cpp, output_potential; ThresholdResetUnit.v.
    """
    above, reset = -int(potential >= q.positive_threshold), wide(q.reset_potential)
    passes = above | -int(passes_below(potential, q, rules))
    threshold = select(above, wide(q.positive_threshold), wide(q.negative_threshold))
    new_potential = select(-int(q.reset_mode == 0), select(above, reset, -reset), potential - threshold)
    return signed(wrap(select(passes, new_potential, potential), rules.width), rules.width)
