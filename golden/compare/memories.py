"""Differences of memories, word by word and field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.codec import from_limbs, take, to_limbs
from draupnir.emulator.declare import Memory

Memories = Mapping[str, np.ndarray]  # name -> uint32 of the memory's shape
ALL_BITS = 0xFFFFFFFF  # of a limb
WORDS_LISTED = 16
NO_FIELD = "(bits in no field)"


@dataclass(frozen=True)
class FieldDifference:
    """The difference of a field of a word; both values have their sign if the field is signed."""

    name: str
    expected: int
    got: int


@dataclass(frozen=True)
class WordDifference:
    """The difference of a word.

    addr : the address, 0..depth - 1
    copy : the number of the copy of the memory, None if the memory has no copies
    expected, got : the words as unsigned integers; ``got`` is 0 in each unknown bit
    view : the name of the view whose fields are in ``fields``
    """

    addr: int
    expected: int
    got: int
    view: str
    fields: tuple[FieldDifference, ...]
    copy: int | None = None

    def place(self, memory: str) -> str:
        """Return the name of the word in reports."""
        return _place(memory, (self.addr,) if self.copy is None else (self.copy, self.addr))


@dataclass(frozen=True)
class MemoryDifference:
    """The comparison of a memory.

    width : the bits of a word
    n_words : the number of words that were compared
    n_differing : the number of words that differ; the first ones are in ``words``
    against : the name of the file, or of another source, that it was compared with; "" for none
    """

    memory: str
    width: int
    against: str
    n_words: int
    n_differing: int
    words: tuple[WordDifference, ...] = ()

    def __str__(self) -> str:
        """Return the first different word and the number of others: ram[0x5].sum expected 13, got 12."""
        if not self.words:
            return f"{self.memory} is equal"
        first = self.words[0]
        fields = (f"{first.place(self.memory)}.{f.name} expected {f.expected}, got {f.got}" for f in first.fields)
        n_more = self.n_differing - 1
        more = f", and {n_more:,} more word{'s' if n_more > 1 else ''}" if n_more else ""
        return ", ".join(fields) + more


def memory_difference(
    memory: Memory,
    expected: np.ndarray,
    got: np.ndarray,
    against: str = "",
    known_bits: np.ndarray | None = None,
    n_listed: int = WORDS_LISTED,
) -> MemoryDifference:
    """Compare two memories.

    expected, got : uint32 of ``Memory.shape``, limb 0 the least significant one
    against : a name for ``expected`` in the report
    known_bits : the mask of the bits to compare, in the same form; None for all bits
    n_listed : the largest number of words in the report; the view of the word in ``got`` says which fields they have
    """
    if known_bits is not None:
        expected, got = expected & known_bits, got & known_bits
    indices = np.argwhere((expected != got).any(axis=-1))
    words = tuple(
        _word_difference(memory, index, from_limbs(expected[index]), from_limbs(got[index]))
        for index in map(tuple, indices[:n_listed].tolist())
    )
    n_words = int(np.prod(expected.shape[:-1]))
    return MemoryDifference(memory.name, memory.width, against, n_words, len(indices), words)


def unknown_words(memory: Memory, known_bits: np.ndarray) -> list[tuple[str, int]]:
    """Return name and mask of each word with unknown bits; known_bits : their mask, as in ``Observed``."""
    unknown = ~known_bits & to_limbs((1 << memory.width) - 1, memory.n_limbs)
    indices = map(tuple, np.argwhere(unknown.any(axis=-1)).tolist())
    return [(_place(memory.name, index), from_limbs(unknown[index])) for index in indices]


def _place(memory: str, index: tuple[int, ...]) -> str:
    """Return the name of a word in reports: neurons[0x1f], or neurons[3][0x1f] in copy 3."""
    *copy, addr = index
    return f"{memory}{''.join(f'[{i}]' for i in copy)}[{addr:#x}]"


def _word_difference(memory: Memory, index: tuple[int, ...], expected: int, got: int) -> WordDifference:
    view = memory.word_of(got)
    fields = []
    rest = expected ^ got
    for f in view:
        if take(f, expected) != take(f, got):
            fields.append(FieldDifference(f.name, take(f, expected), take(f, got)))
        rest &= ~(((1 << f.width) - 1) << f.lsb)
    if rest:
        fields.append(FieldDifference(NO_FIELD, expected & rest, got & rest))
    copy = index[0] if len(index) > 1 else None
    return WordDifference(index[-1], expected, got, view.name, tuple(fields), copy)
