"""Encode and decode words by their declaration, and derive the positions that kernels use."""

from __future__ import annotations

import copyreg
from collections import namedtuple
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from draupnir.emulator.declare import INTEGER_BITS, Chip, Field, PinWord, Word
from draupnir.emulator.declare import LIMB_BITS as LIMB_BITS
from draupnir.emulator.kernel.bits import Place, Position


def encode(word: Word, /, **fields: int) -> int:
    """Return a word with these field values; all other fields are 0.

    A signed field takes negative values, too. Raises KeyError for a field that the word does not have, and ValueError
    for a value that does not fit.
    """
    return update(word, 0, **fields)


def update(word: Word, content: int, /, **fields: int) -> int:
    """Return ``content``, 0..2**width - 1, with these field values in it. Raises as ``encode`` does."""
    for name, number in fields.items():
        f = word[name]
        if not f.low <= number <= f.high:
            raise ValueError(f"{word.name}.{name}: {number} is not within {f.low}..{f.high}")
        mask = (1 << f.width) - 1
        content = content & ~(mask << f.lsb) | (number & mask) << f.lsb
    return content


def decode(word: Word, content: int) -> dict[str, int]:
    """Return all fields of a word by name; a signed field has its sign. content : 0..2**width - 1"""
    return {f.name: take(f, content) for f in word}


def take(f: Field, content: int) -> int:
    """Return one field of a word, with its sign if it is declared signed."""
    return f.take(content)


def to_limbs(content: int, n_limbs: int) -> np.ndarray:
    """Return a word, 0..2**(32 * n_limbs) - 1, as limbs: (n_limbs,) uint32, limb 0 the least significant one."""
    return np.array([content >> LIMB_BITS * i & 0xFFFFFFFF for i in range(n_limbs)], dtype=np.uint32)


def from_limbs(limbs: np.ndarray) -> int:
    """Return the word that 32-bit limbs hold: (n_limbs,) uint32, limb 0 the least significant one."""
    return sum(int(limb) << LIMB_BITS * i for i, limb in enumerate(limbs))


class _TupleKind(type):
    """The metaclass of the classes that ``named_tuple`` makes. A pickle of such a class holds its name and fields."""


@cache
def named_tuple(name: str, fields: tuple[str, ...]) -> Any:
    """Return the class of named tuples with this name and these fields. Each call returns the same class.

    Numba keeps machine code by the types of the arguments. Code that takes such a tuple, for instance that of a chip of
    several sizes, is found again only if unpickling the class gives the present class.
    """
    kind = _TupleKind(name, (namedtuple(name, fields),), {"__slots__": (), "__module__": __name__})
    kind.__qualname__ = f"{name}:{','.join(fields)}"  # Numba pickles a class by its name, so the name must lead to it
    globals()[kind.__qualname__] = kind
    return kind


def _reduce(kind: Any) -> tuple[Callable[..., Any], tuple[str, tuple[str, ...]]]:
    return named_tuple, (kind.__name__, kind._fields)


copyreg.pickle(_TupleKind, _reduce)


def position(f: Field) -> Position:
    """Return the position of a field for kernels. Raises ValueError for a field of more than 63 bits."""
    if f.width > INTEGER_BITS:
        raise ValueError(f"field {f.name}: {f.width} bits; a kernel takes fields of at most {INTEGER_BITS}")
    return Position(f.lsb // LIMB_BITS, f.msb // LIMB_BITS, f.lsb % LIMB_BITS, (1 << f.width) - 1)


def positions(word: Word) -> Any:
    """Return the positions of all fields, as attributes of one named tuple that kernels take as a constant.

    If a row of these pins has several integers, each attribute is a ``Place``; for a pin of more than 63 bits it is a
    tuple with the places of its 32-bit limbs, the lowest first.
    """
    kind = named_tuple(word.name.replace(" ", "_"), tuple(f.name for f in word))
    if isinstance(word, PinWord) and len(word.row) > 1:
        return kind(*(_places(word, f) for f in word))
    return kind(*(position(f) for f in word))


def _places(word: PinWord, f: Field) -> Place | tuple[Place, ...]:
    """Return the place of a pin in a row, or the places of its limbs."""
    places = tuple(Place(piece.word, piece.shift, (1 << piece.width) - 1) for piece in word.pieces_of(f.name))
    return places[0] if f.width <= INTEGER_BITS else places


def addresses(chip: Chip) -> Any:
    """Return the first address of each configuration register, as attributes with its name in lower case."""
    kind = named_tuple("Addresses", tuple(register.name.lower() for register in chip.registers))
    return kind(*(register.addr for register in chip.registers))
