"""Bit vectors and truth values of unknown content, for a solver: what a kernel and a netlist compute is one formula.

A formula is a plain int or bool where its content is known, so most of a kernel's work costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import bitwuzla
from bitwuzla import Kind

BITWUZLA = "bitwuzla"
KERNEL_BITS = 64  # of an integer in a kernel


class Logic:
    """The maker of all formulas of one proof; solver : the name of its solver, see ``solvers.NAMES``"""

    def __init__(self, solver: str = BITWUZLA) -> None:
        self.terms, self.solver = bitwuzla.TermManager(), solver
        self._names: Counter[str] = Counter()
        self.products: Any = None  # the products.Products of this proof, from the first one on
        self.slices: dict[tuple[int, int, int], Bits] = {}  # number of a formula, lsb, width -> these bits of it
        self._parts: dict[int, Sequence[Bits]] = {}  # formula of vectors side by side -> these

    def unknown(self, name: str, width: int) -> Bits:
        """Return a bit vector of unknown content. Two of one name are different vectors."""
        return Bits(self, self.terms.mk_const(self.terms.mk_bv_sort(width), self._new_name(name)), width)

    def unknown_truth(self, name: str) -> Truth:
        """Return an unknown truth value. Two of one name are different ones."""
        return Truth(self, self.terms.mk_const(self.terms.mk_bool_sort(), name))

    def unknown_words(self, name: str, addr_bits: int, width: int) -> Words:
        """Return a memory of unknown contents."""
        sorts = [self.terms.mk_bv_sort(addr_bits), self.terms.mk_bv_sort(width)]
        return Words(
            self, self.terms.mk_const(self.terms.mk_array_sort(*sorts), self._new_name(name)), addr_bits, width
        )

    def _new_name(self, name: str) -> str:
        """A name that no other unknown has, without | and backslashes, so that formulas mean the same as text."""
        name = name.replace("|", "/").replace("\\", "/")
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name} ({self._names[name]})"

    def number(self, content: int, width: int) -> Bits:
        """Return a bit vector of known content, modulo 2**width."""
        sort = self.terms.mk_bv_sort(width)
        return Bits(self, self.terms.mk_bv_value(sort, content % (1 << width)), width)

    def bits(
        self, kind: Kind, width: int, arguments: Sequence[Bits | Truth | Words], indices: Sequence[int] = ()
    ) -> Bits:
        """Return the result of an operator that gives a bit vector."""
        return Bits(self, self.terms.mk_term(kind, [each.term for each in arguments], list(indices)), width)

    def truth(self, kind: Kind, arguments: Sequence[Bits | Truth]) -> Truth:
        """Return the result of an operator that gives a truth value."""
        return Truth(self, self.terms.mk_term(kind, [each.term for each in arguments]))

    def every(self, conditions: Sequence[Truth]) -> Truth:
        """Tell whether all conditions are true."""
        if not conditions:
            return self.constant(True)
        return conditions[0] if len(conditions) == 1 else self.truth(Kind.AND, conditions)

    def concat(self, parts: Sequence[Bits]) -> Bits:
        """Return vectors side by side, the least significant first."""
        if len(parts) == 1:
            return parts[0]
        whole = self.bits(Kind.BV_CONCAT, sum(part.width for part in parts), parts[::-1])
        self._parts[whole.term.id()] = parts
        return whole

    def part(self, bits: Bits, lsb: int, width: int) -> Bits | None:
        """Return the one of several vectors side by side that these bits lie in, as far as they do; None for others."""
        for part in self._parts.get(bits.term.id(), ()):
            if lsb < part.width:
                return part.slice(lsb, width) if lsb + width <= part.width else None
            lsb -= part.width
        return None

    def parity(self, bits: Sequence[Bits]) -> Bits:
        """Return the exclusive or of single bits: one formula, in whichever order they are."""
        ordered = sorted(bits, key=lambda bit: bit.term.id())
        if not ordered:
            return self.number(0, 1)
        return reduce(lambda one, other: one.apply(Kind.BV_XOR, other), ordered)

    def of_term(self, term: Any, width: int) -> Bits:
        """Return the vector that is a solver's formula."""
        return Bits(self, term, width)

    def truth_of_term(self, term: Any) -> Truth:
        """Return the truth value that is a solver's formula."""
        return Truth(self, term)

    def constant(self, condition: bool) -> Truth:
        """Return a truth value of known content."""
        return Truth(self, self.terms.mk_true() if condition else self.terms.mk_false())


