"""Places in a chip by name, as people write them: ``neurons[0-9].thr``, ``synapses[5][0-63].syn_weight``.

A name is a memory or a register of the chip's state. Indices in brackets follow, one pair for each index: the copy, if
the memory has copies; then row and column if the memory holds a matrix, else the word. Without brackets all elements
are meant. After a dot stands the field; without it the whole word, or entry, is meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator import state
from draupnir.emulator.codec import from_limbs
from draupnir.emulator.columns import signed
from draupnir.emulator.declare import INTEGER_BITS, LIMB_BITS, Chip, Field, Memory, Word
from draupnir.emulator.errors import InputError

_FORM = re.compile(r"(?P<name>\w+)(?P<indices>(\[[^\[\]]*\])*)(\.(?P<field>\w+))?")
_RANGE = re.compile(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?")
_RIGHT = "right is a place such as neurons[0-9].thr"


@dataclass(frozen=True)
class _Piece:
    """A run of bits of all elements of a place: ``mask`` of an integer or limb, at ``lsb`` of the field.

    places : (n,) int64, the place in the flat array; shifts : (n,) int64, the bit in it
    """

    places: np.ndarray
    shifts: np.ndarray
    lsb: int
    mask: int


@dataclass(frozen=True)
class ChipPlace:
    """Some elements of a chip's state.

    array : 0 for the registers, 1 and so on for the memories in the order of the declaration
    shape : the numbers of elements by index; field : the bits of each element, with its range
    """

    text: str
    array: int
    shape: tuple[int, ...]
    field: Field
    pieces: tuple[_Piece, ...]

    def changes(self, content: Any) -> np.ndarray:
        """Return the changes that write a content, as rows of ``speeds.many.ManyInputs.changes``.

        content : an integer for all elements, or an array that NumPy can broadcast to ``shape``
        Raises InputError for one that has another shape, or does not fit.
        """
        f, numbers = self.field, np.asarray(content)
        if numbers.dtype.kind not in "iubO":
            raise InputError(f"{self.text}: {content!r} is no integer; right is {f.low}..{f.high}")
        wrong = [n for n in (numbers.min(), numbers.max()) if not f.low <= int(n) <= f.high] if numbers.size else []
        if wrong:
            raise InputError(f"{self.text}: {int(wrong[0])} is not within {f.low}..{f.high}")
        try:
            flat = np.broadcast_to(numbers, self.shape).reshape(-1)
        except ValueError as error:
            raise InputError(f"{self.text}: shape {numbers.shape}; right is {self.shape}") from error
        bits = flat if f.width < LIMB_BITS * 2 and flat.dtype.kind != "O" else flat.astype(object)
        return np.concatenate([self._rows(piece, bits) for piece in self.pieces])

    def contents(self, registers: np.ndarray, memories: Sequence[np.ndarray]) -> np.ndarray:
        """Return the contents in n chips: (n, *shape) int64.

        registers, memories : the arrays of ``speeds.many.ManyStates``
        Raises InputError for a place of more than 62 bits.
        """
        if self.field.width >= INTEGER_BITS:
            raise InputError(f"{self.text}: {self.field.width} bits; right is a field of it")
        source, bits = registers if self.array == 0 else memories[self.array - 1], np.int64(0)
        for piece in self.pieces:
            bits = bits | ((source[:, piece.places].astype(np.int64) >> piece.shifts) & piece.mask) << piece.lsb
        return signed(self.field, bits).reshape(len(registers), *self.shape)  # type: ignore[arg-type]

    def _rows(self, piece: _Piece, bits: np.ndarray) -> np.ndarray:
        keep_mask = ~(np.int64(piece.mask) << piece.shifts)
        new = ((bits >> piece.lsb) & piece.mask).astype(np.int64) << piece.shifts
        return np.column_stack([np.full(len(keep_mask), self.array), piece.places, keep_mask, new])


def parse(chip: Chip, record: np.recarray, memories: Mapping[str, np.ndarray], text: str) -> ChipPlace:
    """Return the place with a name.

    record, memories : the present state; a word that has several views has the one that applies to its content
    Raises InputError for anything that is not in the chip.
    """
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise InputError(f"{text}: {_RIGHT}")
    name, indices = form["name"], re.findall(r"\[([^\[\]]*)\]", form["indices"])
    for number, memory in enumerate(chip.memories, start=1):
        if memory.name == name:
            return _in_memory(text, number, memory, memories[name], indices, form["field"])
    for reg in state.registers(chip):
        if reg.name == name and form["field"] is None:
            n = record[name].size
            (elements,) = _elements(text, indices, (n,))
            first = record.dtype.fields[name][1]  # type: ignore[index]
            places = first // 8 + elements
            f = Field(name, 0, reg.width, reg.meaning)
            return ChipPlace(text, 0, (len(elements),), f, (_Piece(places, places * 0, 0, (1 << reg.width) - 1),))
    names = ", ".join(memory.name for memory in chip.memories)
    raise InputError(f"{text}: {chip.name} has no {name} here; it has {names}, and the registers of its state")


def _in_memory(
    text: str, number: int, memory: Memory, content: np.ndarray, indices: list[str], field: str | None
) -> ChipPlace:
    """The place of a field in some words, or in some entries of the matrix, of a memory."""
    copies = () if memory.copies is None else (memory.copies,)
    shape, width = (
        (memory.matrix.shape, memory.matrix.entry.width) if memory.matrix else ((memory.depth,), memory.width)
    )
    axes = _elements(text, indices, (*copies, *shape))
    elements = np.ravel_multi_index(np.meshgrid(*axes, indexing="ij"), (*copies, *shape)).reshape(-1)
    if memory.matrix:
        f = _field(text, memory.matrix.entry, field)
    else:
        f = _field_of_words(text, memory, content.reshape(-1, memory.n_limbs)[elements], field)
    words, numbers = divmod(elements, memory.width // width)
    return ChipPlace(
        text, number, tuple(map(len, axes)), f, tuple(_pieces(f, words * memory.n_limbs, numbers * width + f.lsb))
    )


def _pieces(f: Field, first: np.ndarray, bits: np.ndarray) -> list[_Piece]:
    """The pieces of a field that begins at bits of words, which begin at limbs ``first``; all split in the same way."""
    pieces, lsb = [], 0
    while lsb < f.width:
        places, shifts = first + (bits + lsb) // LIMB_BITS, (bits + lsb) % LIMB_BITS
        n = min(f.width - lsb, LIMB_BITS - int(shifts.max(initial=0)))
        pieces.append(_Piece(places, shifts, lsb, (1 << n) - 1))
        lsb += n
    return pieces


def _field_of_words(text: str, memory: Memory, words: np.ndarray, field: str | None) -> Field:
    """The field of all these words. Raises InputError if some of them have a view without it, or with another one."""
    if field is None or not memory.view_field:
        return _field(text, memory.words[0], field)
    present = {memory.word_of(from_limbs(row)).name for row in np.unique(words, axis=0)}
    fields = [_field(text, memory.word(name), field) for name in sorted(present)]
    if len({(f.lsb, f.width) for f in fields}) > 1:
        raise InputError(f"{text}: {' and '.join(sorted(present))} words have {field} at different places")
    return fields[0]


def _field(text: str, word: Word, field: str | None) -> Field:
    if field is None:
        return Field(word.name, 0, word.width, "")
    if field not in word:
        raise InputError(f"{text}: {word.name} has no field {field}; it has {', '.join(f.name for f in word)}")
    return word[field]


def _elements(text: str, indices: list[str], shape: tuple[int, ...]) -> list[np.ndarray]:
    """The elements that indices name: an array for each index of ``shape``."""
    if indices and len(indices) != len(shape):
        sizes = " ".join(f"[0-{n - 1}]" for n in shape)
        raise InputError(f"{text}: {len(indices)} pair(s) of brackets; right is {sizes}, or none for all")
    return [
        np.arange(n) if not indices else np.array(_indices(text, indices[i], n), np.int64) for i, n in enumerate(shape)
    ]


def _indices(text: str, numbers: str, n: int) -> list[int]:
    """The numbers in brackets, as "0-9,12"."""
    numbers_found: list[int] = []
    for part in numbers.split(","):
        ends = _RANGE.fullmatch(part)
        if ends is None or not int(ends[1]) <= int(ends[2] or ends[1]) < n:
            raise InputError(f"{text}: [{numbers}] is not within 0..{n - 1}; right is, for instance, [0-9,12]")
        numbers_found += range(int(ends[1]), int(ends[2] or ends[1]) + 1)
    if len(set(numbers_found)) < len(numbers_found):
        raise InputError(f"{text}: [{numbers}] names an element twice")
    return numbers_found
