"""ReckOn's rules. In a timestep each input neuron and each recurrent neuron spikes at most once, and potentials decay.

Source: ReckOn doc v1.0; srnn.v; emulator/reckon/README.md, which lists the quirks.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Memory
from draupnir.emulator.reckon.layout import (
    ALPHA_MSB,
    ALPHA_ONE,
    KAPPA_ONE,
    N_OUT,
    NEURONS,
    PAIR,
    WEIGHT,
    WINP,
    WOUT,
    WREC,
    N,
)
from draupnir.tools.lint.findings import Rule
from draupnir.tools.lint.network import (
    Broken,
    Counts,
    Mask,
    column,
    each,
    gate,
    index_text,
    register,
    reset_note,
    some,
    weights,
)

GATE, EPROP = "SPI_EN_CONF", "SPI_DO_EPROP"
INP, REC, OUT = "SPI_NUM_INP_NEUR", "SPI_NUM_REC_NEUR", "SPI_NUM_OUT_NEUR"
U_MAX = PAIR["neur_u0"].high
LEARNS = {WINP.name: 0b001, WREC.name: 0b010}  # bits of SPI_DO_EPROP
REGULARISED = {WINP.name: 0b01, WREC.name: 0b10}  # bits of SPI_REGUL_W
ADDITIVE = 0b010  # of SPI_REGUL_MODE
ALPHA_BITS = PAIR["alpha"].width


# --- The network ------------------------------------------------------------------------------------------------


def _last_spiking(c: Configuration) -> int:
    """The last neuron number that the chip checks for a spike, as input or as recurrent neuron."""
    return max(register(c, INP), register(c, REC))


def _last_stepped(c: Configuration) -> int:
    """The last neuron that the end of a timestep reaches. The chip updates a word of two neurons at odd counts."""
    last = max(_last_spiking(c), register(c, OUT))
    return last if last % 2 else last - 1


def _pair(c: Configuration, field: str) -> Counts:
    """A field that the two neurons of a word share, for each neuron: (N,) int64."""
    return np.repeat(column(PAIR[field], c.memories[NEURONS.name]), 2)


def _potentials(c: Configuration) -> Counts:
    """The first potentials in the memory: (N,) int64, -32768..32767."""
    words = c.memories[NEURONS.name]
    return np.stack([column(PAIR[f"neur_u{n}"], words) for n in (0, 1)], axis=1).ravel()


def _alpha(c: Configuration) -> Counts:
    """The decay of each neuron: (N,) int64. ALPHA_ONE stands for 1."""
    parts, width = c.registers["SPI_ALPHA_CONF"], c.chip.register("SPI_ALPHA_CONF").width
    bits = np.array([part >> i & 1 for part in parts for i in range(width)], np.int64)
    return np.repeat(np.array(ALPHA_MSB, np.int64)[bits] << ALPHA_BITS, 2) | _pair(c, "alpha")


def _weights(c: Configuration, memory: Memory) -> Counts:
    return weights(c, memory, WEIGHT["w"])


def _up_to(last: int, n: int = N) -> Mask:
    return np.arange(n) <= last


def _words(mask: Mask) -> Mask:
    """A mask of the words with at least one neuron in ``mask``: (N / 2,) bool."""
    return some(mask.reshape(-1, 2), 1)


def _can_move(c: Configuration, memory: Memory) -> bool:
    """True if learning can change the weights of winp or wrec."""
    additive = register(c, "SPI_REGUL_MODE") & ADDITIVE and register(c, "SPI_REGUL_W") & REGULARISED[memory.name]
    derived = any(register(c, f"SPI_H_{i}") for i in range(5))
    return bool(register(c, EPROP) & LEARNS[memory.name] and (derived or additive))


def _largest_input(c: Configuration, memory: Memory) -> Counts:
    """The most that the spikes of one timestep add to each potential through winp or wrec: (N,) int64."""
    neuron_weights = _weights(c, memory)[: _last_spiking(c) + 1]
    if _can_move(c, memory):
        neuron_weights = np.full_like(neuron_weights, WEIGHT["w"].high)
    per_neuron: Counts = neuron_weights.clip(min=0).sum(axis=0)
    return per_neuron << register(c, f"SPI_FP_LOC_{memory.name.upper()}")


def _highest(c: Configuration) -> Counts:
    """An upper limit of each potential: (N,) int64.

    In each timestep the potential is multiplied by alpha, which adds at most 1 by rounding, and the sum of the weights
    is added. So with an alpha below 1 it stays below (sum + 1) / (1 - alpha).
    """
    gain, alpha = _largest_input(c, WINP) + _largest_input(c, WREC), _alpha(c)
    limit = (gain + 1) * ALPHA_ONE // np.maximum(ALPHA_ONE - alpha, 1) + 1
    grows = (alpha >= ALPHA_ONE) & ((gain > 0) | (_potentials(c) != 0))
    bound = np.where(grows, U_MAX, np.maximum(limit, _potentials(c)))
    if register(c, "SPI_NOISE_EN"):
        bound = np.full(N, U_MAX)
    return np.minimum(bound, U_MAX)


# --- Rules ------------------------------------------------------------------------------------------------------


def _gated(c: Configuration) -> Broken:
    yield from gate(c, GATE, "after its first timestep the network stands still in state CONFIG")


def _zero_threshold(c: Configuration) -> Broken:
    """Neurons after the recurrent ones also spike if the end of a timestep reaches them, so their synapses count."""
    has_synapses = some(_weights(c, WREC) != 0, 1) | some(_weights(c, WOUT)[:N] != 0, 1)
    in_use = _up_to(register(c, REC)) | (has_synapses & _up_to(_last_spiking(c)))
    mask = in_use & _up_to(_last_stepped(c)) & (_pair(c, "thr") <= 0)
    message = "0 or below, 0 if it is not given: such a neuron spikes in each timestep in which it is not inhibited"
    right = f"a thr above 0, or {REC} = the last neuron; it is {register(c, REC)}{reset_note(c, REC)}"
    yield from each([(_words(mask), message, right)], "thr")


def _unreachable(c: Configuration) -> Broken:
    thr, highest = _pair(c, "thr"), _highest(c)
    mask = _up_to(min(register(c, REC), _last_stepped(c))) & (thr > highest) & (thr > 0)
    for n in np.flatnonzero(mask)[:1].tolist():
        yield (
            f"neurons[{index_text(_words(mask))}].thr",
            f"out of reach: neuron {n} has the threshold {thr[n]}, and if all inputs and neurons spike in each timestep"
            f" its potential comes to {highest[n]} at most; so it is with neurons {index_text(mask)}",
            "a lower thr, larger weights, a larger SPI_FP_LOC_WINP or SPI_FP_LOC_WREC, or a larger alpha",
        )


def _never_used(c: Configuration) -> Broken:
    spiking, post = _up_to(_last_spiking(c)), _up_to(register(c, REC) | 1)
    unused = ~spiking[:, None] | ~post[None, :]
    out = ~_up_to(_last_spiking(c), WOUT.depth)[:, None] | ~_up_to(register(c, OUT), N_OUT)[None, :]
    for memory, outside, columns in ((WINP, unused, REC), (WREC, unused, REC), (WOUT, out, OUT)):
        n = int((outside & (_weights(c, memory) != 0)).sum())
        if n:
            yield (
                memory.name,
                f"{n} weights are of neurons beyond {INP} = {register(c, INP)}, {REC} = {register(c, REC)}"
                f" and {OUT} = {register(c, OUT)}: they are never used",
                f"larger {INP}, {REC} (rows) or {columns} (columns), or no weights there",
            )


def _left_out(c: Configuration) -> Broken:
    last = register(c, REC)
    if last > _last_stepped(c):
        yield (
            f"registers.{REC}",
            f"is {last}, an odd number of neurons: a timestep ends without the last one, which never spikes nor decays",
            f"{REC} = {last + 1}",
        )


def _never_learns(c: Configuration) -> Broken:
    learning_memories = [memory for memory in (WINP, WREC) if register(c, EPROP) & LEARNS[memory.name]]
    if learning_memories and not any(_can_move(c, memory) for memory in learning_memories):
        yield (
            f"registers.{EPROP}",
            f"is {register(c, EPROP)}{reset_note(c, EPROP)}, and SPI_H_0 to SPI_H_4 are 0:"
            f" {' and '.join(memory.name for memory in learning_memories)} never change",
            f"{EPROP} = 0 where nothing is to learn, else an SPI_H above 0",
        )


def _above_one(c: Configuration) -> Broken:
    mask = _words(_up_to(register(c, REC)) & (_alpha(c) > ALPHA_ONE))
    message = "with its bit of SPI_ALPHA_CONF above 1: the potential grows by itself, and wraps"
    yield from each([(mask, message, "0, or 0 in SPI_ALPHA_CONF")], "alpha")
    if register(c, "SPI_KAPPA") > KAPPA_ONE:
        message = (
            f"is {register(c, 'SPI_KAPPA')}, above 1 ({KAPPA_ONE}): the output potentials grow by themselves, and wrap"
        )
        yield "registers.SPI_KAPPA", message, f"SPI_KAPPA of at most {KAPPA_ONE}"


def _no_tick(c: Configuration) -> Broken:
    if register(c, "SPI_LOCAL_TICK") and register(c, "SPI_CYCLES_PER_TICK") != 1:
        yield (
            "registers.SPI_LOCAL_TICK",
            "is 1: local ticks do not start a sample, as their count stands still in state IDLE",
            "SPI_LOCAL_TICK = 0 until a tick of TIME_TICK has started the sample",
        )


RULES = (
    Rule("gated", "SPI_EN_CONF is 1, as a reset leaves it, so the network stands still.", _gated, True, True),
    Rule("zero-threshold", "A neuron is at its threshold at rest, and spikes in each timestep.", _zero_threshold),
    Rule(
        "unreachable-threshold",
        "No spikes, however many, bring a potential to the threshold.",
        _unreachable,
        silences=True,
    ),
    Rule("synapse-never-used", "Weights belong to neurons beyond SPI_NUM_*_NEUR.", _never_used),
    Rule("last-neuron-left-out", "With an odd number of neurons the last one never spikes.", _left_out),
    Rule("learning-never", "Weights are to learn, and all pseudo-derivatives are 0.", _never_learns),
    Rule("decay-above-one", "A potential grows by itself.", _above_one),
    Rule("no-local-tick", "Local ticks are to begin a sample, which they do not.", _no_tick, True, True),
)
