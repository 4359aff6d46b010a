"""The arithmetic of e-prop: traces, pseudo-derivative, error of a neuron, and the step of a weight.

Source: README.md; G. Bellec et al., Nature Communications 11, 2020: the step is rate x error x trace, where the error
is the learning signal times the pseudo-derivative.
"""

from __future__ import annotations

from draupnir.emulator.codec import position, positions
from draupnir.emulator.gungnir.layout import (
    ERROR,
    ERRORS_IN_REG,
    LEAP,
    LFSR_BITS,
    N_SYN,
    PSEUDO_BITS,
    PSEUDO_MAX,
    RANDOM_BITS,
    RANDOM_STEP,
    SEED_REST,
    SEED_REST_BITS,
    SIGNAL,
    SYN_BITS,
    TRACE,
    WEIGHT_MAX,
)
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.layout import MAPPING, SYN_WEIGHT

MAPPED = position(MAPPING)
LANE = positions(ERROR)
ERROR_BITS = ERROR.width
TRACE_MAX = TRACE.high
SIGNAL_MAX = SIGNAL.high  # the negative limit is -127, so that a magnitude has 7 bits
NIBBLE_MAX = SYN_WEIGHT.high
SYN_MASK = (1 << SYN_BITS) - 1
LFSR_MASK = (1 << LFSR_BITS) - 1
RANDOM_MASK = (1 << RANDOM_BITS) - 1
MAGNITUDES = sum(ERROR["magnitude"].high << ERROR_BITS * i for i in range(ERRORS_IN_REG))  # in four ERROR words


# --- Neurons ---------------------------------------------------------------------------------------------------


@kernel
def trace_after_spike(trace: int, incr: int) -> int:
    """A trace after a spike of its neuron: 0..255, saturated."""
    return min(trace + incr, TRACE_MAX)


@kernel
def trace_after_tref(trace: int, decay: int) -> int:
    """A trace after a time reference, which takes ``decay`` / 256 of it, rounded up: so it ends at 0."""
    return trace - ((trace * decay + 0xFF) >> 8)


@kernel
def signal_after(signal: int, amount: int) -> int:
    """A learning signal, -127..127, after an amount was added; it saturates at both ends."""
    return min(max(signal + amount, -SIGNAL_MAX), SIGNAL_MAX)


@kernel
def pseudo_derivative(core: int, thr: int, fired: int, readout: int, shift: int) -> int:
    """The pseudo-derivative, 0..8 for 0..1: 8 at the threshold, or after a spike, and less below it.

    core, thr : potential and threshold; fired : 1 if the neuron has spiked since the last time reference
    readout : 1 for an output neuron, for which it is always 8; shift : SPI_PSEUDO_SHIFT
    """
    if fired or readout:
        return PSEUDO_MAX
    return max(PSEUDO_MAX - (max(thr - core, 0) >> shift), 0)


@kernel
def error(signal: int, pseudo: int) -> int:
    """An ERROR word: signal x pseudo / 8, to the nearest, at most 127; a half is rounded away from 0."""
    magnitude = min((abs(signal) * pseudo + PSEUDO_MAX // 2) >> PSEUDO_BITS, SIGNAL_MAX)
    return magnitude << LANE.magnitude.shift | int(signal < 0) << LANE.minus.shift


# --- Synapses --------------------------------------------------------------------------------------------------


@kernel
def weight_next(weight: int, up: bool, step: int) -> int:
    """A weight with its fraction, 0..127 for 0..7 15/16, after a step up or down; it saturates at both ends."""
    return min(weight + step, WEIGHT_MAX) if up else max(weight - step, 0)


@kernel
def step_of(trace: int, magnitude: int, shift: int, random: int) -> int:
    """A step in LSB of the fraction: trace x magnitude / 2**shift, rounded up with the probability of the rest.

    random : bits of which the lower ``shift`` are compared with the rest
    """
    return (trace * magnitude + (random & ((1 << shift) - 1))) >> shift


@kernel
def random_of(lfsr: int, i: int) -> int:
    """The random number of synapse i of a word, 15 bits."""
    return (lfsr >> RANDOM_STEP * i) & RANDOM_MASK


@kernel
def lfsr_next(lfsr: int) -> int:
    """The LFSR after 28 new bits."""
    new_bits = ((lfsr >> 3) ^ lfsr) & ((1 << LEAP) - 1)
    return (lfsr << LEAP | new_bits) & LFSR_MASK


@kernel
def lfsr_of(bits: int) -> int:
    """The LFSR as a seed event starts it. bits : the oldest 13 bits; the others are not all 0, so it moves."""
    return bits << SEED_REST_BITS | SEED_REST


@kernel
def words_next(
    synapses: int,
    fractions: int,
    errors: tuple[int, int],
    trace: int,
    inhibitory: int,
    update_unmapped: int,
    shift: int,
    lfsr: int,
) -> tuple[int, int]:
    """Both words of eight synapses after e-prop.

    synapses, fractions : the words; errors : the ERROR words of their post-synaptic neurons, four in each of two
    trace : of the pre-synaptic neuron; inhibitory : the sign of its row, whose weights a positive error makes smaller
    update_unmapped : 1 updates synapses whose mapping bit is 0, too; shift : SPI_LEARN_SHIFT
    """
    if (errors[0] | errors[1]) & MAGNITUDES == 0:
        return synapses, fractions  # all steps are 0; without this, a learn event takes twice as long
    new_synapses, new_fractions = 0, 0
    for i in range(N_SYN):
        synapse = (synapses >> (SYN_BITS * i)) & SYN_MASK
        fraction = (fractions >> (SYN_BITS * i)) & SYN_MASK
        lane = (errors[i // ERRORS_IN_REG] >> (ERROR_BITS * (i % ERRORS_IN_REG))) & ((1 << ERROR_BITS) - 1)
        if update_unmapped == 1 or field(synapse, MAPPED) == 1:
            step = step_of(trace, field(lane, LANE.magnitude), shift, random_of(lfsr, i))
            up = bit(lane, LANE.minus.shift) == inhibitory
            weight = weight_next((synapse & NIBBLE_MAX) << SYN_BITS | fraction, up, step)
            synapse = synapse & ~NIBBLE_MAX | weight >> SYN_BITS
            fraction = weight & SYN_MASK
        new_synapses |= synapse << (SYN_BITS * i)
        new_fractions |= fraction << (SYN_BITS * i)
    return new_synapses, new_fractions
