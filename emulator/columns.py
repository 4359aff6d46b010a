"""A memory's content as columns and matrices: one field of all its words, or its declared matrix of entries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.declare import LIMB_BITS, Field, Matrix, Memory


def column(f: Field, words: NDArray[np.uint32]) -> NDArray[np.int64]:
    """One field, of at most 32 bits, of every word; with its sign if it is declared signed.

    words : (n, limbs) uint32, limb 0 least significant. Returns (n,) int64.
    """
    first, shift = divmod(f.lsb, LIMB_BITS)
    content = words[:, first].astype(np.int64) >> shift
    if shift + f.width > LIMB_BITS:
        content |= words[:, first + 1].astype(np.int64) << (LIMB_BITS - shift)
    return signed(f, content)


def put(f: Field, words: NDArray[np.uint32], contents: NDArray[np.int64]) -> None:
    """Put one field, of at most 32 bits, into every word; the others stay.

    words : as for ``column``; contents : (n,) int64. Raises ValueError for one that does not fit.
    """
    if np.any((contents < f.low) | (contents > f.high)):
        raise ValueError(f"{f.name}: {contents.min()}..{contents.max()} is not within {f.low}..{f.high}")
    first, shift = divmod(f.lsb, LIMB_BITS)
    mask = (1 << f.width) - 1
    _put(words[:, first], mask << shift, (contents & mask) << shift)
    if shift + f.width > LIMB_BITS:
        _put(words[:, first + 1], mask >> (LIMB_BITS - shift), (contents & mask) >> (LIMB_BITS - shift))


def _put(limbs: NDArray[np.uint32], mask: int, bits: NDArray[np.int64]) -> None:
    """Replace the bits that the mask names; what lies beyond a limb is left out."""
    limbs[:] = ((limbs.astype(np.int64) & ~mask | bits) & ((1 << LIMB_BITS) - 1)).astype(np.uint32)


def signed(f: Field, content: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers that a field's bits stand for; what is above the field's width is left out."""
    bits = content & ((1 << f.width) - 1)
    return bits - ((bits > f.high).astype(np.int64) << f.width)


# --- Matrices ---------------------------------------------------------------------------------------------------


def matrix_of(memory: Memory) -> Matrix:
    """The matrix of a memory. Raises ValueError if the memory has none."""
    if memory.matrix is None:
        raise ValueError(f"memory {memory.name} has no matrix")
    return memory.matrix


def unpack(words: NDArray[np.uint32], memory: Memory) -> NDArray[np.uint32]:
    """The entries in a memory's words: (rows, columns) uint32, with 0..2**width - 1 of an entry."""
    matrix = matrix_of(memory)
    limbs = words.reshape(-1, 1)
    all_ones = np.uint32((1 << matrix.entry.width) - 1)
    return ((limbs >> _shifts(memory)) & all_ones).reshape(matrix.shape)


def entries(f: Field, memory: Memory, words: NDArray[np.uint32]) -> NDArray[np.int64]:
    """One field of each entry in a memory's words: (rows, columns) int64 in f.low..f.high."""
    return signed(f, unpack(words, memory).astype(np.int64) >> f.lsb)


def pack(entries: NDArray[np.uint32], memory: Memory) -> NDArray[np.uint32]:
    """The words of a memory, (depth, limbs) uint32, from its entries, (rows, columns) uint32."""
    shifts = _shifts(memory)
    limbs: NDArray[np.uint32] = (entries.reshape(-1, len(shifts)) << shifts).sum(axis=1, dtype=np.uint32)
    return limbs.reshape(memory.depth, memory.n_limbs)


def _shifts(memory: Memory) -> NDArray[np.uint32]:
    """The lowest bit of each entry in a limb, or in a word that is shorter than a limb."""
    return np.arange(0, min(memory.width, LIMB_BITS), matrix_of(memory).entry.width, dtype=np.uint32)
