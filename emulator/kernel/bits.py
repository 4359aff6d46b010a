"""Fields of words: how a kernel reads and writes them.

A word is one integer of at most 63 bits, or an array of 32-bit limbs, limb 0 the least significant one. A ``Position``
says where a field lies in either form; ``draupnir.emulator.codec.positions`` derives it from the declaration. If the
pins of a chip have more than 63 bits together, a row has several integers; a ``Place`` says where a piece of a pin
lies. The two are different types, so a function for one of them does not compile with the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.declare.words import LIMB_BITS
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel

LIMB_MASK = (1 << LIMB_BITS) - 1


class Position(NamedTuple):
    """The place of a field of at most 63 bits.

    limb : the limb of its least significant bit
    last_limb : the limb of its most significant bit; the same limb, unless the field crosses a border
    shift : the position of the least significant bit in ``limb``, 0..31
    mask : all ones, as wide as the field
    """

    limb: int
    last_limb: int
    shift: int
    mask: int


class Place(NamedTuple):
    """The place of a pin of at most 63 bits, or of a limb of a wider pin, in a row of several integers.

    word : the index of the integer
    shift : the position of the least significant bit in this integer, 0..62
    all_ones : a mask as wide as the pin or limb
    """

    word: int
    shift: int
    all_ones: int


@kernel
def bit(word: int, index: int) -> int:
    """Return bit ``index``, 0..62, of a word, which is not negative."""
    return (word >> index) & 1


@kernel
def field(word: int, pos: Position) -> int:
    """Return a field, without a sign, of a word of at most 63 bits, which is not negative."""
    return (word >> (LIMB_BITS * pos.limb + pos.shift)) & pos.mask


@kernel
def placed(content: int, pos: Position) -> int:
    """Shift a field's content, 0..mask, to its place in a word of at most 63 bits. All other bits are 0."""
    return content << (LIMB_BITS * pos.limb + pos.shift)


@kernel
def row_field(row: np.ndarray, pos: Place) -> int:
    """Return a pin, or a limb of a pin, of a row: (n_words,) int64."""
    content: int = (row[pos.word] >> pos.shift) & pos.all_ones
    return content


@kernel
def set_row_field(row: np.ndarray, pos: Place, content: int) -> None:
    """Write a pin, or a limb of a pin, into a row: (n_words,) int64; content : 0..all_ones, which is not checked."""
    row[pos.word] = row[pos.word] & ~(pos.all_ones << pos.shift) | content << pos.shift


@kernel
def limb_field(limbs: np.ndarray, pos: Position) -> int:
    """Return a field, without a sign, of a word of limbs: (n_limbs,) int64 or uint32."""
    content: int = wide(limbs[pos.limb]) >> pos.shift
    if pos.last_limb > pos.limb:
        content |= wide(limbs[pos.limb + 1]) << (LIMB_BITS - pos.shift)
    if pos.last_limb > pos.limb + 1:  # so the shift is 2 or more
        content |= wide(limbs[pos.last_limb]) << (2 * LIMB_BITS - pos.shift)
    return content & pos.mask


@kernel
def set_limb_field(memory: np.ndarray, addr: int, pos: Position, content: int) -> None:
    """Write a field of word ``addr`` of a memory: (depth, n_limbs) uint32; content : 0..mask, which is not checked."""
    _set_limb(memory, addr, pos.limb, pos.mask << pos.shift & LIMB_MASK, content << pos.shift & LIMB_MASK)
    if pos.last_limb > pos.limb:
        n_below = LIMB_BITS - pos.shift
        _set_limb(memory, addr, pos.limb + 1, pos.mask >> n_below & LIMB_MASK, content >> n_below & LIMB_MASK)
    if pos.last_limb > pos.limb + 1:
        n_below = 2 * LIMB_BITS - pos.shift
        _set_limb(memory, addr, pos.last_limb, pos.mask >> n_below, content >> n_below)


@kernel
def _set_limb(memory: np.ndarray, addr: int, limb: int, mask: int, content: int) -> None:
    """Replace the bits of a limb at which the mask is 1."""
    memory[addr, limb] = wide(memory[addr, limb]) & ~mask | content
