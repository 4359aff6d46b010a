"""Invariants of a netlist: statements that hold at first, and after any step from a state in which all of them hold.

Candidates come from states that a simulator has seen. Those are dropped that fail at first, and those that fail after a
step although all others hold before it, until none fails. The rest holds in every state that the chip reaches.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from draupnir.emulator.declare import Chip
from draupnir.rtl.design import Design
from draupnir.tools.proofs.anyedge import AnyEdge, State
from draupnir.tools.proofs.candidates import StateSamples, conditional
from draupnir.tools.proofs.cut import StepModule
from draupnir.tools.proofs.induction import HORIZON, CandidateStatements, StateQuestion
from draupnir.tools.proofs.logic import Bits, Logic, Truth
from draupnir.tools.proofs.statements import AtMost, Bit, Constant, Same, Statement

RESET_CLOCKS = 4  # that the reset at the start lasts


@dataclass(frozen=True)
class StartReset:
    """A reset with which a netlist starts, in any state.

    It begins at a moment at which no clock ticks, and lasts RESET_CLOCKS clocks. In each half of a clock, all other
    clocks have one edge at most.
    levels : reset pin -> its level
    clocks : the pins that tick
    """

    levels: Mapping[str, int]
    clocks: Sequence[str]


def start_reset(chip: Chip, design: Design) -> StartReset:
    """Return the reset of a design that is this chip: all of its resets are active, and all of its clocks tick."""
    levels = {design.port(pin): pin.active_level for pin in chip.resets}
    return StartReset(levels, [design.port(clock.pin) for clock in chip.clocks])


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
    candidates, end = CandidateStatements(samples), time.thread_time() + seconds
    first, steps = _first(step, netlist, reset), _steps(step, netlist)
    statements: list[Statement] = []
    for more in ([], conditional(samples)):
        candidates.add(more)
        if not all(question.drop_wrong(candidates, end) for question in (first, steps)):
            return Invariants(tuple(statements), _names(netlist), reset)
        statements = candidates.statements()
    wide = [cell for cell, width in samples.widths.items() if 1 << width > HORIZON]
    limits = [AtMost(cell, HORIZON - 1) for cell in _counting(first, steps, wide)]
    return Invariants(tuple(statements), _names(netlist), reset, tuple(limits))


def counters(step: StepModule, netlist: Mapping[str, Any], reset: StartReset, cells: Sequence[str]) -> list[str]:
    """Return those flip-flops whose word is 0 after the reset, and then grows by 1 at most in a clock.

    This holds for HORIZON clocks. Parameters as for ``find``; cells : the flip-flops to look at
    """
    return _counting(_first(step, netlist, reset), _steps(step, netlist), cells)


def _counting(first: StateQuestion, steps: StateQuestion, cells: Sequence[str]) -> list[str]:
    return [cell for cell in cells if first.is_zero(cell) and steps.grows_by_1(cell)]


def _steps(step: StepModule, netlist: Mapping[str, Any]) -> StateQuestion:
    """The question which statements can fail after a step from a state in which all of them hold."""
    machine = AnyEdge(Logic(), step, netlist)
    state = machine.unknown_state()
    next_state = machine.next_state(state, machine.reader(machine.inputs(state)), machine.edges())
    return StateQuestion(machine.logic, state, next_state)


def _first(step: StepModule, netlist: Mapping[str, Any], reset: StartReset | None) -> StateQuestion:
    """The question which statements can fail in the first state."""
    machine = AnyEdge(Logic(), step, netlist)
    return StateQuestion(machine.logic, None, first_state(machine, reset))


def first_state(machine: AnyEdge, reset: StartReset | None) -> State:
    """Return the state of a netlist at its start; see ``find``."""
    state: State = machine.unknown_state()
    if reset is None:
        return _initial(machine, state)
    ticks = {machine.netlist["ports"][clock]["bits"][0] for clock in reset.clocks}
    state = machine.at_rest(state, machine.reader(machine.inputs(state, reset.levels, " 0")), " 0")
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
