"""Proofs that a mutant changes nothing: no output and no next state, for any state and any inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bitwuzla import Kind

from draupnir.tools.mutants.netlist import PORT
from draupnir.tools.proofs.cut import StepModule, cut
from draupnir.tools.proofs.logic import Bits, Logic
from draupnir.tools.proofs.netlist import NetlistReader
from draupnir.tools.proofs.questions import SolverAnswer, ask


class MutantProver:
    """A module of a netlist with mutants, whose formulas all its mutants share. seconds : the solver's limit

    Raises InputError if the module has a loop without a flip-flop.
    """

    def __init__(self, module: Mapping[str, Any], seconds: float) -> None:
        self._step: StepModule = cut(module, PORT)
        self._seconds = seconds
        self._logic = Logic()
        ports = self._step.module["ports"]
        inputs = {
            name: self._logic.unknown(name, len(port["bits"]))
            for name, port in ports.items()
            if port["direction"] == "input"
        }
        self._reader = NetlistReader(self._logic, self._step.module, inputs)
        self._outputs = {name: self._reader.port(name) for name, port in ports.items() if port["direction"] != "input"}

    def changes_nothing(self, number: int) -> bool | None:
        """Tell whether a mutant changes no output of the step, for any state and inputs; None if time is not enough."""
        reader = self._reader.with_cells(self._step.switches[number])
        reached = self._reader.reached_from(self._step.switches[number])
        equal = []
        for name, formula in self._outputs.items():
            if self._reader.cells_before(name) & reached:
                mutated = reader.port(name)
                if not _same(formula, mutated):
                    equal.append(formula.equals(mutated))
        if not equal:
            return True
        claim = equal[0] if len(equal) == 1 else self._logic.truth(Kind.AND, equal)
        answer: SolverAnswer = ask(self._logic, claim, [], {}, self._seconds)
        return answer.holds


def _same(one: Bits, other: Bits) -> bool:
    return bool(one.term == other.term)
