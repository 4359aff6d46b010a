"""Statements about flip-flops: a bit is constant, two bits are equal, a word has a bound, one fact implies another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from bitwuzla import Kind

from draupnir.tools.proofs.anyedge import State
from draupnir.tools.proofs.logic import Bits, Logic, Truth

Contents = Mapping[str, int]  # flip-flop -> its content
Names = Mapping[str, str]  # flip-flop -> the signal at its output


@dataclass(frozen=True, order=True)
class Bit:
    """A bit of a flip-flop's word."""

    cell: str
    lsb: int

    def level_in(self, contents: Contents) -> int:
        return contents[self.cell] >> self.lsb & 1

    def formula(self, state: State) -> Bits:
        return state[self.cell].slice(self.lsb, 1)

    def text(self, names: Names) -> str:
        return f"{names.get(self.cell, self.cell)}[{self.lsb}]"


@dataclass(frozen=True)
class Constant:
    """A bit that never changes."""

    facts: ClassVar[tuple[Fact, ...]] = ()
    bit: Bit
    value: int

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.bit.cell,)

    def holds(self, contents: Contents) -> bool:
        return self.bit.level_in(contents) == self.value

    def formula(self, logic: Logic, state: State) -> Truth:
        return self.bit.formula(state).equals(logic.number(self.value, 1))

    def text(self, names: Names) -> str:
        return f"{self.bit.text(names)} is {self.value}"

    def formula_of_bit(self, logic: Logic, state: State) -> Bits:
        return logic.number(self.value, 1)


@dataclass(frozen=True)
class Same:
    """Two bits that are always equal, or always opposite."""

    facts: ClassVar[tuple[Fact, ...]] = ()
    bit: Bit
    other: Bit
    is_opposite: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        return self.bit.cell, self.other.cell

    def holds(self, contents: Contents) -> bool:
        return (self.bit.level_in(contents) != self.other.level_in(contents)) == self.is_opposite

    def formula(self, logic: Logic, state: State) -> Truth:
        equal = self.bit.formula(state).equals(self.other.formula(state))
        return equal.inverted() if self.is_opposite else equal

    def text(self, names: Names) -> str:
        return f"{self.bit.text(names)} is {'not ' if self.is_opposite else ''}{self.other.text(names)}"

    def formula_of_bit(self, logic: Logic, state: State) -> Bits:
        other = self.other.formula(state)
        return logic.bits(Kind.BV_NOT, 1, (other,)) if self.is_opposite else other


@dataclass(frozen=True)
class Fact:
    """A word of flip-flops has a value."""

    cell: str
    value: int

    def holds_in(self, contents: Contents) -> bool:
        return contents[self.cell] == self.value

    def formula(self, logic: Logic, state: State) -> Truth:
        return state[self.cell].equals(logic.number(self.value, state[self.cell].width))

    def text(self, names: Names) -> str:
        return f"{names.get(self.cell, self.cell)} is {self.value}"


@dataclass(frozen=True)
class AtMost:
    """A word is never above a limit, or not as long as a fact holds."""

    cell: str
    limit: int
    fact: Fact | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.cell,) if self.fact is None else (self.cell, self.fact.cell)

    @property
    def facts(self) -> tuple[Fact, ...]:
        return () if self.fact is None else (self.fact,)

    def holds(self, contents: Contents) -> bool:
        return contents[self.cell] <= self.limit or (self.fact is not None and not self.fact.holds_in(contents))

    def formula(self, logic: Logic, state: State) -> Truth:
        word = state[self.cell]
        is_within = word.compare(Kind.BV_ULE, logic.number(self.limit, word.width))
        return is_within if self.fact is None else _implies(logic, self.fact.formula(logic, state), is_within)

    def text(self, names: Names) -> str:
        condition = "" if self.fact is None else f" while {self.fact.text(names)}"
        return f"{names.get(self.cell, self.cell)} is at most {self.limit}{condition}"


@dataclass(frozen=True)
class Implies:
    """A fact that holds wherever another one holds, or does not hold there."""

    fact: Fact
    other: Fact
    is_opposite: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        return self.fact.cell, self.other.cell

    @property
    def facts(self) -> tuple[Fact, ...]:
        return self.fact, self.other

    def holds(self, contents: Contents) -> bool:
        return not self.fact.holds_in(contents) or self.other.holds_in(contents) != self.is_opposite

    def formula(self, logic: Logic, state: State) -> Truth:
        other = self.other.formula(logic, state)
        return _implies(logic, self.fact.formula(logic, state), other.inverted() if self.is_opposite else other)

    def text(self, names: Names) -> str:
        other = self.other.text(names)
        return f"{other.replace(' is ', ' is not ') if self.is_opposite else other} while {self.fact.text(names)}"


Statement = Constant | Same | AtMost | Implies


def _implies(logic: Logic, condition: Truth, conclusion: Truth) -> Truth:
    return logic.truth(Kind.IMPLIES, (condition, conclusion))
