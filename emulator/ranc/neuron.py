"""The arithmetic of a neuron, as pure functions of integers.

A potential is a number of two's complement, and wraps at every addition. Words have no sign: 0..2**bits - 1.

Source: NeuronBlock.v, IntegratorUnit.v, Adder.v, ThresholdResetUnit.v.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import negate, signed, wrap
from draupnir.emulator.kernel.jit import kernel

HARD, LINEAR = 0, 1


@kernel
def integrate(potential: int, weight: int, bits: int, weight_bits: int) -> int:
    """Return the potential after a spike of an axon with this weight: a word of ``bits`` bits."""
    return wrap(potential + signed(weight, weight_bits), bits)


@kernel
def leaked(potential: int, leak: int, bits: int, leak_bits: int) -> int:
    """Return the potential with the leak added to it: a word of ``bits`` bits."""
    return wrap(potential + signed(leak, leak_bits), bits)


@kernel
def fires(potential: int, positive_threshold: int, bits: int, threshold_bits: int) -> bool:
    """Return True if a potential with its leak reaches the positive threshold."""
    return signed(potential, bits) >= signed(positive_threshold, threshold_bits)


@kernel
def is_below_floor(potential: int, negative_threshold: int, bits: int, threshold_bits: int) -> bool:
    """Return True if a potential with its leak is below the negative threshold."""
    return signed(potential, bits) < signed(negative_threshold, threshold_bits)


@kernel
def after_spike(potential: int, mode: int, reset_potential: int, threshold: int, bits: int, threshold_bits: int) -> int:
    """Return the potential after a spike; threshold : the positive one."""
    if mode == HARD:
        return reset_potential
    return wrap(potential - signed(threshold, threshold_bits), bits) if mode == LINEAR else 0


@kernel
def after_floor(potential: int, mode: int, reset_potential: int, threshold: int, bits: int, threshold_bits: int) -> int:
    """Return the potential of a neuron below its floor; threshold : the negative one."""
    if mode == HARD:
        return negate(reset_potential, bits)
    return wrap(potential - signed(threshold, threshold_bits), bits) if mode == LINEAR else 0


@kernel
def settled(potential: int, mode: int, reset: int, positive: int, negative: int, bits: int, threshold_bits: int) -> int:
    """Return the potential that a neuron keeps; potential : with its leak; reset, positive, negative : words"""
    if fires(potential, positive, bits, threshold_bits):
        return after_spike(potential, mode, reset, positive, bits, threshold_bits)
    if is_below_floor(potential, negative, bits, threshold_bits):
        return after_floor(potential, mode, reset, negative, bits, threshold_bits)
    return potential
