"""ODIN's memories and SDSP flags turned over into planes, and back: a bit, a word, a row, or all of it.

Whenever a clock is run one by one, what that clock touches goes to the memories (``flush_``) and comes back
(``load_``). A row of synapses is turned over when it is first needed.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import LIMB_BITS
from draupnir.emulator.crossbar.layout import GROUP_BITS
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin.layout import N_SYN, SYN_BITS, M, N
from draupnir.emulator.odin.planes.record import (
    GROUP_MASK,
    GROUPS,
    GROUPS_PER_WORD,
    LIF_STATE_END,
    N_LIMBS,
    N_WORDS,
    STATE_BEGIN,
    STATE_END,
    WORD_BITS,
    L,
    bit_of,
    byte_of,
    set_bit,
    set_byte,
)

HALF = (1 << LIMB_BITS) - 1
PAIR_BITS = 2 * N_SYN  # synapses in two memory words
PAIR_MASK = (1 << PAIR_BITS) - 1


# --- A neuron ---------------------------------------------------------------------------------------------------


@kernel
def word_of(neurons: np.ndarray, neuron: int, word: np.ndarray) -> None:
    """Copy a memory word into ``word``, (4,) int64."""
    for limb in range(N_LIMBS):
        word[limb] = wide(neurons[neuron, limb])


@kernel
def _flush_bits(p: np.record, neurons: np.ndarray, n: int, begin: int, end: int) -> None:
    """Bring the bits from ``begin`` to before ``end`` of a neuron's memory word up to date."""
    w, shift = n // WORD_BITS, n % WORD_BITS
    for limb in range(begin // LIMB_BITS, (end - 1) // LIMB_BITS + 1):
        content = wide(neurons[n, limb])
        first, stop = max(begin - LIMB_BITS * limb, 0), min(end - LIMB_BITS * limb, LIMB_BITS)
        content &= ~(((1 << (stop - first)) - 1) << first)
        for b in range(first, stop):
            content |= ((p.neurons[LIMB_BITS * limb + b, w] >> shift) & 1) << b
        neurons[n, limb] = content


@outlined
def flush_neuron(p: np.record, neurons: np.ndarray, n: int) -> None:
    """Bring a neuron's memory word up to date."""
    if bit_of(p.neurons[L.lif_izh_sel], n):
        _flush_bits(p, neurons, n, STATE_BEGIN, LIF_STATE_END)
    else:
        _flush_bits(p, neurons, n, STATE_BEGIN, STATE_END)


@kernel
def load_neuron(p: np.record, neurons: np.ndarray, n: int, old_word: np.ndarray) -> None:
    """Copy the bits of a neuron's memory word that differ from ``old_word``, (4,) int64, into the planes."""
    for limb in range(N_LIMBS):
        differs = wide(neurons[n, limb]) ^ old_word[limb]
        b = LIMB_BITS * limb
        while differs != 0:
            if differs & 1:
                set_bit(p.neurons[b], n, 1 - bit_of(p.neurons[b], n))
                p.any_lif |= int(b == L.lif_izh_sel)
                p.any_izh |= int(b == L.lif_izh_sel)
            differs >>= 1
            b += 1


# --- Eight neurons, eight synapses ------------------------------------------------------------------------------


@kernel
def flush_flags(p: np.record, r: np.record, group: int) -> None:
    """Bring the SDSP flags of 8 neurons up to date."""
    r.neur_v_up[group] = byte_of(p.v_up, group)
    r.neur_v_down[group] = byte_of(p.v_down, group)


@kernel
def load_flags(p: np.record, r: np.record, group: int) -> None:
    """Take over the SDSP flags of 8 neurons."""
    set_byte(p.v_up, group, r.neur_v_up[group])
    set_byte(p.v_down, group, r.neur_v_down[group])


@kernel
def _together(word: int) -> int:
    """The lowest bits of a word's 8 synapses as a byte."""
    x = word & 0x11111111
    x = (x | x >> 3) & 0x03030303
    x = (x | x >> 6) & 0x000F000F
    return (x | x >> 12) & 0xFF


@kernel
def _apart(byte: int) -> int:
    """The inverse of ``_together``."""
    x = (byte | byte << 12) & 0x000F000F
    x = (x | x << 6) & 0x03030303
    return (x | x << 3) & 0x11111111


@kernel
def load_synapses(p: np.record, synapses: np.ndarray, addr: int) -> None:
    """Take over a synapse memory word, if its row is here."""
    word = wide(synapses[addr, 0])
    pre, group = addr >> (M - GROUP_BITS), addr & (GROUPS - 1)
    if p.row_here[pre]:
        for b in range(SYN_BITS):
            set_byte(p.rows[pre, b], group, _together(word >> b))


@kernel
def flush_synapses(p: np.record, synapses: np.ndarray, addr: int) -> None:
    """Bring a synapse memory word up to date, if its row is here."""
    pre, group = addr >> (M - GROUP_BITS), addr & (GROUPS - 1)
    if p.row_here[pre]:
        word = wide(0)
        for b in range(SYN_BITS):
            word |= _apart(byte_of(p.rows[pre, b], group)) << b
        synapses[addr, 0] = word


# --- A row of synapses ------------------------------------------------------------------------------------------


def _swap(i: int, j: int) -> tuple[int, int]:
    """Return distance and mask of the exchange that swaps bits i and j, i < j, of each place in a word of 64 bits."""
    mask = sum(1 << place for place in range(WORD_BITS) if place >> i & 1 and not place >> j & 1)
    return (1 << j) - (1 << i), mask


# The place of a bit in two memory words is 4 bits of synapse and 2 bits of bit; in planes it is the other way round.
# These four swaps bring bits 5 4 3 2 1 0 of the place to 1 0 5 4 3 2.
(D0, M0), (D1, M1), (D2, M2), (D3, M3) = _swap(1, 5), _swap(0, 4), _swap(1, 3), _swap(0, 2)


@kernel
def _exchange(x: int, distance: int, mask: int) -> int:
    """Exchange the bits of the mask with those ``distance`` above them."""
    differs = ((x >> distance) ^ x) & mask
    return x ^ differs ^ (differs << distance)


@kernel
def _by_bit(words: int) -> int:
    """Return the bits of 16 synapses sorted by their bit: 16 times bit 0, 16 times bit 1, and so on."""
    x = _exchange(_exchange(words, D0, M0), D1, M1)
    return _exchange(_exchange(x, D2, M2), D3, M3)


@kernel
def _by_synapse(bits: int) -> int:
    """The inverse of ``_by_bit``."""
    x = _exchange(_exchange(bits, D3, M3), D2, M2)
    return _exchange(_exchange(x, D1, M1), D0, M0)


@outlined
def load_row(p: np.record, synapses: np.ndarray, pre: int) -> None:
    """Turn over a pre-synaptic neuron's row of synapses."""
    p.row_here[pre] = 1
    for w in range(N_WORDS):
        for b in range(SYN_BITS):
            p.rows[pre, b, w] = 0
        for pair in range(GROUPS_PER_WORD // 2):
            addr = pre * GROUPS + w * GROUPS_PER_WORD + 2 * pair
            bits = _by_bit(wide(synapses[addr, 0]) | wide(synapses[addr + 1, 0]) << LIMB_BITS)
            for b in range(SYN_BITS):
                p.rows[pre, b, w] |= ((bits >> PAIR_BITS * b) & PAIR_MASK) << PAIR_BITS * pair


@outlined
def _flush_row(p: np.record, synapses: np.ndarray, pre: int) -> None:
    """Bring the memory words of a pre-synaptic neuron's row of synapses up to date."""
    for w in range(N_WORDS):
        for pair in range(GROUPS_PER_WORD // 2):
            addr = pre * GROUPS + w * GROUPS_PER_WORD + 2 * pair
            bits = wide(0)
            for b in range(SYN_BITS):
                bits |= ((p.rows[pre, b, w] >> PAIR_BITS * pair) & PAIR_MASK) << PAIR_BITS * b
            words = _by_synapse(bits)
            synapses[addr, 0] = words & HALF
            synapses[addr + 1, 0] = (words >> LIMB_BITS) & HALF


# --- What the memories' output registers show after an event -----------------------------------------------------


@kernel
def keep_last_neuron(p: np.record, neurons: np.ndarray) -> None:
    """Keep neuron 255 as it is. ``settle`` puts it into the neuron memory's output register if somebody may look."""
    word_of(neurons, N - 1, p.last_word)
    if bit_of(p.neurons[L.lif_izh_sel], N - 1):
        for b in range(STATE_BEGIN, LIF_STATE_END):
            p.last_neuron[b - STATE_BEGIN] = p.neurons[b, N_WORDS - 1]
    else:
        for b in range(STATE_BEGIN, STATE_END):
            p.last_neuron[b - STATE_BEGIN] = p.neurons[b, N_WORDS - 1]
    p.is_neuron_kept = 1


@kernel
def keep_last_synapses(p: np.record, pre: int) -> None:
    """Keep the last word of a row as it is, for the synapse memory's output register; see ``keep_last_neuron``."""
    for b in range(SYN_BITS):
        p.last_synapses[b] = p.rows[pre, b, N_WORDS - 1]
    p.are_synapses_kept = 1


@kernel
def settle(p: np.record, r: np.record) -> None:
    """Let the memories' output registers show what is kept, if anything is."""
    if p.is_neuron_kept:
        _show_neuron(p, r)
    if p.are_synapses_kept:
        word = wide(0)
        for b in range(SYN_BITS):
            word |= _apart((p.last_synapses[b] >> (WORD_BITS - N_SYN)) & GROUP_MASK) << b
        r.synarray_rdata = word
    p.is_neuron_kept = 0
    p.are_synapses_kept = 0


@outlined
def _show_neuron(p: np.record, r: np.record) -> None:
    is_lif = bit_of(p.neurons[L.lif_izh_sel], N - 1)
    for limb in range(N_LIMBS):
        r.neur_state[limb] = p.last_word[limb]
    for b in range(STATE_BEGIN, LIF_STATE_END if is_lif else STATE_END):
        limb, place = b // LIMB_BITS, b % LIMB_BITS
        bit = (p.last_neuron[b - STATE_BEGIN] >> (WORD_BITS - 1)) & 1
        r.neur_state[limb] = r.neur_state[limb] & ~(wide(1) << place) | bit << place


# --- All of them ------------------------------------------------------------------------------------------------


@outlined
def _turn(x: np.ndarray, first: int) -> None:
    """Turn over 32 limbs from ``first`` on: bit b of limb i becomes bit i of limb b."""
    distance, low = LIMB_BITS // 2, wide(HALF >> LIMB_BITS // 2)
    while distance > 0:
        for i in range(first, first + LIMB_BITS):
            if i & distance == 0:
                swapped = ((x[i] >> distance) ^ x[i + distance]) & low
                x[i + distance] ^= swapped
                x[i] ^= swapped << distance
        distance //= 2
        low ^= low << distance


@outlined
def load_all(p: np.record, r: np.record, neurons: np.ndarray, synapses: np.ndarray) -> None:
    """Fill the neurons' planes from their memory and the SDSP flags; rows of synapses follow as they are needed."""
    x = p.limbs
    for w in range(N_WORDS):
        for limb in range(N_LIMBS):
            for i in range(WORD_BITS):
                x[i] = wide(neurons[WORD_BITS * w + i, limb])
            _turn(x, 0)
            _turn(x, LIMB_BITS)
            for b in range(LIMB_BITS):
                p.neurons[LIMB_BITS * limb + b, w] = x[b] | x[LIMB_BITS + b] << LIMB_BITS
        p.any_lif |= int(p.neurons[L.lif_izh_sel, w] != 0)
        p.any_izh |= int(p.neurons[L.lif_izh_sel, w] != -1)
    for group in range(GROUPS):
        load_flags(p, r, group)


@outlined
def flush_all(p: np.record, r: np.record, neurons: np.ndarray, synapses: np.ndarray) -> None:
    """Bring the memories, their output registers and the SDSP flags up to date."""
    settle(p, r)
    x = p.limbs
    for w in range(N_WORDS):
        for limb in range(STATE_BEGIN // LIMB_BITS, N_LIMBS):
            for b in range(LIMB_BITS):
                plane = p.neurons[LIMB_BITS * limb + b, w]
                x[b], x[LIMB_BITS + b] = plane & HALF, (plane >> LIMB_BITS) & HALF
            _turn(x, 0)
            _turn(x, LIMB_BITS)
            for i in range(WORD_BITS):
                neurons[WORD_BITS * w + i, limb] = x[i]
    for group in range(GROUPS):
        flush_flags(p, r, group)
    for pre in range(N):
        if p.row_here[pre]:
            _flush_row(p, synapses, pre)
