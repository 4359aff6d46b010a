"""Kernels executed on unknown integers: the Python source itself is interpreted, so a proof is of what Numba compiles.

At an ``if`` whose condition is not known both sides run, and every name gets the one or the other content. No path is
followed alone, so the work grows with the length of the source and not with the number of paths. Integers have 64 bits
and wrap, as in machine code. Only what kernels use is understood; anything else raises Unsupported.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import operator
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from types import FunctionType
from typing import Any

import numpy as np
from bitwuzla import Kind

from draupnir.tools.proofs.logic import KERNEL_BITS, Bits, Logic, Truth

UNBOUND = object()
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
_LOGICAL = {ast.BitAnd: Kind.AND, ast.BitOr: Kind.OR, ast.BitXor: Kind.XOR}
_UNSIGNED = {np.uint8: 8, np.uint16: 16, np.uint32: 32}
_SIGNED = {np.int8: 8, np.int16: 16, np.int32: 32}

Flow = tuple[Any, Any]  # whether the function has returned (a truth value), and what


class Unsupported(Exception):
    """A kernel uses something that this interpreter does not know."""


class Kernels:
    """An interpreter of kernels."""

    def __init__(self, logic: Logic) -> None:
        self.logic = logic
        self._n_conditions = 0  # unknown ones that have to hold for the present statement to run
        self._calls: dict[type[ast.expr], Callable[[Any, Frame], Any]] = {
            ast.Constant: lambda node, frame: node.value,
            ast.Name: lambda node, frame: frame.read(node.id),
            ast.Attribute: lambda node, frame: getattr(self._value(node.value, frame), node.attr),
            ast.Tuple: lambda node, frame: tuple(self._value(each, frame) for each in node.elts),
            ast.Subscript: self._element,
            ast.BinOp: self._binary_node,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._boolean,
            ast.Compare: self._compare_node,
            ast.IfExp: self._conditional,
            ast.Call: self._call_node,
        }

    def call(self, function: Any, *arguments: Any) -> Any:
        """Return what a kernel returns; arguments : ints, bools, Bits of 64 bits, Truths, and sequences of them"""
        plain = getattr(function, "py_func", function)
        body, names = _source(plain)
        bound = inspect.signature(plain).bind(*arguments)
        bound.apply_defaults()
        returned, value = self._block(body, Frame(dict(bound.arguments), names))
        if returned is not True and value is not None:
            raise Unsupported(f"{plain.__qualname__} does not return on every path")
        return value

    # --- Statements -------------------------------------------------------------------------------------------

    def _block(self, statements: Sequence[ast.stmt], frame: Frame) -> Flow:
        return self._sequence([partial(self._statement, each) for each in statements], frame)

    def _sequence(self, steps: Sequence[Callable[[Frame], Flow]], frame: Frame) -> Flow:
        """Run steps up to one after which the function has returned for certain."""
        for i, step in enumerate(steps):
            returned, value = step(frame)
            if returned is True:
                return True, value
            if returned is not False:
                later, later_value = self._sequence(steps[i + 1 :], frame)
                if later is False:
                    return returned, value
                return self._either(returned, later), self.merge(returned, value, later_value)
        return False, None

    def _statement(self, node: ast.stmt, frame: Frame) -> Flow:
        if isinstance(node, ast.Return):
            return True, None if node.value is None else self._value(node.value, frame)
        if isinstance(node, ast.If):
            return self._if(node, frame)
        if isinstance(node, ast.For):
            rounds = [partial(self._round, node, item) for item in self._value(node.iter, frame)]
            return self._sequence(rounds, frame)
        if isinstance(node, ast.Assign):
            value = self._value(node.value, frame)
            for target in node.targets:
                self._assign(target, value, frame)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self._assign(node.target, self._value(node.value, frame), frame)
        elif isinstance(node, ast.AugAssign):
            content = self._value(node.target, frame)
            self._assign(node.target, self.binary(type(node.op), content, self._value(node.value, frame)), frame)
        elif not isinstance(node, ast.Expr):
            raise Unsupported(ast.unparse(node))
        elif not isinstance(node.value, ast.Constant):
            self._value(node.value, frame)
        return False, None

    def _round(self, node: ast.For, item: Any, frame: Frame) -> Flow:
        self._assign(node.target, item, frame)
        return self._block(node.body, frame)

    def _if(self, node: ast.If, frame: Frame) -> Flow:
        condition = self.truth(self._value(node.test, frame))
        if isinstance(condition, bool):
            return self._block(node.body if condition else node.orelse, frame)
        sides = [Frame(dict(frame.names), frame.outer) for _ in range(2)]
        self._n_conditions += 1
        (returned, value), (returned_else, value_else) = (
            self._block(body, side) for body, side in zip((node.body, node.orelse), sides, strict=True)
        )
        self._n_conditions -= 1
        going_on = [side for side, flow in zip(sides, (returned, returned_else), strict=True) if flow is not True]
        if len(going_on) == 1:
            frame.names.update(going_on[0].names)
        elif going_on:
            for name in sides[0].names | sides[1].names:
                one, other = (side.names.get(name, UNBOUND) for side in sides)
                frame.names[name] = UNBOUND if UNBOUND in (one, other) else self.merge(condition, one, other)
        if returned is False:
            value = value_else
        elif returned_else is not False:
            value = self.merge(condition, value, value_else)
        return self.merge(condition, returned, returned_else), value

    def _assign(self, target: ast.expr, value: Any, frame: Frame) -> None:
        if isinstance(target, ast.Name):
            frame.names[target.id] = value
        elif isinstance(target, ast.Tuple):
            for each, part in zip(target.elts, value, strict=True):
                self._assign(each, part, frame)
        elif isinstance(target, ast.Subscript):
            self._store(target, self._value(target.value, frame), self._value(target.slice, frame), value)
        else:
            raise Unsupported(ast.unparse(target))

    def _store(self, target: ast.Subscript, array: Any, index: Any, value: Any) -> None:
        """Write an element of an array, at a known index, and where no unknown condition has to hold for it."""
        if self._n_conditions or not isinstance(array, UnknownArray):
            raise Unsupported(ast.unparse(target))
        array[index] = self.integer(value)

    # --- Expressions ------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr, frame: Frame) -> Any:
        try:
            rule = self._calls[type(node)]
        except KeyError:
            raise Unsupported(ast.unparse(node)) from None
        return rule(node, frame)

    def _element(self, node: ast.Subscript, frame: Frame) -> Any:
        sequence, index = self._value(node.value, frame), self._value(node.slice, frame)
        if not isinstance(index, Bits):
            return sequence[index]
        element = sequence[-1]
        for i, each in reversed(list(enumerate(sequence[:-1]))):
            element = self.merge(self.compare(ast.Eq, index, i), each, element)
        return element

    def _binary_node(self, node: ast.BinOp, frame: Frame) -> Any:
        return self.binary(type(node.op), self._value(node.left, frame), self._value(node.right, frame))

    def _unary(self, node: ast.UnaryOp, frame: Frame) -> Any:
        value = self._value(node.operand, frame)
        if isinstance(node.op, ast.Not):
            truth = self.truth(value)
            return not truth if isinstance(truth, bool) else truth.inverted()
        number = self.integer(value)
        if isinstance(node.op, ast.USub):
            return self.binary(ast.Sub, 0, number)
        if isinstance(node.op, ast.Invert):
            return self.binary(ast.BitXor, number, -1)
        raise Unsupported(ast.unparse(node))

    def _boolean(self, node: ast.BoolOp, frame: Frame) -> Any:
        stops_at = isinstance(node.op, ast.Or)
        value = self._value(node.values[0], frame)
        for each in node.values[1:]:
            truth = self.truth(value)
            if truth is stops_at:
                return value
            other = self._value(each, frame)
            if isinstance(truth, bool):
                value = other
            else:
                value = self.merge(truth, value, other) if stops_at else self.merge(truth, other, value)
        return value

    def _compare_node(self, node: ast.Compare, frame: Frame) -> Any:
        one, result = self._value(node.left, frame), True
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            other = self._value(comparator, frame)
            result = self._both(result, self._compare_any(op, one, other))
            one = other
        return result

    def _compare_any(self, op: ast.cmpop, one: Any, other: Any) -> Any:
        if isinstance(op, ast.In | ast.NotIn):
            is_in: Any = False
            for each in other:
                is_in = self._either(is_in, self.compare(ast.Eq, one, each))
            return is_in if isinstance(op, ast.In) else self._not(is_in)
        return self.compare(type(op), one, other)

    def _conditional(self, node: ast.IfExp, frame: Frame) -> Any:
        condition = self.truth(self._value(node.test, frame))
        if isinstance(condition, bool):
            return self._value(node.body if condition else node.orelse, frame)
        return self.merge(condition, self._value(node.body, frame), self._value(node.orelse, frame))

    def _call_node(self, node: ast.Call, frame: Frame) -> Any:
        if node.keywords:
            raise Unsupported(ast.unparse(node))
        function = self._value(node.func, frame)
        arguments: list[Any] = []
        for each in node.args:
            if isinstance(each, ast.Starred):
                arguments += self._value(each.value, frame)
            else:
                arguments.append(self._value(each, frame))
        return self._apply(function, arguments)

    def _apply(self, function: Any, arguments: list[Any]) -> Any:
        if function in (int, np.int64):
            return self.integer(arguments[0])
        if function is bool:
            return self.truth(arguments[0])
        if function in _UNSIGNED:
            return self.binary(ast.BitAnd, arguments[0], (1 << _UNSIGNED[function]) - 1)
        if function in _SIGNED:
            return self._signed(arguments[0], _SIGNED[function])
        if function in (min, max):
            return self._extreme(ast.LtE if function is min else ast.GtE, arguments)
        if function is abs:
            return self._extreme(ast.GtE, [arguments[0], self.binary(ast.Sub, 0, arguments[0])])
        if isinstance(function, type) and issubclass(function, tuple):
            return function(*arguments)
        if function is range:
            return range(*arguments)
        if isinstance(function, FunctionType) or hasattr(function, "py_func"):
            return self.call(function, *arguments)
        raise Unsupported(f"a call of {function!r}")

    def _signed(self, value: Any, bits: int) -> Any:
        """Return the number that the lowest bits are in two's complement."""
        number = self.integer(value)
        if isinstance(number, Bits):
            return number.slice(0, bits).resized(KERNEL_BITS, signed=True)
        return (number + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))

    def _extreme(self, op: type[ast.cmpop], arguments: list[Any]) -> Any:
        best = arguments[0]
        for each in arguments[1:]:
            best = self.merge(self.compare(op, best, each), best, each)
        return best

    # --- Values -----------------------------------------------------------------------------------------------

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
        return self.bits(one).apply(kind, self.bits(other))

    def _divided(self, op: type[ast.operator], one: Any, other: Any) -> Any:
        """Divide by a known power of two, the only divisor that kernels may have here."""
        if not isinstance(other, int) or other <= 0 or other & (other - 1):
            raise Unsupported(f"a division by {other}")
        if op is ast.Mod:
            return self.binary(ast.BitAnd, one, other - 1)
        return self.binary(ast.RShift, one, other.bit_length() - 1)

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


class UnknownArray(dict[Any, Any]):
    """An array that a kernel reads and writes: index, an int or a tuple of ints -> content, an int or Bits."""


class Frame:
    """The names of one call. outer : those that the function closes over, its module's, and Python's own"""

    def __init__(self, names: dict[str, Any], outer: Sequence[Mapping[str, Any]]) -> None:
        self.names, self.outer = names, outer

    def read(self, name: str) -> Any:
        """Return the content of a name."""
        for names in (self.names, *self.outer):
            if name in names:
                if names[name] is UNBOUND:
                    raise Unsupported(f"{name} has no content on one path")
                return names[name]
        raise Unsupported(f"the name {name}")


@cache
def _source(function: FunctionType) -> tuple[list[ast.stmt], Sequence[Mapping[str, Any]]]:
    """The statements of a function, and the names around it."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    closure = dict(zip(function.__code__.co_freevars, cells, strict=True))
    return definition.body, (closure, function.__globals__, vars(builtins))
