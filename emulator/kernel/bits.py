"""Fields of words: taking them out and putting them in.

A word of more than 32 bits is an array of 32-bit limbs, limb 0 least significant. A field is found by its ``Position``,
which ``emulator.codec.positions`` derives from the declaration.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emulator.kernel.jit import kernel


class Position(NamedTuple):
    """Where a field of at most 32 bits lies.

    limb : limb of its least significant bit
    above : limb of its most significant bit (the same, unless the field straddles)
    shift : position of the least significant bit in ``limb``, 0..31
    mask : all ones, as wide as the field
    """

    limb: int
    above: int
    shift: int
    mask: int


@kernel
def bit(word: int, index: int) -> int:
    """Bit ``index`` (0..62) of a non-negative word."""
    return (word >> index) & 1


@kernel
def field(word: int, at: Position) -> int:
    """A field of a word of at most 32 bits."""
    return (word >> at.shift) & at.mask


@kernel
def placed(content: int, at: Position) -> int:
    """A field's content moved to its place in a word of at most 32 bits; the other bits are 0."""
    return content << at.shift


@kernel
def limb_field(limbs: np.ndarray, at: Position) -> int:
    """A field, unsigned, of a word of several limbs (an int64 array)."""
    low = limbs[at.limb] >> at.shift
    if at.above == at.limb:
        return low & at.mask
    return (low | (limbs[at.above] << (32 - at.shift))) & at.mask


@kernel
def set_limb_field(memory: np.ndarray, addr: int, at: Position, content: int) -> None:
    """Put ``content`` (it must fit) into a field of word ``addr`` of a memory of uint32 limbs."""
    low = np.int64(memory[addr, at.limb]) & ~(at.mask << at.shift)
    memory[addr, at.limb] = (low | (content << at.shift)) & 0xFFFFFFFF
    if at.above != at.limb:
        high = np.int64(memory[addr, at.above]) & ~(at.mask >> (32 - at.shift))
        memory[addr, at.above] = high | (content >> (32 - at.shift))
