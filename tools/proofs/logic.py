"""Bit vectors and truth values of unknown content, for a solver: what a kernel and a netlist compute is one formula.

A formula is a plain int or bool where its content is known, so most of a kernel's work costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        return self.bits(Kind.BV_CONCAT, sum(part.width for part in parts), parts[::-1])

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
        return self.logic.bits(Kind.BV_EXTRACT, width, (self,), (lsb + width - 1, lsb))

    def resized(self, width: int, signed: bool = False) -> Bits:
        """Return the vector with fewer or more upper bits; new ones are 0, or copies of the sign."""
        if width <= self.width:
            return self.slice(0, width)
        kind = Kind.BV_SIGN_EXTEND if signed else Kind.BV_ZERO_EXTEND
        return self.logic.bits(kind, width, (self,), (width - self.width,))

    def is_true(self) -> Truth:
        """Tell whether any bit is 1."""
        return self.logic.truth(Kind.DISTINCT, (self, self.logic.number(0, self.width)))


@dataclass(frozen=True, eq=False)
class Words:
    """The contents of a memory: 2**addr_bits words of ``width`` bits."""

    logic: Logic
    term: Any
    addr_bits: int
    width: int

    def select(self, addr: Bits) -> Bits:
        """Return the word at an address of ``addr_bits`` bits."""
        return self.logic.bits(Kind.ARRAY_SELECT, self.width, (self, addr))

    def with_word(self, addr: Bits, word: Bits) -> Words:
        """Return the contents after a write."""
        return self._new(Kind.ARRAY_STORE, (self, addr, word))

    def unless(self, condition: Truth, other: Words) -> Words:
        """Return other contents if the condition is true, and these if not."""
        return self._new(Kind.ITE, (condition, other, self))

    def _new(self, kind: Kind, arguments: Sequence[Bits | Truth | Words]) -> Words:
        term = self.logic.terms.mk_term(kind, [each.term for each in arguments])
        return Words(self.logic, term, self.addr_bits, self.width)


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


@dataclass(frozen=True)
class SolverAnswer:
    """The answer of a solver to a question whether a claim can fail.

    holds : True if it cannot, False if it can, None if the time was not enough
    witness : the contents with which it fails, by the names of the unknowns
    """

    holds: bool | None
    witness: Mapping[str, int]


class Solver:
    """A solver that is asked several questions of one proof; it keeps what it has learned of their common part.

    assumptions : what always holds
    seconds : the limit of time for each question
    """

    def __init__(self, logic: Logic, assumptions: Sequence[Truth], seconds: float) -> None:
        options = bitwuzla.Options()
        options.set(bitwuzla.Option.PRODUCE_MODELS, True)
        options.set(bitwuzla.Option.TIME_LIMIT_PER, max(1, int(1000 * seconds)))
        self._solver = bitwuzla.Bitwuzla(logic.terms, options)
        for assumption in assumptions:
            self._solver.assert_formula(assumption.term)

    def ask(self, claim: Truth, unknowns: Mapping[str, Bits], last: bool = False) -> SolverAnswer:
        """Ask whether a claim holds for all contents of the unknowns under the assumptions.

        last : nothing is asked afterwards; a solver is quicker with a question that need not be taken back
        """
        if last:
            return self._answer(claim, unknowns)
        self._solver.push(1)
        answer = self._answer(claim, unknowns)
        self._solver.pop(1)
        return answer

    def find(self, condition: Truth, unknowns: Mapping[str, Bits]) -> Mapping[str, int] | None:
        """Return contents of the unknowns with which a condition is true, None if the solver finds none."""
        answer = self.ask(condition.inverted(), unknowns)
        return answer.witness if answer.holds is False else None

    def add(self, assumption: Truth) -> None:
        """Assume one more condition."""
        self._solver.assert_formula(assumption.term)

    def _answer(self, claim: Truth, unknowns: Mapping[str, Bits]) -> SolverAnswer:
        self._solver.assert_formula(claim.inverted().term)
        result = self._solver.check_sat()
        if result == bitwuzla.Result.UNSAT:
            return SolverAnswer(True, {})
        if result != bitwuzla.Result.SAT:
            return SolverAnswer(None, {})
        contents = {name: int(self._solver.get_value(bits.term).value(2), 2) for name, bits in unknowns.items()}
        return SolverAnswer(False, contents)


def ask(
    logic: Logic, claim: Truth, assumptions: Sequence[Truth], unknowns: Mapping[str, Bits], seconds: float
) -> SolverAnswer:
    """Ask one question; see ``Solver``."""
    return Solver(logic, assumptions, seconds).ask(claim, unknowns, last=True)
