"""Words and events, encoded and decoded from their declaration."""

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
    """The word with the given fields; those not given are 0.

    Signed fields take negative values. Raises KeyError for an unknown field, ValueError for a value that does not fit.
    """
    return update(word, 0, **fields)


def update(word: Word, content: int, /, **fields: int) -> int:
    """``content`` with the given fields replaced; raises as ``encode`` does."""
    for name, given in fields.items():
        f = word[name]
        if not f.low <= given <= f.high:
            raise ValueError(f"{word.name}.{name}: {given} is not within {f.low}..{f.high}")
        mask = (1 << f.width) - 1
        content = content & ~(mask << f.lsb) | (given & mask) << f.lsb
    return content


def decode(word: Word, content: int) -> dict[str, int]:
    """All fields of a word by name; signed ones with their sign."""
    return {f.name: take(f, content) for f in word}


def take(f: Field, content: int) -> int:
    """One field of a word, with its sign if it is declared signed."""
    return f.take(content)


def to_limbs(content: int, n_limbs: int) -> np.ndarray:
    """A word as (n_limbs,) uint32, limb 0 least significant."""
    return np.array([content >> LIMB_BITS * i & 0xFFFFFFFF for i in range(n_limbs)], dtype=np.uint32)


def from_limbs(limbs: np.ndarray) -> int:
    """The word that an array of 32-bit limbs holds."""
    return sum(int(limb) << LIMB_BITS * i for i, limb in enumerate(limbs))


class _Known(type):
    """The class of the classes that ``named_tuple`` makes: a pickle of one holds its name and fields."""


@cache
def named_tuple(name: str, fields: tuple[str, ...]) -> Any:
    """The class of named tuples of this name and these fields, which is the same wherever it is asked for.

    Numba keeps machine code by the types of its arguments. It finds code again that takes such a tuple, as that of a
    chip of several sizes does, only if the class that was pickled then is the class that there is now.
    """
    kind = _Known(name, (namedtuple(name, fields),), {"__slots__": (), "__module__": __name__})
    kind.__qualname__ = f"{name}:{','.join(fields)}"  # Numba pickles only a class by name that is found by its name
    globals()[kind.__qualname__] = kind
    return kind


def _found_anew(kind: Any) -> tuple[Callable[..., Any], tuple[str, tuple[str, ...]]]:
    return named_tuple, (kind.__name__, kind._fields)


copyreg.pickle(_Known, _found_anew)


def position(f: Field) -> Position:
    """Return where kernels find the field. Raises ValueError for a field of more than 63 bits."""
    if f.width > INTEGER_BITS:
        raise ValueError(f"field {f.name}: {f.width} bits; a kernel takes fields of at most {INTEGER_BITS}")
    return Position(f.lsb // LIMB_BITS, f.msb // LIMB_BITS, f.lsb % LIMB_BITS, (1 << f.width) - 1)


def positions(word: Word) -> Any:
    """The positions of all fields, as attributes of one named tuple that kernels take as a constant.

    Of pins that a row holds in several integers it is the place of each, and of a pin of more than 63 bits a tuple with
    the places of its limbs of 32 bits, the lowest first.
    """
    kind = named_tuple(word.name.replace(" ", "_"), tuple(f.name for f in word))
    if isinstance(word, PinWord) and len(word.row) > 1:
        return kind(*(_places(word, f) for f in word))
    return kind(*(position(f) for f in word))


def _places(word: PinWord, f: Field) -> Place | tuple[Place, ...]:
    """The place of a pin in a row, or those of its limbs."""
    places = tuple(Place(piece.word, piece.shift, (1 << piece.width) - 1) for piece in word.pieces_of(f.name))
    return places[0] if f.width <= INTEGER_BITS else places


def addresses(chip: Chip) -> Any:
    """The (first) address of each configuration register, as attributes named in lower case."""
    kind = named_tuple("Addresses", tuple(register.name.lower() for register in chip.registers))
    return kind(*(register.addr for register in chip.registers))
