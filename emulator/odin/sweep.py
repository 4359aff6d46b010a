"""A whole event on lanes: what 512 clocks of a spike event, or all of a time reference or bistability event, do.

The row loops are written so that LLVM makes them vector operations of 16 lanes: int16 throughout, no branches, no sums,
each a function of its own.

Source: the same as lif.py and sdsp.py, derived anew; a property test holds the two together.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from emulator.kernel.jit import kernel, outlined
from emulator.odin import izh
from emulator.odin.lanes import Z, lane, set_limb_field, wide, word_of
from emulator.odin.layout import IZH, SYN_WEIGHT, N
from emulator.odin.lif import CALCIUM_MAX, CORE_MAX
from emulator.odin.neuron_core import N_LIMBS
from emulator.odin.sdsp import WEIGHT_HALF, WEIGHT_MAX

INACC_MASK = IZH["inacc"].high
MAPPING_SHIFT = SYN_WEIGHT.width
BLOCK = 16  # lanes that are looked at together


class Scratch(NamedTuple):
    """Room to work in: ``new_scratch``.

    word, after : a neuron's memory word; neurs : neurons to be looked at; fired : those that spike, in order
    """

    word: np.ndarray
    after: np.ndarray
    neurs: np.ndarray
    fired: np.ndarray


def new_scratch() -> Scratch:
    """All 0."""
    word, after = np.zeros(N_LIMBS, np.int64), np.zeros((1, N_LIMBS), np.uint32)
    return Scratch(word, after, np.zeros(N, np.int64), np.zeros(N, np.int64))


@outlined
def total(column: np.ndarray, first: int = 0, stop: int = N) -> int:
    """Sum of a lane of 0 and 1, from neuron ``first`` to before ``stop``."""
    n = lane(0)
    for i in range(first, stop):
        n = lane(n + column[i])
    return wide(n)


@outlined
def found(a: np.ndarray, b: np.ndarray, neurs: np.ndarray) -> int:
    """Put the neurons for which either lane is not 0 into ``neurs``, in ascending order; returns how many."""
    n_found = 0
    for first in range(0, N, BLOCK):
        some = lane(0)
        for i in range(BLOCK):
            some = lane(some | a[first + i] | b[first + i])
        if some != 0:
            for n in range(first, first + BLOCK):
                if a[n] | b[n] != 0:
                    neurs[n_found] = n
                    n_found += 1
    return n_found


@kernel
def _plastic(lanes: np.record, row: np.ndarray, n: int, propagate: int, update: int) -> None:
    """SDSP of a pre-synaptic spike on a synapse, and what it stimulates its neuron with: its weight before."""
    synapse = lane(row[n])
    weight = lane(synapse & WEIGHT_MAX)
    mapped = lane(synapse >> MAPPING_SHIFT)
    lanes.weight[n] = lane(weight * (mapped | propagate))
    plastic = lane(mapped | update)
    up = lane(lanes.v_up[n] & plastic)
    down = lane(lanes.v_down[n] & plastic)
    moves = lane(1 - ((up & lane(weight == WEIGHT_MAX)) | (down & lane(weight == 0))))
    rises, falls = lane(up & moves), lane(down & (1 - up) & moves)
    lanes.moved[n] = lane(rises | falls)
    row[n] = np.uint8(lane(synapse + rises - falls))


@outlined
def plastic_row(lanes: np.record, row: np.ndarray, propagate: int, update: int) -> None:
    """A row of 256 synapses after a pre-synaptic spike; propagate, update : SPI_PROPAGATE_, SPI_UPDATE_UNMAPPED_SYN."""
    for n in range(N):
        _plastic(lanes, row, n, propagate, update)


@kernel
def _fire(lanes: np.record, n: int, core: Any, ca_leak: Any) -> None:
    """Threshold, calcium and SDSP flags of a LIF neuron with this potential; 0 changes nothing in an Izhikevich one."""
    spike = lane(core >= lanes.thr[n])
    core = lane(core * (1 - spike))
    ca_en = lanes.ca_en[n]
    calcium = lanes.calcium[n]
    rises = lane(spike & ca_en & (1 - ca_leak) & lane(calcium < CALCIUM_MAX))
    falls = lane((1 - spike) & ca_leak & lane(calcium > 0))
    calcium = lane(calcium + rises - falls)
    learns = lane(ca_en & lane(lanes.ca_theta1[n] <= calcium))
    above = lane(core >= lanes.thetamem[n])
    v_up = lane(learns & above & lane(calcium < lanes.ca_theta3[n]))
    v_down = lane(learns & (1 - above) & lane(calcium < lanes.ca_theta2[n]))
    lif = lanes.lif[n]
    lanes.core[n] = core
    lanes.calcium[n] = calcium
    lanes.v_up[n] = lane((v_up & lif) | (lanes.v_up[n] & (1 - lif)))
    lanes.v_down[n] = lane((v_down & lif) | (lanes.v_down[n] & (1 - lif)))
    lanes.spike[n] = lane(spike & lanes.enabled[n])


@kernel
def _stimulate_lif(lanes: np.record, n: int, syn_sign: int) -> None:
    weight = lanes.weight[n]
    core = lane(lanes.core[n] + (lane(-weight) if syn_sign else weight))
    core = lane(0) if core < 0 else core
    core = lane(CORE_MAX) if core > CORE_MAX else core
    _fire(lanes, n, core, lane(0))


@outlined
def stimulate_lif(lanes: np.record, syn_sign: int) -> None:
    """All LIF neurons take their ``weight``; syn_sign : 1 inhibitory."""
    for n in range(N):
        _stimulate_lif(lanes, n, syn_sign)


@outlined
def leak_lif(lanes: np.record) -> None:
    """All LIF neurons take a time reference."""
    for n in range(N):
        counts = lane(lanes.ca_en[n] & lane(lanes.caleak[n] > 0))
        ca_leak = lane(counts & lane(lanes.caleak_cnt[n] == lanes.caleak[n] - 1))
        cnt = lane((lanes.caleak_cnt[n] + counts) & 31)
        lanes.caleak_cnt[n] = lane(0) if ca_leak else cnt
        core = lane(lanes.core[n] - lanes.leak[n])
        _fire(lanes, n, lane(0) if core < 0 else core, ca_leak)


# --- Izhikevich neurons -----------------------------------------------------------------------------------------


@kernel
def is_quiet(lanes: np.record, neurons: np.ndarray, n: int, scratch: Scratch) -> bool:
    """Whether an event that does not toggle the accumulator's bit would leave the neuron as it is, and silent.

    Nothing but the accumulator sees such an event's weight and sign, so one of weight 0 tells for all.
    """
    word, after = scratch.word, scratch.after
    word_of(neurons, n, word)
    result = izh.update(word, 0, 0, 1, 0, 0)
    for limb in range(N_LIMBS):
        after[0, limb] = neurons[n, limb]
    izh.store(after, 0, result)
    same = result.spike == 0 and result.v_up == lanes.v_up[n] and result.v_down == lanes.v_down[n]
    for limb in range(N_LIMBS):
        same = same and after[0, limb] == neurons[n, limb]
    return same


@outlined
def update_izh(
    lanes: np.record, neurons: np.ndarray, n: int, syn_sign: int, time_ref: int, burst_end: int, scratch: Scratch
) -> None:
    """One Izhikevich neuron takes its ``weight``, or a time reference."""
    word = scratch.word
    set_limb_field(neurons, n, Z.inacc, wide(lanes.inacc[n]))
    word_of(neurons, n, word)
    result = izh.update(word, wide(lanes.weight[n]), syn_sign, 1, time_ref, burst_end)
    izh.store(neurons, n, result)
    lanes.inacc[n] = lane(result.inputs.inacc)
    lanes.v_up[n] = lane(result.v_up)
    lanes.v_down[n] = lane(result.v_down)
    lanes.spike[n] = lane(result.spike & lanes.enabled[n])
    lanes.spk_ref[n] = lane(result.spk_ref)
    lanes.isi_ref[n] = lane(result.isi_ref)
    lanes.quiet[n] = lane(is_quiet(lanes, neurons, n, scratch))


@outlined
def accumulate_izh(lanes: np.record, syn_sign: int) -> None:
    """Quiet Izhikevich neurons whose bit does not toggle take their ``weight``; the others are marked ``needed``."""
    for n in range(N):
        inacc = lanes.inacc[n]
        weight = lanes.weight[n]
        after = lane((inacc + (lane(-weight) if syn_sign else weight)) & INACC_MASK)
        toggles = lane((inacc ^ after) & lanes.fi[n] != 0)
        needed = lane(lanes.izh[n] & (toggles | (1 - lanes.quiet[n])))
        lanes.needed[n] = needed
        lanes.inacc[n] = inacc if needed else after


@kernel
def stimulate_izh(lanes: np.record, neurons: np.ndarray, syn_sign: int, scratch: Scratch) -> None:
    """All Izhikevich neurons take their ``weight``."""
    accumulate_izh(lanes, syn_sign)
    for k in range(found(lanes.needed, lanes.needed, scratch.neurs)):
        update_izh(lanes, neurons, scratch.neurs[k], syn_sign, 0, 0, scratch)


@kernel
def tref_izh(lanes: np.record, neurons: np.ndarray, scratch: Scratch) -> None:
    """All Izhikevich neurons take a time reference."""
    for n in range(N):
        if lanes.izh[n]:
            update_izh(lanes, neurons, n, 0, 1, 0, scratch)


# --- Bistability ------------------------------------------------------------------------------------------------


@outlined
def bistable_row(lanes: np.record, row: np.ndarray, update: int) -> None:
    """Bistability on a row of 256 synapses: weights from 4 on rise, those below fall, within 0..7."""
    for n in range(N):
        synapse = lane(row[n])
        weight = lane(synapse & WEIGHT_MAX)
        plastic = lane((synapse >> MAPPING_SHIFT) | update)
        up = lane(plastic & lane(weight >= WEIGHT_HALF) & lane(weight < WEIGHT_MAX))
        down = lane(plastic & lane(weight < WEIGHT_HALF) & lane(weight > 0))
        lanes.moved[n] = lane(up | down)
        row[n] = np.uint8(lane(synapse + up - down))
