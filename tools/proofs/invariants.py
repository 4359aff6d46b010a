"""Invariants of a netlist: statements that hold at first, and after any step from a state in which all of them hold.

Candidates come from states that a simulator has seen. Those are dropped that fail at first, and those that fail after a
step although all others hold before it, until none fails. The rest holds in every state that the chip reaches.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import bitwuzla
from bitwuzla import Kind

from draupnir.tools.proofs.anyedge import AnyEdge, State
from draupnir.tools.proofs.candidates import BitClasses, StateSamples, bounds, conditional
from draupnir.tools.proofs.cut import StepModule
from draupnir.tools.proofs.logic import Bits, Logic, Truth
from draupnir.tools.proofs.questions import check, new_bitwuzla
from draupnir.tools.proofs.statements import AtMost, Bit, Constant, Contents, Same, Statement

HORIZON = 1 << 24  # clocks
MOST_RAISES = 6  # of a limit, before the bound is dropped
QUESTION_SECONDS = 120  # for one question
RESET_CLOCKS = 4  # that the reset at the start lasts


@dataclass(frozen=True)
class StartReset:
    """A reset with which a netlist starts, in any state.

    It lasts RESET_CLOCKS clocks. In each half of a clock, all other clocks have one edge at most.
    levels : reset pin -> its level
    clocks : the pins that tick
    """

    levels: Mapping[str, int]
    clocks: Sequence[str]


@dataclass(frozen=True)
class Invariants:
    """Statements that hold in every state that a netlist reaches from its start on.

    names : flip-flop -> the signal at its output
    reset : with which the netlist starts, None if flip-flops have an initial content
    counters : bounds that hold in the first HORIZON clocks, of words that begin at 0 and grow by at most 1 in a clock
    """

    statements: tuple[Statement, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    reset: StartReset | None = None
    counters: tuple[AtMost, ...] = ()

    def for_long(self) -> Invariants:
        """Return the invariants with the bounds of the counters; they hold in the first HORIZON clocks."""
        return replace(self, statements=(*self.statements, *self.counters), counters=())

    def state(self, logic: Logic, widths: Mapping[str, int]) -> dict[str, Bits]:
        """Return a state with constant bits, and in which bits that are always equal have one formula.

        widths : flip-flop -> the number of its bits
        """
        unknown = {cell: logic.unknown(cell, width) for cell, width in widths.items()}
        replacements = {
            s.bit: s.formula_of_bit(logic, unknown) for s in self.statements if isinstance(s, Constant | Same)
        }
        words = {cell: [Bit(cell, lsb) for lsb in range(width)] for cell, width in widths.items()}
        return {
            cell: logic.concat([replacements.get(bit) or bit.formula(unknown) for bit in bits])
            if any(bit in replacements for bit in bits)
            else unknown[cell]
            for cell, bits in words.items()
        }

    def rest(self, logic: Logic, state: State) -> list[Truth]:
        """Return the statements that are more than those in the formulas of ``state``."""
        return [s.formula(logic, state) for s in self.statements if not isinstance(s, Constant | Same)]


def find(
    step: StepModule,
    netlist: Mapping[str, Any],
    samples: StateSamples,
    reset: StartReset | None,
    seconds: float,
) -> Invariants:
    """Return invariants of a flat netlist.

    step : the netlist, from ``cut``
    samples : states that it had after its start
    reset : None for a netlist that starts with the initial content of each flip-flop
    seconds : the limit of CPU time for all; if it is not enough, there are fewer invariants, or none
    """
    candidates, end = _Candidates(samples), time.thread_time() + seconds
    first, steps = _first(step, netlist, reset), _steps(step, netlist)
    statements: list[Statement] = []
    for more in ([], conditional(samples)):
        candidates.add(more)
        if not all(question.drop_wrong(candidates, end) for question in (first, steps)):
            return Invariants(tuple(statements), _names(netlist), reset)
        statements = candidates.statements()
    wide = (cell for cell, width in samples.widths.items() if 1 << width > HORIZON)
    counters = (AtMost(cell, HORIZON) for cell in wide if first.is_zero(cell) and steps.grows_by_1(cell))
    return Invariants(tuple(statements), _names(netlist), reset, tuple(counters))


class _Candidates:
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


class _Question:
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

    def drop_wrong(self, candidates: _Candidates, end: float) -> bool:
        """Drop statements until none can fail; return False if the time is not enough."""
        while statements := candidates.statements():
            result = self._can_fail(statements)
            if result == bitwuzla.Result.UNSAT:
                return True
            if result != bitwuzla.Result.SAT or time.thread_time() > end:
                return False
            cells = {cell for statement in statements for cell in statement.cells}
            candidates.drop({cell: int(self._solver.get_value(self._state[cell].term).value(2), 2) for cell in cells})
        self._on = []
        return True

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


def _steps(step: StepModule, netlist: Mapping[str, Any]) -> _Question:
    """The question which statements can fail after a step from a state in which all of them hold."""
    machine = AnyEdge(Logic(), step, netlist)
    state = machine.unknown_state()
    next_state = machine.next_state(state, machine.reader(machine.inputs(state)), machine.edges())
    return _Question(machine.logic, state, next_state)


def _first(step: StepModule, netlist: Mapping[str, Any], reset: StartReset | None) -> _Question:
    """The question which statements can fail in the first state."""
    machine = AnyEdge(Logic(), step, netlist)
    return _Question(machine.logic, None, first_state(machine, reset))


def first_state(machine: AnyEdge, reset: StartReset | None) -> State:
    """Return the state of a netlist at its start; see ``find``."""
    state: State = machine.unknown_state()
    if reset is None:
        return _initial(machine, state)
    ticks = {machine.netlist["ports"][clock]["bits"][0] for clock in reset.clocks}
    for i in range(RESET_CLOCKS):
        for is_rise in (True, False):
            if not is_rise and not any((tick, is_rise) in machine.clocks.values() for tick in ticks):
                continue
            suffix = f" {i} {is_rise}"
            reader = machine.reader(machine.inputs(state, reset.levels, suffix))
            edges = machine.edges(suffix)
            for tick in ticks:
                edges |= {(tick, level): machine.logic.constant(level == is_rise) for level in (True, False)}
            state = machine.next_state(state, reader, edges, suffix)
    return state


def _initial(machine: AnyEdge, state: State) -> State:
    """Return a state in which all bits that have an initial content have it."""
    initial = {
        bit: value
        for net in machine.netlist["netnames"].values()
        for bit, value in zip(net["bits"], reversed(net["attributes"].get("init", "")), strict=False)
        if value in "01"
    }

    def bit(cell: str, lsb: int, driven: Any) -> Bits:
        value = initial.get(driven)
        return state[cell].slice(lsb, 1) if value is None else machine.logic.number(int(value), 1)

    return {
        cell: machine.logic.concat([bit(cell, i, driven) for i, driven in enumerate(flip_flop["connections"]["Q"])])
        for cell, flip_flop in machine.flip_flops.items()
    }


def _names(netlist: Mapping[str, Any]) -> dict[str, str]:
    """Return flip-flop -> the shortest name of a signal at its output."""
    signals: dict[Any, str] = {}
    for name, net in netlist["netnames"].items():
        first = net["bits"][0]
        if (
            not name.startswith("$")
            and not name.endswith(("draupnir_state", "draupnir_states"))
            and (first not in signals or len(name) < len(signals[first]))
        ):
            signals[first] = name
    cells = netlist["cells"].items()
    return {
        cell: signals[each["connections"]["Q"][0]]
        for cell, each in cells
        if each["connections"].get("Q", [""])[0] in signals
    }
