"""A whole event on lanes: what 512 clocks of a spike event, or all of a time reference or bistability event, do.

The row loops are written so that LLVM makes them vector operations of 16 lanes: int16 throughout, no branches, no sums,
each a function of its own.

Source: the same as lif.py and sdsp.py, derived anew; a property test holds the two together.
"""

from __future__ import annotations

from typing import Any

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


@outlined
def total(column: np.ndarray) -> int:
    """Sum of a lane of 0 and 1."""
    n = lane(0)
    for i in range(N):
        n = lane(n + column[i])
    return wide(n)


@outlined
def plastic_row(lanes: np.record, row: np.ndarray, propagate: int, update: int) -> None:
    """SDSP of a pre-synaptic spike on a row of 256 synapses, and what they stimulate the neurons with.

    The neurons get the weights as they were before. propagate, update : SPI_PROPAGATE_, SPI_UPDATE_UNMAPPED_SYN
    """
    for n in range(N):
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


@outlined
def stimulate_lif(lanes: np.record, syn_sign: int) -> None:
    """All LIF neurons take their ``weight``; syn_sign : 1 inhibitory."""
    for n in range(N):
        weight = lanes.weight[n]
        core = lane(lanes.core[n] + (lane(-weight) if syn_sign else weight))
        core = lane(0) if core < 0 else core
        core = lane(CORE_MAX) if core > CORE_MAX else core
        _fire(lanes, n, core, lane(0))


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
def is_quiet(lanes: np.record, neurons: np.ndarray, n: int, word: np.ndarray, scratch: np.ndarray) -> bool:
    """Whether an event that does not toggle the accumulator's bit would leave the neuron as it is, and silent.

    Nothing but the accumulator sees such an event's weight and sign, so one of weight 0 tells for all.
    """
    word_of(neurons, n, word)
    result = izh.update(word, 0, 0, 1, 0, 0)
    for limb in range(N_LIMBS):
        scratch[0, limb] = neurons[n, limb]
    izh.store(scratch, 0, result)
    same = result.spike == 0 and result.v_up == lanes.v_up[n] and result.v_down == lanes.v_down[n]
    for limb in range(N_LIMBS):
        same = same and scratch[0, limb] == neurons[n, limb]
    return same


@outlined
def update_izh(
    lanes: np.record, neurons: np.ndarray, n: int, syn_sign: int, time_ref: int, word: np.ndarray, scratch: np.ndarray
) -> None:
    """One Izhikevich neuron takes its ``weight``, or a time reference."""
    set_limb_field(neurons, n, Z.inacc, wide(lanes.inacc[n]))
    word_of(neurons, n, word)
    result = izh.update(word, wide(lanes.weight[n]), syn_sign, 1, time_ref, 0)
    izh.store(neurons, n, result)
    lanes.inacc[n] = lane(result.inputs.inacc)
    lanes.v_up[n] = lane(result.v_up)
    lanes.v_down[n] = lane(result.v_down)
    lanes.spike[n] = lane(result.spike & lanes.enabled[n])
    lanes.quiet[n] = lane(is_quiet(lanes, neurons, n, word, scratch))


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
def stimulate_izh(lanes: np.record, neurons: np.ndarray, syn_sign: int, word: np.ndarray, scratch: np.ndarray) -> None:
    """All Izhikevich neurons take their ``weight``."""
    accumulate_izh(lanes, syn_sign)
    if total(lanes.needed) == 0:
        return
    for n in range(N):
        if lanes.needed[n]:
            update_izh(lanes, neurons, n, syn_sign, 0, word, scratch)


@kernel
def tref_izh(lanes: np.record, neurons: np.ndarray, word: np.ndarray, scratch: np.ndarray) -> None:
    """All Izhikevich neurons take a time reference."""
    for n in range(N):
        if lanes.izh[n]:
            update_izh(lanes, neurons, n, 0, 1, word, scratch)


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
