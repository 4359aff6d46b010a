"""A whole event on planes: what 512 clocks of a spike event, or all of a time reference or bistability event, do.

Here the synapses, and what both neuron models do; the neurons in lif.py and izh.py. A loop over a plane's
words has no branches, so that LLVM makes it one vector operation a gate.

Source: the same as sdsp.py, derived anew, in gates; a test holds the two together.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin.layout import SYN_BITS, SYN_WEIGHT
from draupnir.emulator.odin.planes import gates
from draupnir.emulator.odin.planes.gates import Bits3, select
from draupnir.emulator.odin.planes.record import N_WORDS, WORD_BITS, words

MAPPING = SYN_WEIGHT.width  # the synapse's bit

# --- Numbers of neurons -----------------------------------------------------------------------------------------


@kernel
def _n_ones(word: int) -> int:
    """Ones of a word: sums of 2, 4, 8 bits, and so on, side by side."""
    x = word & 0x7FFFFFFFFFFFFFFF  # the sign's bit apart: nothing overflows
    x = x - ((x >> 1) & 0x5555555555555555)
    x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333)
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0F
    x += x >> 8
    x += x >> 16
    x += x >> 32
    return (x & 0x7F) + ((word >> 63) & 1)


@kernel
def _is_empty(plane: np.ndarray) -> bool:
    """No bit of the plane is 1."""
    ones = wide(0)
    for w in range(N_WORDS):
        ones |= plane[w]
    return ones == 0


@kernel
def n_moved(p: np.record) -> int:
    """Synapses of the row whose weight moved."""
    return 0 if _is_empty(p.moved) else _n_moved(p)


@outlined
def _n_moved(p: np.record) -> int:
    n = wide(0)
    for w in range(words(p)):
        n += _n_ones(p.moved[w])
    return n


@kernel
def _lowest(word: int) -> int:
    """Index of the lowest 1 of a word that has one."""
    n = 0
    for half in (32, 16, 8, 4, 2, 1):
        empty = int((word & ((1 << half) - 1)) == 0)
        n += half * empty
        word >>= half * empty
    return n


@kernel
def list_ones(plane: np.ndarray, neurs: np.ndarray) -> int:
    """Put the neurons of a plane's ones into ``neurs``, in ascending order; returns how many."""
    return 0 if _is_empty(plane) else _list_ones(plane, neurs)


@outlined
def _list_ones(plane: np.ndarray, neurs: np.ndarray) -> int:
    n_found = 0
    for w in range(N_WORDS):
        word = plane[w]
        while word != 0:
            i = _lowest(word)
            neurs[n_found] = WORD_BITS * w + i
            n_found += 1
            word &= ~(wide(1) << i)
    return n_found


# --- Synapses ---------------------------------------------------------------------------------------------------


@kernel
def _weight(p: np.record, w: int) -> Bits3:
    return p.row[0, w], p.row[1, w], p.row[2, w]


@kernel
def _step_weight(p: np.record, w: int, weight: Bits3, up: int, down: int) -> None:
    """One step up or down within 0..7; asked for both it rises, but not from 0 or 7."""
    moves = ~((up & gates.all3(weight)) | (down & ~gates.any3(weight)))
    rises, falls = up & moves, down & ~up & moves
    weight_next = gates.step3(weight, rises, falls)
    p.moved[w] = rises | falls
    p.row[0, w], p.row[1, w], p.row[2, w] = weight_next[0], weight_next[1], weight_next[2]


@kernel
def _plastic(p: np.record, w: int, propagate: int, update: int) -> None:
    """SDSP of a pre-synaptic spike on synapses, and what they stimulate their neurons with: their weight before."""
    weight, mapped = _weight(p, w), p.row[MAPPING, w]
    stimulus = gates.both3(mapped | propagate, weight)
    p.weight[0, w], p.weight[1, w], p.weight[2, w] = stimulus[0], stimulus[1], stimulus[2]
    plastic = mapped | update
    _step_weight(p, w, weight, p.v_up[w] & plastic, p.v_down[w] & plastic)


