"""Memories that differ, word by word and field by field."""

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
    """A field of a word; both values with their sign, if the field has one."""

    name: str
    expected: int
    got: int


@dataclass(frozen=True)
class WordDifference:
    """A word that differs.

    addr : its address; copy : the copy of the memory that it is in, None where there is only one
    expected, got : the word as an unsigned integer; ``got`` is 0 in each bit that is unknown
    view : the name of the declared word whose fields are listed
    """

    addr: int
    expected: int
    got: int
    view: str
    fields: tuple[FieldDifference, ...]
    copy: int | None = None

    def place(self, memory: str) -> str:
        """The word as it is written in reports."""
        return _place(memory, (self.addr,) if self.copy is None else (self.copy, self.addr))


@dataclass(frozen=True)
class MemoryDifference:
    """A memory, compared.

    width : bits of a word; n_words : words that were compared
    n_differing : how many of them differ; the first of these are in ``words``
    against : the file, or whatever else, that it was compared with; "" where that needs no word
    """

    memory: str
    width: int
    against: str
    n_words: int
    n_differing: int
    words: tuple[WordDifference, ...] = ()

    def __str__(self) -> str:
        """The first word that differs, by field, and how many more there are: ram[0x5].sum expected 13, got 12."""
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
    known: np.ndarray | None = None,
    listed: int = WORDS_LISTED,
) -> MemoryDifference:
    """Compare whole memories: uint32 of the memory's shape, limb 0 least significant.

    known : the mask of the bits that are compared, of the same shape; None for all
    listed : words that are decoded, at most
    The fields of a word are those of the view that the word in ``got`` has.
    """
    if known is not None:
        expected, got = expected & known, got & known
    differing = np.argwhere((expected != got).any(axis=-1))
    words = tuple(
        _word_difference(memory, index, from_limbs(expected[index]), from_limbs(got[index]))
        for index in map(tuple, differing[:listed].tolist())
    )
    n_words = int(np.prod(expected.shape[:-1]))
    return MemoryDifference(memory.name, memory.width, against, n_words, len(differing), words)


def unknown_words(memory: Memory, known: np.ndarray) -> list[tuple[str, int]]:
    """List the words with unknown bits: place, and these bits. known : the mask of known bits, shaped as the words."""
    unknown = ~known & to_limbs((1 << memory.width) - 1, memory.n_limbs)
    indices = map(tuple, np.argwhere(unknown.any(axis=-1)).tolist())
    return [(_place(memory.name, index), from_limbs(unknown[index])) for index in indices]


def _place(memory: str, index: tuple[int, ...]) -> str:
    """A word as it is written in reports: neurons[0x1f], or neurons[3][0x1f] in copy 3."""
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
