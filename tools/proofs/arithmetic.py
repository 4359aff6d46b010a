"""Arithmetic on integers and truth values of which some are unknown. Integers have 64 bits and wrap."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from bitwuzla import Kind

from draupnir.tools.proofs.logic import KERNEL_BITS, Bits, Logic, Truth
from draupnir.tools.proofs.products import products_of

_BINARY: dict[type[ast.operator], tuple[Callable[[Any, Any], Any], Kind | None]] = {
    ast.Add: (operator.add, Kind.BV_ADD),
    ast.Sub: (operator.sub, Kind.BV_SUB),
    ast.Mult: (operator.mul, Kind.BV_MUL),
    ast.BitAnd: (operator.and_, Kind.BV_AND),
    ast.BitOr: (operator.or_, Kind.BV_OR),
    ast.BitXor: (operator.xor, Kind.BV_XOR),
    ast.LShift: (operator.lshift, Kind.BV_SHL),
    ast.RShift: (operator.rshift, Kind.BV_ASHR),
    ast.FloorDiv: (operator.floordiv, None),
    ast.Mod: (operator.mod, None),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[Callable[[Any, Any], bool], Kind]] = {
    ast.Eq: (operator.eq, Kind.EQUAL),
    ast.NotEq: (operator.ne, Kind.DISTINCT),
    ast.Lt: (operator.lt, Kind.BV_SLT),
    ast.LtE: (operator.le, Kind.BV_SLE),
    ast.Gt: (operator.gt, Kind.BV_SGT),
    ast.GtE: (operator.ge, Kind.BV_SGE),
}
DIVIDEND_BITS = (
    16  # of an integer that is divided by no power of two; demanded, because a wide divider is slow to prove
)
_LOGICAL = {ast.BitAnd: Kind.AND, ast.BitOr: Kind.OR, ast.BitXor: Kind.XOR}


class Unsupported(Exception):
    """A kernel uses something that the interpreter does not know."""


class Arithmetic:
    """The operators of kernels.

    demands : truth values that have to hold, or else what is computed here is not what a compiled kernel computes
    """

    def __init__(self, logic: Logic) -> None:
        self.logic = logic
        self.demands: list[Truth] = []
        self._path: list[Truth] = []  # conditions that have to hold for the present statement to run

    def demand(self, claim: Truth) -> None:
        """Demand that a claim holds wherever the present statement runs."""
        unless = [condition.inverted() for condition in self._path]
        self.demands.append(self.logic.truth(Kind.OR, [*unless, claim]) if unless else claim)

    def truth(self, value: Any) -> Any:
        """Return a bool, or a Truth."""
        if isinstance(value, Bits):
            return value.is_true()
        return value if isinstance(value, Truth) else bool(value)

    def integer(self, value: Any) -> Any:
        """Return an int, or Bits."""
        if isinstance(value, Truth):
            return value.as_bits(KERNEL_BITS)
        return value if isinstance(value, Bits) else int(value)

    def bits(self, value: Any) -> Bits:
        """Return 64 bits."""
        number = self.integer(value)
        return number if isinstance(number, Bits) else self.logic.number(number, KERNEL_BITS)

    def binary(self, op: type[ast.operator], one: Any, other: Any) -> Any:
        """Return the result of an operator on two integers or truth values."""
        if op in _LOGICAL and all(isinstance(each, bool | Truth) for each in (one, other)):
            return self._logical(_LOGICAL[op], one, other)
        one, other = self.integer(one), self.integer(other)
        plain, kind = _BINARY[op]
        if isinstance(one, int) and isinstance(other, int):
            return plain(one, other)
        if kind is None:
            return self._divided(op, one, other)
        if kind is Kind.BV_MUL:
            return products_of(self.logic).product(self.bits(one), self.bits(other))
        return self.bits(one).apply(kind, self.bits(other))

    def _divided(self, op: type[ast.operator], one: Any, other: Any) -> Any:
        """Divide by a constant, as the only divisors that kernels have are."""
        if not isinstance(other, int) or other <= 0:
            raise Unsupported(f"a division by {other}")
        if other & (other - 1) == 0:
            if op is ast.Mod:
                return self.binary(ast.BitAnd, one, other - 1)
            return self.binary(ast.RShift, one, other.bit_length() - 1)
        dividend = self.bits(one)
        self.demand(dividend.compare(Kind.BV_ULT, self.logic.number(1 << DIVIDEND_BITS, KERNEL_BITS)))
        kind = Kind.BV_UREM if op is ast.Mod else Kind.BV_UDIV
        return (
            dividend.slice(0, DIVIDEND_BITS).apply(kind, self.logic.number(other, DIVIDEND_BITS)).resized(KERNEL_BITS)
        )

    def compare(self, op: type[ast.cmpop], one: Any, other: Any) -> Any:
        """Return the result of a comparison: a bool, or a Truth."""
        one, other = self.integer(one), self.integer(other)
        plain, kind = _COMPARISONS[op]
        if isinstance(one, int) and isinstance(other, int):
            return plain(one, other)
        return self.bits(one).compare(kind, self.bits(other))

    def merge(self, condition: Any, one: Any, other: Any) -> Any:
        """Return one value if the condition is true, and the other if not."""
        if isinstance(condition, bool):
            return one if condition else other
        if one is other:
            return one
        if isinstance(one, tuple) and isinstance(other, tuple):
            parts = [self.merge(condition, *pair) for pair in zip(one, other, strict=True)]
            return type(one)(*parts) if hasattr(one, "_fields") else tuple(parts)
        if isinstance(one, bool | Truth) and isinstance(other, bool | Truth):
            terms = [condition, self._as_truth(one), self._as_truth(other)]
            return one if one is other else self.logic.truth(Kind.ITE, terms)
        if isinstance(one, int) and isinstance(other, int) and one == other:
            return int(one)
        return condition.choose(self.bits(one), self.bits(other))

    def _as_truth(self, value: Any) -> Truth:
        return value if isinstance(value, Truth) else self.logic.constant(value)

    def _logical(self, kind: Kind, one: Any, other: Any) -> Any:
        if isinstance(one, bool) and isinstance(other, bool):
            return {Kind.AND: one and other, Kind.OR: one or other, Kind.XOR: one != other}[kind]
        return self.logic.truth(kind, (self._as_truth(one), self._as_truth(other)))

    def _both(self, one: Any, other: Any) -> Any:
        if isinstance(one, bool) or isinstance(other, bool):
            return False if one is False or other is False else other if one is True else one
        return self._logical(Kind.AND, one, other)

    def _either(self, one: Any, other: Any) -> Any:
        if isinstance(one, bool) or isinstance(other, bool):
            return True if one is True or other is True else other if one is False else one
        return self._logical(Kind.OR, one, other)

    def _not(self, value: Any) -> Any:
        return not value if isinstance(value, bool) else value.inverted()
