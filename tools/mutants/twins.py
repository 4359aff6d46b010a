"""Proofs that a mutant has the same outputs for ever, although its state is another one.

The design and the mutant run side by side, with the same inputs. Their flip-flops are equal at first. Some of the
mutant's bits may differ later, all the time or in some states only. If from such states every step leads to equal
outputs, and to such states again, then no test tells the two apart (induction).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from bitwuzla import Kind

from draupnir.tools.mutants.mutant import Mutant
from draupnir.tools.mutants.netlist import PORT
from draupnir.tools.proofs.anyedge import AnyEdge, State
from draupnir.tools.proofs.candidates import FACT_BITS
from draupnir.tools.proofs.cut import cut, is_clocked, is_memory_read
from draupnir.tools.proofs.invariants import Invariants, first_state
from draupnir.tools.proofs.logic import Bits, Logic, Truth
from draupnir.tools.proofs.netlist import NetlistReader
from draupnir.tools.proofs.questions import Solver
from draupnir.tools.proofs.statements import Bit, Contents, Fact

SWITCH_BITS = 6  # the widest word whose bits are switches
MOST_CHAINED = 4  # memories of which one has the next one's address


@dataclass(frozen=True)
class _Pair:
    """A signal of the design, and of the mutant."""

    own: Bits
    twin: Bits

    @property
    def is_same(self) -> bool:
        return bool(self.own.term == self.twin.term)


@dataclass(frozen=True)
class Twist:
    """A bit that is inverted while a switch has a level, and another bit, too, if there is one."""

    bit: Bit
    switch: Bit
    level: int
    other: Bit | None = None
    other_level: int = 1

    def formula(self, logic: Logic, state: State) -> Bits:
        """Return whether the bit is inverted."""
        inverted = self.switch.formula(state).equals(logic.number(self.level, 1)).as_bits(1)
        if self.other is None:
            return inverted
        other = self.other.formula(state).equals(logic.number(self.other_level, 1)).as_bits(1)
        return inverted.apply(Kind.BV_AND, other)


@dataclass(frozen=True)
class Relation:
    """The states of a mutant beside those of the design.

    facts : bit that may differ -> it is equal as long as one of these holds
    twist : a bit that is inverted in some states
    """

    facts: dict[Bit, list[Fact]]
    twist: Twist | None = None

    def untwisted(self, logic: Logic, cell: str, own: State, word: Bits) -> Bits:
        """Return a mutant's word with the twisted bit inverted back, or the other way round."""
        if self.twist is None or self.twist.bit.cell != cell:
            return word
        inverted = self.twist.formula(logic, own).resized(word.width)
        return word.apply(Kind.BV_XOR, inverted.apply(Kind.BV_SHL, logic.number(self.twist.bit.lsb, word.width)))

    def allowed(self, own: Contents, twin: Contents) -> Contents:
        """Return a mutant's state without the differences that the relation allows."""
        allowed = dict(twin)
        for bit, facts in self.facts.items():
            if (
                bit.cell in allowed
                and not any(fact.holds_in(own) for fact in facts)
                and bit.level_in(own) != bit.level_in(twin)
            ):
                allowed[bit.cell] ^= 1 << bit.lsb
        return allowed


