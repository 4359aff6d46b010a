"""Questions to the solver Bitwuzla: can a claim fail, and with which contents?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bitwuzla
from bitwuzla import Kind

from draupnir.tools.proofs.logic import Bits, Logic, Truth
from draupnir.tools.proofs.products import products_of

_REST = 0.1  # of the limit is not worth another call


def new_bitwuzla(logic: Logic, seconds: float) -> bitwuzla.Bitwuzla:
    """Return the solver itself; seconds : its limit for each call of ``check``"""
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_MODELS, True)
    options.set(bitwuzla.Option.PRODUCE_UNSAT_ASSUMPTIONS, True)
    options.set(bitwuzla.Option.TIME_LIMIT_PER, max(1, int(1000 * seconds)))
    return bitwuzla.Bitwuzla(logic.terms, options)


def check(solver: bitwuzla.Bitwuzla, seconds: float, *assumptions: Any) -> bitwuzla.Result:
    """Ask the solver whether its formulas and the assumptions can hold.

    seconds : the limit of CPU time, also of ``solver``, whose own clock runs on while other programs have the processor
    """
    end = time.thread_time() + seconds
    while True:
        result = solver.check_sat(*assumptions)
        if result in (bitwuzla.Result.SAT, bitwuzla.Result.UNSAT) or time.thread_time() > end - _REST * seconds:
            return result


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
    seconds : the limit of CPU time for each question
    """

    def __init__(self, logic: Logic, assumptions: Sequence[Truth], seconds: float) -> None:
        self._products, self._solver, self._seconds = products_of(logic), new_bitwuzla(logic, seconds), seconds
        self._assumptions = [assumption.term for assumption in assumptions]
        self._facts: list[Any] = []  # of products
        self._in_question: set[int] = set()  # numbers of the formulas in question so far
        for assumption in self._assumptions:
            self._solver.assert_formula(assumption)
        self._add_laws(self._assumptions)

    def ask(self, claim: Truth, unknowns: Mapping[str, Bits], last: bool = False, exact: bool = True) -> SolverAnswer:
        """Ask whether a claim holds for all contents of the unknowns under the assumptions.

        last : nothing is asked afterwards; a solver is quicker with a question that need not be taken back
        exact : False if a witness may have wrong products
        """
        self._add_laws([claim.term])
        while True:
            if not last:
                self._solver.push(1)
            self._solver.assert_formula(claim.inverted().term)
            result = check(self._solver, self._seconds)
            sat = result == bitwuzla.Result.SAT
            wrong = [*self._wrong_products([claim, *unknowns.values()])] if sat and exact else []
            contents = self._contents(unknowns) if sat and not wrong else {}
            if not last:
                self._solver.pop(1)
            if not wrong:
                return SolverAnswer(None if not sat and result != bitwuzla.Result.UNSAT else not sat, contents)
            self._facts += wrong
            for fact in wrong:
                self._solver.assert_formula(fact)

    def find(self, condition: Truth, unknowns: Mapping[str, Bits]) -> Mapping[str, int] | None:
        """Return contents of the unknowns with which a condition is true, None if the solver finds none."""
        answer = self.ask(condition.inverted(), unknowns)
        return answer.witness if answer.holds is False else None

    def add(self, assumption: Truth) -> None:
        """Assume one more condition."""
        self._assumptions.append(assumption.term)
        self._add_laws([assumption.term])
        self._solver.assert_formula(assumption.term)

    def _add_laws(self, terms: Sequence[Any]) -> None:
        """Add the laws of all products in some formulas."""
        todo = [*terms]
        while todo:
            numbers = _formulas_of(todo, self._in_question) & self._products.laws.keys()
            todo = [law for number in sorted(numbers) for law in self._products.laws[number]]
            for law in todo:
                self._solver.assert_formula(law)

    def _contents(self, unknowns: Mapping[str, Bits]) -> dict[str, int]:
        return {name: self._content(bits) for name, bits in unknowns.items()}

    def _content(self, bits: Bits) -> int:
        return int(self._solver.get_value(bits.term).value(2), 2)

    def _wrong_products(self, formulas: Sequence[Truth | Bits]) -> Iterator[Any]:
        """Yield what multiplication says of each product in formulas that is not the one of its operands."""
        products = self._products.operands
        terms = [each.term for each in formulas]
        for number in _formulas_of([*terms, *self._assumptions, *self._facts]) & products.keys():
            result, one, other = products[number]
            if (self._content(one) * self._content(other) - self._content(result)) % (1 << result.width):
                yield result.equals(one.apply(Kind.BV_MUL, other)).term


def _formulas_of(terms: Sequence[Any], skip: set[int] | None = None) -> set[int]:
    """The numbers of all formulas that some consist of, apart from those in ``skip``, which gets them."""
    skip = set() if skip is None else skip
    numbers: set[int] = set()
    todo = [*terms]
    while todo:
        term = todo.pop()
        if term.id() not in skip:
            skip.add(term.id())
            numbers.add(term.id())
            todo += term.children()
    return numbers


def ask(
    logic: Logic, claim: Truth, assumptions: Sequence[Truth], unknowns: Mapping[str, Bits], seconds: float
) -> SolverAnswer:
    """Ask one question; see ``Solver``."""
    return Solver(logic, assumptions, seconds).ask(claim, unknowns, last=True)
