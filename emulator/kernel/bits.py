"""Fields of words: taking them out and putting them in.

A word is one integer of at most 63 bits, or an array of 32-bit limbs, limb 0 least significant. A field is found in
either by its ``Position``, which ``draupnir.emulator.codec.positions`` derives from the declaration. The pins of a
chip that have more than 63 bits together are a row of several integers; each piece of a pin is found by its ``Place``.
A place is no position, so that a function for the one does not compile with the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.declare.words import LIMB_BITS
from draupnir.emulator.kernel.jit import kernel

LIMB_MASK = (1 << LIMB_BITS) - 1


class Position(NamedTuple):
    """The place of a field of at most 63 bits.

    limb : limb of its least significant bit
    above : limb of its most significant bit (the same, unless the field straddles)
    shift : position of the least significant bit in ``limb``, 0..31
    mask : all ones, as wide as the field
    """

    limb: int
    above: int
    shift: int
    mask: int


class Place(NamedTuple):
    """The place of a pin of at most 63 bits, or of a limb of a wider one, in a row of several integers.

    word : which integer; shift : position of the least significant bit in it, 0..62
    all_ones : a mask as wide as the pin or limb
    """

    word: int
    shift: int
    all_ones: int


@kernel
def bit(word: int, index: int) -> int:
    """Bit ``index`` (0..62) of a non-negative word."""
    return (word >> index) & 1


@kernel
def field(word: int, at: Position) -> int:
    """A field of a non-negative word that is one integer of at most 63 bits."""
    return (word >> (LIMB_BITS * at.limb + at.shift)) & at.mask


@kernel
def placed(content: int, at: Position) -> int:
    """A field's content moved to its place in a word that is one integer of at most 63 bits; the other bits are 0."""
    return content << (LIMB_BITS * at.limb + at.shift)


@kernel
def row_field(row: np.ndarray, at: Place) -> int:
    """A pin, or a limb of one, of a row of several integers."""
    content: int = (row[at.word] >> at.shift) & at.all_ones
    return content


@kernel
def set_row_field(row: np.ndarray, at: Place, content: int) -> None:
    """Put ``content`` (it must fit) into a pin, or a limb of one, of a row of several integers."""
    row[at.word] = row[at.word] & ~(at.all_ones << at.shift) | content << at.shift


@kernel
def limb_field(limbs: np.ndarray, at: Position) -> int:
    """A field, unsigned, of a word of several limbs (an int64 array)."""
    content: int = limbs[at.limb] >> at.shift
    if at.above > at.limb:
        content |= limbs[at.limb + 1] << (LIMB_BITS - at.shift)
    if at.above > at.limb + 1:  # so the shift is 2 or more
        content |= limbs[at.above] << (2 * LIMB_BITS - at.shift)
    return content & at.mask


@kernel
def set_limb_field(memory: np.ndarray, addr: int, at: Position, content: int) -> None:
    """Put ``content`` (it must fit) into a field of word ``addr`` of a memory of uint32 limbs."""
    _set_limb(memory, addr, at.limb, at.mask << at.shift & LIMB_MASK, content << at.shift & LIMB_MASK)
    if at.above > at.limb:
        n_below = LIMB_BITS - at.shift
        _set_limb(memory, addr, at.limb + 1, at.mask >> n_below & LIMB_MASK, content >> n_below & LIMB_MASK)
    if at.above > at.limb + 1:
        n_below = 2 * LIMB_BITS - at.shift
        _set_limb(memory, addr, at.above, at.mask >> n_below, content >> n_below)


@kernel
def _set_limb(memory: np.ndarray, addr: int, limb: int, mask: int, content: int) -> None:
    """Replace the bits of a limb that the mask names."""
    memory[addr, limb] = np.int64(memory[addr, limb]) & ~mask | content