class TwinProver:
    """A netlist with mutants, beside each of them.

    seconds : the limit of CPU time for a mutant
    invariants : of the netlist without mutants

    Raises InputError if the netlist has a loop without a flip-flop.
    """

    def __init__(self, netlist: Mapping[str, Any], seconds: float, invariants: Invariants) -> None:
        self._seconds, self._logic = seconds, Logic()
        self._machine = AnyEdge(self._logic, cut(netlist, PORT), netlist)
        widths = self._machine.widths()
        self._state = invariants.state(self._logic, widths)
        self._assumptions = invariants.rest(self._logic, self._state)
        self._reader = self._machine.reader(self._machine.inputs(self._state))
        self._edges = self._machine.edges()
        self._reset = invariants.reset
        self._first = first_state(self._machine, self._reset)
        self._next_state = self._machine.next_state(self._state, self._reader, self._edges)
        cells = [cell for cell, width in widths.items() if width <= FACT_BITS and "[" not in cell]
        self._facts = [Fact(cell, value) for cell in cells for value in range(1 << widths[cell])]
        self._outputs = [name for name in self._reader.module["ports"] if self._is_output(name)]
        self._own_outputs = {name: self._reader.port(name) for name in self._outputs}

    def _is_output(self, name: str) -> bool:
        """Return True for a pin, for what decides the content of a memory or latch, and for a flip-flop's clock."""
        if self._reader.module["ports"][name]["direction"] == "input":
            return False
        cell, _, port = name.rpartition(" ")
        return (cell not in self._machine.flip_flops or port == "CLK") and not self._is_read(name)

    def _is_read(self, name: str) -> bool:
        """Return True for the address at which a memory is read at any moment, without a clock."""
        cell, _, port = name.rpartition(" ")
        content = self._machine.netlist["cells"].get(cell)
        return port == "ADDR" and content is not None and is_memory_read(content) and not is_clocked(content)

    def follows(self, mutant: Mutant, number: int) -> bool | None:
        """Tell whether a mutant has the same outputs for ever; None if the time is not enough.

        number : of the mutant in the netlist

        Either one bit is inverted in some states, and all others are equal. Or a bit that differed somewhere is equal
        as long as one of its facts holds, and all other bits always are.
        """
        end = time.thread_time() + self._seconds
        for twist in self._twists(mutant):
            relation = Relation({}, twist)
            if self._difference(number, relation) is True and self._starts(number, relation):
                return True
            if time.thread_time() > end:
                return None
        return self._follows(number, end)

    def _follows(self, number: int, end: float) -> bool | None:
        relation = Relation({})
        while time.thread_time() < end:
            difference = self._difference(number, relation)
            if difference is True:
                return self._starts(number, relation)
            if not isinstance(difference, tuple):
                return difference
            own, twin = difference
            for cell, content in own.items():
                for lsb in range((content ^ twin.get(cell, content)).bit_length()):
                    bit = Bit(cell, lsb)
                    if bit.level_in(own) != bit.level_in(twin):
                        facts = relation.facts.get(bit, self._facts)
                        relation.facts[bit] = [fact for fact in facts if not fact.holds_in(own)]
        return None

    def _difference(self, number: int, relation: Relation) -> bool | tuple[Contents, Contents] | None:
        """Return two states after a step that differ more than a relation allows; True if there are none.

        False if outputs can differ, None if the time is not enough.
        """
        twin_state = {**self._state, **self._apart(relation)}
        reader = self._twin_reader(number, twin_state)
        outputs = [_Pair(self._own_outputs[name], reader.port(name)) for name in self._outputs]
        solver = Solver(self._logic, self._assumptions, self._seconds)
        equal = self._logic.every([pair.own.equals(pair.twin) for pair in outputs if not pair.is_same])
        answer = solver.ask(equal, {})
        if answer.holds is not True:
            return answer.holds
        next_twin = self._machine.next_state(twin_state, reader, self._edges)
        return self._beyond(solver, relation, self._next_state, next_twin)

    def _starts(self, number: int, relation: Relation) -> bool | None:
        """Tell whether both start in states of a relation."""
        twin = self._machine.with_cells(self._machine.step.switches[number])
        first = first_state(twin, self._reset) if self._reset else self._first
        solver = Solver(self._logic, [], self._seconds)
        answer = self._beyond(solver, relation, self._first, first)
        return False if isinstance(answer, tuple) else answer

    def _beyond(
        self, solver: Solver, relation: Relation, own: State, twin: State
    ) -> bool | tuple[Contents, Contents] | None:
        """Return contents of two states that differ more than a relation allows; True if there are none."""
        words = {cell: _Pair(own[cell], relation.untwisted(self._logic, cell, own, twin[cell])) for cell in own}
        words = {cell: pair for cell, pair in words.items() if not pair.is_same}
        equal = self._logic.every([self._is_equal(cell, pair, relation, own) for cell, pair in words.items()])
        unknowns = {f"own {cell}": own[cell] for cell in {*words, *(fact.cell for fact in self._facts)}}
        unknowns |= {f"twin {cell}": pair.twin for cell, pair in words.items()}
        answer = solver.ask(equal, unknowns)
        if answer.holds is not False:
            return answer.holds
        one, other = (
            {name.removeprefix(way): value for name, value in answer.witness.items() if name.startswith(way)}
            for way in ("own ", "twin ")
        )
        return one, relation.allowed(one, other)

    def _apart(self, relation: Relation) -> dict[str, Bits]:
        """Return the words of a mutant with bits that may differ."""

        def bit(place: Bit) -> Bits:
            own = place.formula(self._state)
            if place not in relation.facts:
                return own
            other = self._logic.unknown(f"twin {place}", 1)
            return self._any(relation.facts[place], self._state).choose(own, other)

        cells = {place.cell for place in relation.facts} | ({relation.twist.bit.cell} if relation.twist else set())
        words = {cell: [bit(Bit(cell, i)) for i in range(self._state[cell].width)] for cell in cells}
        return {
            cell: relation.untwisted(self._logic, cell, self._state, self._logic.concat(bits))
            for cell, bits in words.items()
        }

    def _is_equal(self, cell: str, pair: _Pair, relation: Relation, own: State) -> Truth:
        """Tell whether two words differ only where a relation allows it."""
        places, facts = [Bit(cell, i) for i in range(pair.own.width)], relation.facts
        if not any(place in facts for place in places):
            return pair.own.equals(pair.twin)
        one = self._logic.number(1, 1)
        mask = [self._any(facts[place], own).as_bits(1) if place in facts else one for place in places]
        different = pair.own.apply(Kind.BV_XOR, pair.twin).apply(Kind.BV_AND, self._logic.concat(mask))
        return different.is_true().inverted()

    def _any(self, facts: Sequence[Fact], state: Mapping[str, Bits]) -> Truth:
        """Tell whether any of some facts holds in a state."""
        if not facts:
            return self._logic.constant(False)
        truths = [fact.formula(self._logic, state) for fact in facts]
        return truths[0] if len(truths) == 1 else self._logic.truth(Kind.OR, truths)

    def _twin_reader(self, number: int, state: Mapping[str, Bits]) -> NetlistReader:
        """Return the formulas of a mutant. It reads another word where it reads at another address."""
        cells = self._machine.step.switches[number]
        inputs = {f"{cell} Q": word for cell, word in state.items() if word.term != self._state[cell].term}
        reader = self._reader.with_cells(cells, inputs)
        for _ in range(MOST_CHAINED):
            reads = [name for name in self._reader.module["ports"] if self._is_read(name)]
            pairs = {name: _Pair(self._reader.port(name), reader.port(name)) for name in reads}
            others = {name: pair for name, pair in pairs.items() if not pair.is_same}
            words = {name.removesuffix("ADDR") + "DATA": pair for name, pair in others.items()}
            if not {*words} - {*inputs}:
                return reader
            for name, pair in words.items():
                own = self._reader.inputs[name]
                other = self._logic.unknown(f"twin {name}", own.width)
                inputs[name] = pair.own.equals(pair.twin).choose(own, other)
            reader = self._reader.with_cells(cells, inputs)
        return reader

    def _twists(self, mutant: Mutant) -> list[Twist]:
        """Return how a flip-flop's bit may be inverted again and again, by a mutant at the flip-flop itself."""
        cells = [name for name in self._machine.flip_flops if _is_flat_name(name, mutant)]
        twists = []
        for name in cells:
            bit, other = Bit(name, mutant.bit), None if mutant.control is None else Bit(name, mutant.control)
            for switch, each in self._machine.flip_flops.items():
                width = len(each["connections"]["Q"])
                if width > SWITCH_BITS or self._machine.clocks[switch] != self._machine.clocks[name]:
                    continue
                for lsb, level in product(range(width), (0, 1)):
                    levels = (0, 1) if other else (1,)
                    twists += [Twist(bit, Bit(switch, lsb), level, other, one) for one in levels]
                    twists += [Twist(bit, Bit(switch, lsb), level)] if other else []
        return twists


def _is_flat_name(name: str, mutant: Mutant) -> bool:
    """Return True for the flat name of the cell that a mutant is at."""
    return mutant.port in ("Q", "D") and name.rpartition(".")[2].lstrip("\\") == mutant.cell
