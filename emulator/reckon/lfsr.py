"""The unfolded LFSRs, which yield many bits of one sequence at a time.

The sequence is y[t] = y[t - lag] ^ y[t - width]. There are two fast ways to compute the same bits:

* For short outputs (rounding) the model keeps the last ``width`` bits. With lag 1 the next bits are their running
  parity.
  Or many outputs at once are exclusive ors of the bits of one state.
* For long outputs (noise, weight updates) it keeps the last ``width`` words of 32 bits. The square of a polynomial over
  GF(2) is the polynomial of the squares. After five squarings the recurrence is y[t] = y[t - 32 lag] ^ y[t - 32 width],
  which is the same recurrence for words.

Source: lfsr/*.v; lfsrs.py.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon.lfsrs import LFSRS, Lfsr

WORD = 32
WORD_MASK = (1 << WORD) - 1


def lfsr_of(name: str) -> Lfsr:
    """Return the declaration of an LFSR."""
    return next(lfsr for lfsr in LFSRS if lfsr.name == name)


def order(name: str) -> np.ndarray:
    """Return (width,) int64: for each flip-flop the place of its bit in time order, 0 the oldest."""
    lfsr = lfsr_of(name)
    return np.array([t + lfsr.width - lfsr.lag for t in lfsr.order], dtype=np.int64)


@outlined
def in_time(flip_flops: int, places: np.ndarray) -> int:
    """Return the content of the flip-flops in time order, the oldest bit in bit 0; places : from ``order``."""
    bits = 0
    for i in range(len(places)):
        bits |= bit(flip_flops, i) << places[i]
    return bits


# --- Bits -------------------------------------------------------------------------------------------------------

ROUND_WIDTH = lfsr_of("lfsr_strnd_neur_u0").width
ROUND_MASK = (1 << ROUND_WIDTH) - 1


@kernel
def _parity(bits: int) -> int:
    """Return a word whose bit i is the parity of bits 0 to i; bits : 16 bits."""
    bits ^= bits << 1
    bits ^= bits << 2
    bits ^= bits << 4
    return bits ^ (bits << 8)


@kernel
def ahead(state: int) -> int:
    """Return y[0] to y[15] in bits 0 to 15; state : 15 bits, y[-14] to y[0]."""
    return _parity(state >> (ROUND_WIDTH - 1) | state << 1) & 0xFFFF


@kernel
def next_state(state: int, bits: int, unfold: int) -> int:
    """Return the state ``unfold`` bits later; bits : ``ahead(state)``; unfold : 1..15."""
    return (state >> unfold | (bits >> 1) << (ROUND_WIDTH - unfold)) & ROUND_MASK


@kernel
def advance(state: int, unfold: int) -> int:
    """Return the state ``unfold`` bits later; unfold : 1..15."""
    return next_state(state, ahead(state), unfold)


# --- Many outputs at once ---------------------------------------------------------------------------------------
# Each bit of the sequence is an exclusive or of 15 bits side by side: y[t + n] is that of y[t + j] for the powers j of
# x**n modulo the polynomial of the recurrence.

MOST = 128  # advances at once, at most


def _power(n: int) -> int:
    """Return x**n modulo the polynomial of the LFSRs for rounding, bit j for x**j."""
    bits = 1
    for _ in range(n):
        bits <<= 1
        if bits >> ROUND_WIDTH:
            bits ^= 1 << ROUND_WIDTH | 1 << (ROUND_WIDTH - 1) | 1
    return bits


def _advances(unfold: int) -> np.ndarray:
    """Return (MOST + 1,) int64: x**(unfold * k) for each number k of advances."""
    return np.array([_power(unfold * k) for k in range(MOST + 1)], np.int64)


def _masks(unfold: int) -> np.ndarray:
    """Return (15, MOST) int16: all ones at [j, k] if x**j is in the power that leads from the state to output k."""
    powers = [_power(unfold * k + ROUND_WIDTH - 1) for k in range(MOST)]
    return np.array([[-(power >> j & 1) for power in powers] for j in range(ROUND_WIDTH)], np.int16)


ROUND_UNFOLD, SHORT_UNFOLD = ROUND_WIDTH, 7
_ADVANCES, _SHORT_ADVANCES = _advances(ROUND_UNFOLD), _advances(SHORT_UNFOLD)
_MASKS, _SHORT_MASKS = _masks(ROUND_UNFOLD), _masks(SHORT_UNFOLD)


@kernel
def _window(state: int) -> int:
    """Return y[-14] to y[15] in bits 0 to 29."""
    return state | (ahead(state) >> 1) << ROUND_WIDTH


@outlined
def advance_by(state: int, n: int, unfold: int) -> int:
    """Return the state after n advances, 0..MOST; unfold : 15 or 7."""
    power = _ADVANCES[n] if unfold == ROUND_UNFOLD else _SHORT_ADVANCES[n]
    window, next_state = _window(state), 0
    for j in range(ROUND_WIDTH):
        next_state ^= (window >> j) & -(power >> j & 1)
    return next_state & ROUND_MASK


@outlined
def outputs(state: int, n: int, rands: np.ndarray) -> None:
    """Write the next n outputs of 15 bits, 0..MOST; rands : (MOST,) int16."""
    window = _window(state)
    for k in range(n):
        bits = np.int16(0)
        for j in range(ROUND_WIDTH):
            bits = np.int16(bits ^ (np.int16(window >> j) & _MASKS[j, k]))
        rands[k] = np.int16(bits & np.int16(ROUND_MASK))


@outlined
def short_outputs(state: int, n: int, rands: np.ndarray) -> None:
    """Write the next n outputs of 7 bits, 0..MOST; rands : (MOST,) int16."""
    window = _window(state)
    for k in range(n):
        bits = np.int16(0)
        for j in range(ROUND_WIDTH):
            bits = np.int16(bits ^ (np.int16(window >> j) & _SHORT_MASKS[j, k]))
        rands[k] = np.int16(bits & np.int16((1 << SHORT_UNFOLD) - 1))


# --- Words ------------------------------------------------------------------------------------------------------
# An array holds the ``width`` words before time 0, the oldest first, and after them the last output.


@kernel
def upcoming(words: np.ndarray, width: int, lag: int) -> int:
    """Return the first word of the next output, without an advance."""
    return words[0] ^ words[width - lag]


@kernel
def draw(words: np.ndarray, width: int, lag: int) -> None:
    """Advance, and write the next output into the words from ``width`` on."""
    n = len(words) - width
    for i in range(n):
        words[width + i] = words[i] ^ words[width - lag + i]
    for i in range(width):
        words[i] = words[n + i]


@outlined
def fill(words: np.ndarray, bits: int, width: int, lag: int) -> None:
    """Write the words before time 0 of the sequence with these bits.

    bits : y[lag - width] to y[lag - 1], the oldest in bit 0
    """
    for i in range(width):
        words[i] = 0
    for t in range(lag - 1, -WORD * width - 1, -1):
        newest = bit(bits, width - 1)
        if t < 0:
            bit_idx = t + WORD * width
            words[bit_idx // WORD] |= newest << (bit_idx % WORD)
        bits = (bits << 1 | (newest ^ bit(bits, width - 1 - lag))) & ((1 << width) - 1)
