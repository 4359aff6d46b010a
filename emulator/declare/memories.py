"""Memories: their words, the views of a word, and the matrix that a memory may hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from draupnir.emulator.declare.errors import DeclarationError, check_copies
from draupnir.emulator.declare.words import Word


@dataclass(frozen=True)
class Matrix:
    """The matrix that the words of a memory make up, row after row; a word's lowest bits hold its first entry.

    rows, columns : what a row or a column stands for, and how many there are
    entry : the fields of one entry, which has 1, 2, 4, 8, 16 or 32 bits; no bit of a word is left over

    Raises DeclarationError if the entry has another width.
    """

    rows: tuple[str, int]
    columns: tuple[str, int]
    entry: Word

    def __post_init__(self) -> None:
        if 32 % self.entry.width:
            raise DeclarationError(f"{self.entry.name}: {self.entry.width} bits do not divide 32")

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns."""
        return self.rows[1], self.columns[1]


@dataclass(frozen=True)
class Memory:
    """An addressable memory.

    depth : the number of words, at addresses 0..depth - 1
    width : the bits of a word
    words : the views of a word, each with fields of its own; the first is the default view
    view_field, view : a field of the default view that decides which view applies, and its values -> names of views; ""
        if the default view always applies
    matrix : the matrix that the words make up, if users think of the memory as one
    unused : field of the default view -> value, for a word that nobody configures; needed only where a word of zeros
        would act
    copies : how many copies of the memory there are, one in each core of an array; None for a memory that is not in an
        array, whose name has no index

    Raises DeclarationError if a view has another width, for a field in ``unused`` that does not exist, if the matrix
    does not fill the memory, and for less than one copy.
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
                raise DeclarationError(f"memory {self.name}: unused.{name} is not a field of {self.words[0].name}")
        if self.matrix and math.prod(self.matrix.shape) * self.matrix.entry.width != self.depth * self.width:
            rows, columns = self.matrix.shape
            raise DeclarationError(
                f"memory {self.name}: {rows} x {columns} entries of {self.matrix.entry.width} bits are not"
                f" {self.depth} words of {self.width}"
            )

    @property
    def n_limbs(self) -> int:
        """The number of 32-bit limbs of a word; limb 0 is the least significant one."""
        return math.ceil(self.width / 32)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the content as an array of 32-bit limbs: (depth, limbs), or (copies, depth, limbs)."""
        copies = () if self.copies is None else (self.copies,)
        return (*copies, self.depth, self.n_limbs)

    @property
    def parts(self) -> tuple[str, ...]:
        """The name of each copy, "csram[0]" and so on; for a memory without copies, its name alone."""
        return (self.name,) if self.copies is None else tuple(f"{self.name}[{i}]" for i in range(self.copies))

    @property
    def part(self) -> Memory:
        """One copy, as a memory without copies."""
        return replace(self, copies=None)

    def word(self, name: str) -> Word:
        """The view of this name. Raises KeyError if there is none."""
        for word in self.words:
            if word.name == name:
                return word
        raise KeyError(f"memory {self.name} has no view {name!r}")

    def word_of(self, content: int) -> Word:
        """The view that applies to a word with this content, 0..2**width - 1."""
        if not self.view_field:
            return self.words[0]
        f = self.words[0][self.view_field]
        return self.word(self.view[content >> f.lsb & f.high])
