"""The unfolded LFSRs: many bits of one sequence at a time.

y[t] = y[t - lag] ^ y[t - width]. Two ways to be quick, the same bits:

* Of short outputs (rounding) the last ``width`` bits are kept; with lag 1 the next ones are their running parity.
* Of long outputs (noise, weight updates) the last ``width`` words of 32 bits are kept. The square of a polynomial over
  GF(2) is the polynomial of the squares; squared five times, the recurrence is y[t] = y[t - 32 lag] ^ y[t - 32 width]:
  the same recurrence, of words.

Source: lfsr/*.v; lfsrs.py.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon.lfsrs import LFSRS, Lfsr

WORD = 32
WORD_MASK = (1 << WORD) - 1


def declared(name: str) -> Lfsr:
    """The declaration of an LFSR."""
    return next(lfsr for lfsr in LFSRS if lfsr.name == name)


def order(name: str) -> np.ndarray:
    """Return for each flip-flop the place of its bit among the bits in time order."""
    lfsr = declared(name)
    return np.array([t + lfsr.width - lfsr.lag for t in lfsr.order], dtype=np.int64)


@outlined
def in_time(flip_flops: int, places: np.ndarray) -> int:
    """Return what the flip-flops hold, the oldest bit in bit 0; ``places`` from ``order``."""
    bits = 0
    for i in range(len(places)):
        bits |= bit(flip_flops, i) << places[i]
    return bits


# --- Bits -------------------------------------------------------------------------------------------------------

ROUND_WIDTH = declared("lfsr_strnd_neur_u0").width
ROUND_MASK = (1 << ROUND_WIDTH) - 1


@kernel
def _parity(bits: int) -> int:
    """Bit i: the parity of bits 0 to i, of up to 16."""
    bits ^= bits << 1
    bits ^= bits << 2
    bits ^= bits << 4
    return bits ^ (bits << 8)


@kernel
def ahead(state: int) -> int:
    """y[0] to y[15] in bits 0 to 15; state : 15 bits, y[-14] to y[0]."""
    return _parity(state >> (ROUND_WIDTH - 1) | state << 1) & 0xFFFF


@kernel
def after(state: int, bits: int, unfold: int) -> int:
    """The state ``unfold`` bits later; bits : ``ahead`` of it; unfold : 1..15."""
    return (state >> unfold | (bits >> 1) << (ROUND_WIDTH - unfold)) & ROUND_MASK


@kernel
def advanced(state: int, unfold: int) -> int:
    """The state ``unfold`` bits later, 1..15."""
    return after(state, ahead(state), unfold)


# --- Words ------------------------------------------------------------------------------------------------------
# An array holds the ``width`` words before time 0, the oldest first, and behind them the output last drawn.


@kernel
def upcoming(words: np.ndarray, width: int, lag: int) -> int:
    """The next word; nothing moves."""
    return words[0] ^ words[width - lag]


@kernel
def draw(words: np.ndarray, width: int, lag: int) -> None:
    """The next output, into the words from ``width`` on; time goes on."""
    n = len(words) - width
    for i in range(n):
        words[width + i] = words[i] ^ words[width - lag + i]
    for i in range(width):
        words[i] = words[n + i]


@outlined
def fill(words: np.ndarray, bits: int, width: int, lag: int) -> None:
    """The words before time 0 of the sequence with these bits.

    bits : y[lag - width] to y[lag - 1], the oldest in bit 0
    """
    for i in range(width):
        words[i] = 0
    for t in range(lag - 1, -WORD * width - 1, -1):
        newest = bit(bits, width - 1)
        if t < 0:
            at = t + WORD * width
            words[at // WORD] |= newest << (at % WORD)
        bits = (bits << 1 | (newest ^ bit(bits, width - 1 - lag))) & ((1 << width) - 1)
