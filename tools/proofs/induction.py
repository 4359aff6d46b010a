"""The question of an induction: which statements can fail in a state, although all of them hold in the one before?"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

import bitwuzla
from bitwuzla import Kind

from draupnir.tools.proofs.anyedge import State
from draupnir.tools.proofs.candidates import BitClasses, StateSamples, bounds
from draupnir.tools.proofs.logic import Logic, Truth
from draupnir.tools.proofs.questions import check, new_bitwuzla
from draupnir.tools.proofs.statements import AtMost, Contents, Statement

HORIZON = 1 << 24  # clocks
MOST_RAISES = 6  # of a limit, before the bound is dropped
QUESTION_SECONDS = 120  # for one question
MOST_ONE_BY_ONE = 500  # statements of which the solver's own states drop those that fail
LEAST_SHARE = 0.01  # of the statements that a scattered state drops, for another one to be worth it


class CandidateStatements:
    """Statements that may be invariants, without those that a state contradicts."""

    def __init__(self, samples: StateSamples) -> None:
        self._classes = BitClasses(samples)
        self._others = bounds(samples)
        self._n_raises: dict[str, int] = {}

    def statements(self) -> list[Statement]:
        return [*self._classes.statements(), *self._others]

    def add(self, statements: Sequence[Statement]) -> None:
        """Add candidates to those that have not been dropped."""
        self._others += statements

    def drop(self, contents: Contents) -> None:
        """Drop or weaken all statements that do not hold in a state."""
        self._classes.split(contents)
        rest = (s if s.holds(contents) else self._weaker(s, contents) for s in self._others)
        self._others = [statement for statement in rest if statement is not None]

    def _weaker(self, statement: Statement, contents: Contents) -> Statement | None:
        if not isinstance(statement, AtMost) or statement.fact is not None:
            return None
        cell, limit = statement.cell, contents[statement.cell]
        self._n_raises[cell] = self._n_raises.get(cell, 0) + 1
        is_void = limit + 1 == 1 << limit.bit_length()
        return None if self._n_raises[cell] > MOST_RAISES or is_void else replace(statement, limit=limit)


class StateQuestion:
    """The question which statements can fail in a state.

    old_state : one in which all statements hold; None if nothing is known of it
    state : the one after it
    """

    def __init__(self, logic: Logic, old_state: State | None, state: State) -> None:
        self._logic, self._old_state, self._state = logic, old_state, state
        self._solver = new_bitwuzla(logic, QUESTION_SECONDS)
        self._switches: dict[Statement, Truth] = {}  # a statement holds before if its switch is on
        self._later: dict[Statement, Truth] = {}
        self._on: list[Truth] = []  # the switches of the last question
        self._bound: set[str] = set()  # words that cannot have any content
        self._random = random.Random(0)

    def drop_wrong(self, candidates: CandidateStatements, end: float) -> bool:
        """Drop statements until none can fail; return False if the time is not enough."""
        while statements := candidates.statements():
            result = self._can_fail(statements)
            if result == bitwuzla.Result.UNSAT:
                return True
            if result != bitwuzla.Result.SAT or time.thread_time() > end:
                return False
            candidates.drop(self._contents(statements))
            self._scatter(candidates)
        self._on = []
        return True

    def _contents(self, statements: Iterable[Statement]) -> Contents:
        """Return the words of the state that the solver has."""
        cells = {cell for statement in statements for cell in statement.cells}
        return {cell: int(self._solver.get_value(self._state[cell].term).value(2), 2) for cell in cells}

    def _scatter(self, candidates: CandidateStatements) -> None:
        """Drop statements that fail in states whose words are scattered: many at a time, where the solver shows one.

        Each word has one of the contents that statements are about, as long as the solver finds such a state.
        """
        while len(statements := candidates.statements()) > MOST_ONE_BY_ONE:
            contents: dict[str, set[int]] = {}
            for fact in (fact for statement in statements for fact in statement.facts):
                contents.setdefault(fact.cell, set()).add(fact.value)
            wishes = {
                cell: self._random.choice(sorted(some)) for cell, some in contents.items() if cell not in self._bound
            }
            if not self._finds(wishes):
                return
            candidates.drop(self._contents(statements))
            n_dropped = len(statements) - len(candidates.statements())
            if n_dropped < LEAST_SHARE * len(statements):
                return

    def _finds(self, wishes: dict[str, int]) -> bool:
        """Return True if the solver has a state with these contents, without words that are found to be bound."""
        terms = {
            self._state[cell].equals(self._logic.number(content, self._state[cell].width)).term: cell
            for cell, content in wishes.items()
        }
        while terms:
            result = check(self._solver, QUESTION_SECONDS, *(each.term for each in self._on), *terms)
            if result != bitwuzla.Result.UNSAT:
                return bool(result == bitwuzla.Result.SAT)
            core = [term for term in self._solver.get_unsat_assumptions() if term in terms]
            if not core:
                return False
            self._bound.update(terms.pop(term) for term in core)
        return False

    def is_zero(self, cell: str) -> bool:
        """Return True if a word is 0 afterwards."""
        return self._is_always(self._state[cell].is_true().inverted())

    def grows_by_1(self, cell: str) -> bool:
        """Return True if a word up to HORIZON grows by 1 at most, where all statements hold before."""
        assert self._old_state is not None
        word, later = self._old_state[cell], self._state[cell]
        limit, one = (self._logic.number(number, word.width) for number in (HORIZON, 1))
        is_above = limit.compare(Kind.BV_ULT, word)
        grows = later.compare(Kind.BV_ULE, word.apply(Kind.BV_ADD, one))
        return self._is_always(self._logic.truth(Kind.OR, (is_above, grows)))

    def _is_always(self, truth: Truth) -> bool:
        self._solver.push(1)
        self._assert(truth.inverted())
        switches = [switch.term for switch in self._on]
        result = check(self._solver, QUESTION_SECONDS, *switches)
        self._solver.pop(1)
        return bool(result == bitwuzla.Result.UNSAT)

    def _can_fail(self, statements: Sequence[Statement]) -> bitwuzla.Result:
        """Ask whether a statement can fail; if so, the solver has the state."""
        for statement in statements:
            if statement not in self._later:
                self._add(statement)
        fails = self._logic.every([self._later[statement] for statement in statements]).inverted()
        switch = self._logic.unknown_truth("switch")
        self._assert(self._logic.truth(Kind.IMPLIES, (switch, fails)))
        self._on = [self._switches[statement] for statement in statements if self._old_state is not None]
        return check(self._solver, QUESTION_SECONDS, *(each.term for each in self._on), switch.term)

    def _add(self, statement: Statement) -> None:
        self._later[statement] = statement.formula(self._logic, self._state)
        if self._old_state is not None:
            switch = self._logic.unknown_truth("switch")
            self._switches[statement] = switch
            self._assert(self._logic.truth(Kind.IMPLIES, (switch, statement.formula(self._logic, self._old_state))))

    def _assert(self, truth: Truth) -> None:
        self._solver.assert_formula(truth.term)
