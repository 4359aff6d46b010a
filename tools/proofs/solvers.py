"""The solvers that a proof can have: Bitwuzla, and z3 as a second opinion.

z3 gets the formulas as SMT-LIB text, so what the two have in common ends there. Any other solver reads that text, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bitwuzla
from bitwuzla import Kind

from draupnir.tools.proofs.logic import BITWUZLA, Bits, Logic, Truth
from draupnir.tools.proofs.questions import Solver, SolverAnswer

Z3 = "z3"
NAMES = (BITWUZLA, Z3)
_RESULT = "content"  # the names of the vectors that a witness tells, with their numbers


class Z3Solver(Solver):
    """z3, which is asked each question anew; parameters are as for ``Solver``."""

    def __init__(self, logic: Logic, assumptions: Sequence[Truth], seconds: float) -> None:
        self._logic, self._assumptions, self._seconds = logic, [*assumptions], seconds

    def ask(self, claim: Truth, unknowns: Mapping[str, Bits], last: bool = False, exact: bool = True) -> SolverAnswer:
        """See ``Solver.ask``."""
        import z3

        solver = z3.Solver()
        solver.set("timeout", max(1, int(1000 * self._seconds)))
        solver.from_string(smt2(self._logic, [*self._assumptions, claim.inverted()], unknowns.values()))
        result = solver.check()
        if result == z3.unsat:
            return SolverAnswer(True, {})
        if result != z3.sat:
            return SolverAnswer(None, {})
        model = solver.model()
        contents = {declaration.name(): model[declaration] for declaration in model.decls()}
        numbers = [contents.get(f"{_RESULT}{i}") for i in range(len(unknowns))]
        return SolverAnswer(False, {name: _number(n) for name, n in zip(unknowns, numbers, strict=True)})

    def add(self, assumption: Truth) -> None:
        """See ``Solver.add``."""
        self._assumptions.append(assumption)


def _number(content: Any) -> int:
    return 0 if content is None else int(content.as_long())


def make(logic: Logic, assumptions: Sequence[Truth], seconds: float) -> Solver:
    """Return the solver of a proof; parameters are as for ``Solver``."""
    return (Z3Solver if logic.solver == Z3 else Solver)(logic, assumptions, seconds)


def smt2(logic: Logic, formulas: Sequence[Truth], unknowns: Any = ()) -> str:
    """Return formulas as SMT-LIB text without commands that ask for an answer.

    unknowns : vectors that get a name, content0, content1 and so on
    """
    printer = bitwuzla.Bitwuzla(logic.terms, bitwuzla.Options())
    for formula in formulas:
        printer.assert_formula(formula.term)
    for i, bits in enumerate(unknowns):
        name = logic.terms.mk_const(bits.term.sort(), f"{_RESULT}{i}")
        printer.assert_formula(logic.terms.mk_term(Kind.EQUAL, [name, bits.term]))
    text = printer.print_formula("smt2", 16)
    return "".join(line for line in text.splitlines(True) if not line.startswith(("(check-sat)", "(exit)")))


def version(name: str) -> str:
    """Return the name and version of a solver."""
    if name == Z3:
        import z3

        return f"z3 {z3.get_version_string()}"
    return f"Bitwuzla {bitwuzla.version()}"
