"""The rules of a neuron and of an output, in the form that kernels take, and what all semantics have in common."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import signed, wide, wrap
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
def is_reset(potential: int, q: np.record, rules: Rules) -> bool:
    """True if a potential is below the negative threshold, or equals it where that counts."""
    return potential < q.negative_threshold or (rules.reset_at_equal == 1 and potential == q.negative_threshold)


@kernel
def after_threshold(potential: int, q: np.record, rules: Rules) -> int:
    """The potential that a neuron keeps. q : its parameters; its reset mode must be 0 or 1 if a threshold is passed.

    Source: neuronblock.cpp, output_potential; ThresholdResetUnit.v.
    """
    next_potential = potential
    if potential >= q.positive_threshold:
        next_potential = wide(q.reset_potential) if q.reset_mode == 0 else potential - q.positive_threshold
    elif is_reset(potential, q, rules):
        next_potential = -wide(q.reset_potential) if q.reset_mode == 0 else potential - q.negative_threshold
    return signed(wrap(next_potential, rules.width), rules.width)


@kernel
def passes_threshold(potential: int, q: np.record, rules: Rules) -> bool:
    """True if a potential spikes or is reset."""
    return potential >= q.positive_threshold or is_reset(potential, q, rules)