@dataclass(frozen=True, eq=False)
class Bits:
    """A bit vector. Two operands have one width; arithmetic wraps."""

    logic: Logic
    term: Any
    width: int

    def apply(self, kind: Kind, other: Bits) -> Bits:
        """Return the result of an operator on two vectors of this width."""
        return self.logic.bits(kind, self.width, (self, other))

    def compare(self, kind: Kind, other: Bits) -> Truth:
        """Return the result of a comparison of two vectors of this width."""
        return self.logic.truth(kind, (self, other))

    def equals(self, other: Bits) -> Truth:
        """Tell whether two vectors of this width are equal."""
        return self.compare(Kind.EQUAL, other)

    def slice(self, lsb: int, width: int) -> Bits:
        """Return ``width`` bits from ``lsb`` on."""
        if width == self.width:
            return self
        part = self.logic.part(self, lsb, width)
        return part if part is not None else self.logic.bits(Kind.BV_EXTRACT, width, (self,), (lsb + width - 1, lsb))

    def resized(self, width: int, signed: bool = False) -> Bits:
        """Return the vector with fewer or more upper bits; new ones are 0, or copies of the sign."""
        if width <= self.width:
            return self.slice(0, width)
        kind = Kind.BV_SIGN_EXTEND if signed else Kind.BV_ZERO_EXTEND
        return self.logic.bits(kind, width, (self,), (width - self.width,))

    def sliced(self, lsb: int, width: int) -> Bits:
        """Return ``width`` bits from ``lsb`` on, of a choice a choice of these bits: a formula without the others."""
        key = self.term.id(), lsb, width
        if key not in self.logic.slices:
            self.logic.slices[key] = self._sliced(lsb, width)
        return self.logic.slices[key]

    def _sliced(self, lsb: int, width: int) -> Bits:
        kind, children = self.term.kind(), self.term.children()
        if kind == Kind.ITE:
            both = (self.logic.of_term(each, self.width).sliced(lsb, width) for each in children[1:])
            return self.logic.truth_of_term(children[0]).choose(*both)
        if kind in (Kind.BV_AND, Kind.BV_OR, Kind.BV_NOT):
            parts = [self.logic.of_term(each, self.width).sliced(lsb, width) for each in children]
            return self.logic.bits(kind, width, parts)
        return self.slice(lsb, width)

    def is_true(self) -> Truth:
        """Tell whether any bit is 1."""
        return self.logic.truth(Kind.DISTINCT, (self, self.logic.number(0, self.width)))


@dataclass(frozen=True, eq=False)
class Words:
    """The contents of a memory: 2**addr_bits words of ``width`` bits.

    term : the contents at first; write : the last write, None if there was none
    """

    logic: Logic
    term: Any
    addr_bits: int
    width: int
    write: WordWrite | None = None

    def select(self, addr: Bits) -> Bits:
        """Return the word at an address of ``addr_bits`` bits."""
        write = self.write
        if write is None:
            return self.logic.bits(Kind.ARRAY_SELECT, self.width, (self, addr))
        is_it = write.condition
        if write.addr.term != addr.term:
            is_it = self.logic.every((is_it, write.addr.equals(addr)))
        return is_it.choose(write.word, write.words_before.select(addr))

    def with_write(self, condition: Truth, addr: Bits, word: Bits) -> Words:
        """Return the contents after a write, which happens if the condition is true."""
        write = WordWrite(condition, addr, word, self)
        return Words(self.logic, self.term, self.addr_bits, self.width, write)


@dataclass(frozen=True, eq=False)
class WordWrite:
    """A write to a memory: whether it happens, where, what, and the contents before."""

    condition: Truth
    addr: Bits
    word: Bits
    words_before: Words


@dataclass(frozen=True, eq=False)
class Truth:
    """A truth value."""

    logic: Logic
    term: Any

    def as_bits(self, width: int) -> Bits:
        """Return 1 or 0."""
        return self.choose(self.logic.number(1, width), self.logic.number(0, width))

    def choose(self, if_true: Bits, if_false: Bits) -> Bits:
        """Return one of two vectors of one width."""
        return self.logic.bits(Kind.ITE, if_true.width, (self, if_true, if_false))

    def inverted(self) -> Truth:
        """Return the opposite."""
        return self.logic.truth(Kind.NOT, (self,))
