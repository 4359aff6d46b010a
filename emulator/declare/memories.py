"""Memories: their words, the ways to read a word, and the matrix that they may hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from draupnir.emulator.declare.errors import DeclarationError, check_copies
from draupnir.emulator.declare.words import Word


@dataclass(frozen=True)
class Matrix:
    """The matrix that a memory's words make up: row after row, entry after entry, the first in a word's lowest bits.

    rows, columns : names of what they stand for, and how many there are
    entry : the fields of one entry, of 1, 2, 4, 8, 16 or 32 bits; words are filled with entries entirely
    """

    rows: tuple[str, int]
    columns: tuple[str, int]
    entry: Word

    def __post_init__(self) -> None:
        if 32 % self.entry.width:
            raise DeclarationError(f"{self.entry.name}: {self.entry.width} bits do not divide 32")

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows[1], self.columns[1]


@dataclass(frozen=True)
class Memory:
    """An addressable memory.

    copies : how many of it there are, one in each of an array of cores; None for a memory that is no array, which has
        no index in its name either
    words : the ways to read one word, by name; the first is the default view
    view : which of them applies is told by this field of the default view (value -> view name), if any
    matrix : what its users think in, if that is not words
    unused : fields, in the default view, of a word that nobody configured, where one of zeros would do something
    """

    name: str
    depth: int
    width: int
    words: tuple[Word, ...]
    source: str = ""
    view: Mapping[int, str] = field(default_factory=dict)
    view_field: str = ""
    matrix: Matrix | None = None
    unused: Mapping[str, int] = field(default_factory=dict)
    copies: int | None = None

    def __post_init__(self) -> None:
        check_copies(f"memory {self.name}", self.copies)
        for word in self.words:
            if word.width != self.width:
                raise DeclarationError(
                    f"memory {self.name}: view {word.name} has {word.width} bits, the memory {self.width}"
                )
        for name in self.unused:
            if name not in self.words[0]:
                raise DeclarationError(f"memory {self.name}: unused.{name} is no field of {self.words[0].name}")
        if self.matrix and math.prod(self.matrix.shape) * self.matrix.entry.width != self.depth * self.width:
            rows, columns = self.matrix.shape
            raise DeclarationError(
                f"memory {self.name}: {rows} x {columns} entries of {self.matrix.entry.width} bits are not"
                f" {self.depth} words of {self.width}"
            )

    @property
    def n_limbs(self) -> int:
        """32-bit limbs in a word (limb 0 is the least significant)."""
        return math.ceil(self.width / 32)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its content as an array of 32-bit limbs: (depth, limbs), or (copies, depth, limbs)."""
        copies = () if self.copies is None else (self.copies,)
        return (*copies, self.depth, self.n_limbs)

    @property
    def parts(self) -> tuple[str, ...]:
        """The name of each copy, "csram[0]" and so on; of a memory without copies its own."""
        return (self.name,) if self.copies is None else tuple(f"{self.name}[{i}]" for i in range(self.copies))

    @property
    def part(self) -> Memory:
        """One copy, a memory without copies."""
        return replace(self, copies=None)

    def word(self, name: str) -> Word:
        for word in self.words:
            if word.name == name:
                return word
        raise KeyError(f"memory {self.name} has no view {name!r}")

    def word_of(self, content: int) -> Word:
        """The view that applies to a word with this content."""
        if not self.view_field:
            return self.words[0]
        f = self.words[0][self.view_field]
        return self.word(self.view[content >> f.lsb & f.high])