@kernel
def _take_row(p: np.record, pre: int) -> None:
    """Bring a row to where LLVM can tell it from all else in the record."""
    for b in range(SYN_BITS):
        for w in range(N_WORDS):
            p.row[b, w] = p.rows[pre, b, w]


@kernel
def _put_row(p: np.record, pre: int) -> None:
    for b in range(SYN_BITS):
        for w in range(N_WORDS):
            p.rows[pre, b, w] = p.row[b, w]


@outlined
def plastic_row(p: np.record, pre: int, propagate: int, update: int) -> None:
    """A row of 256 synapses after a pre-synaptic spike; propagate, update : SPI_PROPAGATE_, SPI_UPDATE_UNMAPPED_SYN."""
    _take_row(p, pre)
    for w in range(words(p)):
        _plastic(p, w, gates.mask(propagate), gates.mask(update))
    _put_row(p, pre)


@outlined
def bistable_row(p: np.record, pre: int, update: int) -> None:
    """Bistability on a row of 256 synapses: weights from 4 on rise, those below fall, within 0..7."""
    _take_row(p, pre)
    for w in range(words(p)):
        weight = _weight(p, w)
        plastic = p.row[MAPPING, w] | gates.mask(update)
        _step_weight(p, w, weight, plastic & weight[2], plastic & ~weight[2])
    _put_row(p, pre)


# --- What both neuron models do ---------------------------------------------------------------------------------


@kernel
def take3(p: np.record, lsb: int, w: int) -> Bits3:
    """A field of 3 bits; lsb : its lowest bit."""
    return p.neurons[lsb, w], p.neurons[lsb + 1, w], p.neurons[lsb + 2, w]


@kernel
def put3(p: np.record, lsb: int, w: int, x: Bits3, mask: int) -> None:
    """Write a field of 3 bits of the neurons in ``mask``; lsb : its lowest bit."""
    p.neurons[lsb, w] = select(mask, x[0], p.neurons[lsb, w])
    p.neurons[lsb + 1, w] = select(mask, x[1], p.neurons[lsb + 1, w])
    p.neurons[lsb + 2, w] = select(mask, x[2], p.neurons[lsb + 2, w])


@kernel
def leaks(p: np.record, w: int, cnt: int, period: int, n_bits: int, active: int) -> int:
    """Count time references where ``active``, and start again where the period, if it is not 0, is over.

    cnt, period : lowest bits of two fields of as many bits. Returns where it is over.
    """
    counts = wide(0)
    for b in range(n_bits):
        counts |= p.neurons[period + b, w]
    counts &= active
    carry, differs = counts, ~counts
    for b in range(n_bits):
        bit = p.neurons[cnt + b, w]
        p.neurons[cnt + b, w] = bit ^ carry
        carry &= bit
        differs |= p.neurons[cnt + b, w] ^ p.neurons[period + b, w]
    for b in range(n_bits):
        p.neurons[cnt + b, w] &= differs
    return ~differs


@kernel
def learn(p: np.record, w: int, fields: Any, mask: int, learns: int, above: int) -> None:
    """Set the SDSP flags of the neurons in ``mask``, which are of one model, by their calcium after the event.

    fields : the model's fields; learns : where flags may be set; above : where the potential has reached thetamem
    """
    calcium = take3(p, fields.calcium, w)
    learns &= p.neurons[fields.ca_en, w] & gates.at_least3(calcium, take3(p, fields.ca_theta1, w))
    v_up = learns & above & ~gates.at_least3(calcium, take3(p, fields.ca_theta3, w))
    v_down = learns & ~above & ~gates.at_least3(calcium, take3(p, fields.ca_theta2, w))
    p.v_up[w] = select(mask, v_up, p.v_up[w])
    p.v_down[w] = select(mask, v_down, p.v_down[w])
