"""Kernels executed on unknown integers: the Python source itself is interpreted, so a proof is of what Numba compiles.

At an ``if`` whose condition is not known both sides run, and every name, register and element gets the one or the other
content. No path is followed alone, so the work grows with the length of the source and not with the number of paths.
Integers have 64 bits and wrap, as in machine code. Only what kernels use is understood; anything else raises
Unsupported.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from types import FunctionType
from typing import Any

import numpy as np
from bitwuzla import Kind

from draupnir.tools.proofs.arithmetic import Arithmetic, Unsupported
from draupnir.tools.proofs.heap import FlatRecord, Heap, KernelStore, Layer, UnknownMemory, UnknownRecord, places
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits, Logic, Truth
from draupnir.tools.proofs.questions import Solver

UNBOUND = object()
LOOP_SECONDS = 10.0  # for the question whether a round is reached
MOST_ROUNDS = 64
_UNSIGNED = {np.uint8: 8, np.uint16: 16, np.uint32: 32}
_SIGNED = {np.int8: 8, np.int16: 16, np.int32: 32}

Flow = tuple[Any, Any]  # whether the function has returned (a truth value), and what


class UnknownRange:
    """The integers of ``range(start, stop)`` with a stop of unknown content."""

    def __init__(self, start: int, stop: Bits) -> None:
        self.start, self.stop = start, stop


Summary = Callable[..., Any]  # takes the interpreter, and the kernel's arguments


class Kernels(Arithmetic):
    """An interpreter of kernels.

    summaries : kernel -> what is done instead of its source; that both are the same is a proof of its own
    """

    def __init__(self, logic: Logic, summaries: Mapping[Any, Summary] | None = None) -> None:
        super().__init__(logic)
        self.heap = Heap()
        self._summaries = {getattr(each, "py_func", each): summary for each, summary in (summaries or {}).items()}
        self._calls: dict[type[ast.expr], Callable[[Any, Frame], Any]] = {
            ast.Constant: lambda node, frame: node.value,
            ast.Name: lambda node, frame: frame.read(node.id),
            ast.Attribute: self._attribute,
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
        if plain in self._summaries:
            return self._summaries[plain](self, *arguments)
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
                _, (later, later_value) = self._sides(
                    returned, lambda: (True, None), partial(self._sequence, steps[i + 1 :], frame)
                )
                if later is False:
                    return returned, value
                return self._either(returned, later), self.merge(returned, value, later_value)
        return False, None

    def _sides(self, condition: Truth, one: Callable[[], Any], other: Callable[[], Any]) -> tuple[Any, Any]:
        """Run both sides of an unknown condition, and merge what they write; returns the result of each."""
        layers: list[Layer] = []
        results: list[Any] = []
        for holds, side in ((condition, one), (condition.inverted(), other)):
            self._path.append(holds)
            self.heap.begin()
            results.append(side())
            layers.append(self.heap.end())
            self._path.pop()
        for write in places(*layers):
            contents = [layer.content(write, self.heap) for layer in layers]
            self.heap.write(write.store, write.key, self.merge(condition, *contents))
        return results[0], results[1]

    def _statement(self, node: ast.stmt, frame: Frame) -> Flow:
        if isinstance(node, ast.Return):
            return True, None if node.value is None else self._value(node.value, frame)
        if isinstance(node, ast.If):
            return self._if(node, frame)
        if isinstance(node, ast.For):
            items = self._value(node.iter, frame)
            if isinstance(items, UnknownRange):
                return self._rounds(node, items.start, items.stop, frame)
            return self._sequence([partial(self._round, node, item) for item in items], frame)
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

    def _rounds(self, node: ast.For, item: int, stop: Bits, frame: Frame) -> Flow:
        """Run a loop as long as a round can be reached for any content of the stop."""
        reached = self.compare(ast.Lt, item, stop)
        if Solver(self.logic, self._path, LOOP_SECONDS).ask(reached.inverted(), {}, last=True, exact=False).holds:
            return False, None
        if item > MOST_ROUNDS:
            raise Unsupported(f"more than {MOST_ROUNDS} rounds of {ast.unparse(node.target)}")
        rounds = (partial(self._round, node, item), lambda inner: self._rounds(node, item + 1, stop, inner))
        return self._branch(reached, partial(self._sequence, rounds), lambda inner: (False, None), frame)

    def _if(self, node: ast.If, frame: Frame) -> Flow:
        condition = self.truth(self._value(node.test, frame))
        if isinstance(condition, bool):
            return self._block(node.body if condition else node.orelse, frame)
        return self._branch(condition, partial(self._block, node.body), partial(self._block, node.orelse), frame)

    def _branch(
        self, condition: Truth, one: Callable[[Frame], Flow], other: Callable[[Frame], Flow], frame: Frame
    ) -> Flow:
        """Run both sides of an unknown condition, each with names of its own, and merge the names."""
        sides = [Frame(dict(frame.names), frame.outer) for _ in range(2)]
        flows = self._sides(condition, partial(one, sides[0]), partial(other, sides[1]))
        (returned, value), (returned_else, value_else) = flows
        going_on = [side for side, flow in zip(sides, (returned, returned_else), strict=True) if flow is not True]
        if len(going_on) == 1:
            frame.names.update(going_on[0].names)
        elif going_on:
            for name in sides[0].names | sides[1].names:
                mine, its = (side.names.get(name, UNBOUND) for side in sides)
                frame.names[name] = UNBOUND if UNBOUND in (mine, its) else self.merge(condition, mine, its)
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
        elif isinstance(target, ast.Attribute):
            record = self._value(target.value, frame)
            if not isinstance(record, UnknownRecord):
                raise Unsupported(ast.unparse(target))
            self.heap.write(record, target.attr, self.integer(value))
        else:
            raise Unsupported(ast.unparse(target))

    def _store(self, target: ast.Subscript, array: Any, index: Any, value: Any) -> None:
        """Write an element; at an unknown index, each element becomes the new one or stays."""
        if isinstance(array, UnknownMemory):
            self._store_limb(array, index, self.bits(value))
        elif isinstance(array, FlatRecord):
            self._store_flat(array, self.bits(index), self.integer(value))
        elif not isinstance(array, KernelStore):
            raise Unsupported(ast.unparse(target))
        elif not isinstance(index, Bits):
            self.heap.write(array, index, self.integer(value))
        else:
            self._demand_below(index, len(array))
            for i in array:
                is_it = self.compare(ast.Eq, index, i)
                self.heap.write(array, i, self.merge(is_it, self.integer(value), self.heap.read(array, i)))

    def _store_flat(self, flat: FlatRecord, index: Bits, value: Any) -> None:
        matches = [self.compare(ast.Eq, index, i) for i in flat.fields]
        self.demand(self.logic.truth(Kind.OR, matches))
        for is_it, (name, element) in zip(matches, flat.fields.values(), strict=True):
            store, key = (flat.record, name) if element is None else (self.heap.read(flat.record, name), element)
            self.heap.write(store, key, self.merge(is_it, value, self.heap.read(store, key)))

    def _store_limb(self, memory: UnknownMemory, index: tuple[Any, Any], value: Bits) -> None:
        """Write a limb. In one execution a kernel writes one address, or this would be another formula."""
        i, limb = self._addr(memory, index[0]), index[1]
        self._demand_below(limb, memory.n_limbs)
        low_bits = value.slice(0, memory.limb_bits).resized(KERNEL_BITS)  # a limb keeps no more
        for k in range(memory.n_limbs) if isinstance(limb, Bits) else [limb]:
            is_it = self.compare(ast.Eq, limb, k)
            for j in range(len(memory.accesses)):
                if j != i:
                    is_written = self.heap.read(memory, (j, k, memory.WRITTEN))
                    self.demand(self._as_truth(self._not(self._both(is_it, is_written))))
            for key, new in (((i, k), low_bits), ((i, k, memory.WRITTEN), True)):
                self.heap.write(memory, key, self.merge(is_it, new, self.heap.read(memory, key)))

    def _load_limb(self, memory: UnknownMemory, addr: Any, limb: Any) -> Bits:
        i = self._addr(memory, addr)
        if not isinstance(limb, Bits):
            return self._limb(memory, i, limb)
        return self.bits(self._element_at([self._limb(memory, i, k) for k in range(memory.n_limbs)], limb))

    def _limb(self, memory: UnknownMemory, i: int, limb: int) -> Bits:
        """Return a limb at an address, also if it was written by another name of this address."""
        content: Bits = self.heap.read(memory, (i, limb))
        for j, addr in enumerate(memory.accesses):
            is_written = self.heap.read(memory, (j, limb, memory.WRITTEN))
            if j != i and is_written is not False:
                same = self._both(is_written, addr.equals(memory.accesses[i]))
                content = self.merge(same, self.heap.read(memory, (j, limb)), content)
        return content

    def limbs_at(self, memory: UnknownMemory, addr: Bits) -> list[Bits]:
        """Return the present limbs of a word."""
        i = memory.number(addr)
        return [self._limb(memory, i, limb).slice(0, memory.limb_bits) for limb in range(memory.n_limbs)]

    def _addr(self, memory: UnknownMemory, addr: Any) -> int:
        """Return the number of an address."""
        self._demand_below(addr, 1 << memory.words.addr_bits)
        return memory.number(self.bits(addr).slice(0, memory.words.addr_bits))

    # --- Expressions ------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr, frame: Frame) -> Any:
        try:
            rule = self._calls[type(node)]
        except KeyError:
            raise Unsupported(ast.unparse(node)) from None
        return rule(node, frame)

    def _element(self, node: ast.Subscript, frame: Frame) -> Any:
        sequence, index = self._value(node.value, frame), self._value(node.slice, frame)
        if isinstance(sequence, UnknownMemory):
            return self._load_limb(sequence, *index)
        if isinstance(sequence, KernelStore):
            if not isinstance(index, Bits):
                return self.heap.read(sequence, index)
            sequence = [self.heap.read(sequence, i) for i in range(len(sequence))]
        return self._element_at(sequence, index)

    def _element_at(self, sequence: Sequence[Any], index: Any) -> Any:
        """Return an element at an index that may be unknown."""
        if not isinstance(index, Bits):
            return sequence[index]
        self._demand_below(index, len(sequence))
        element = sequence[-1]
        for i, each in reversed(list(enumerate(sequence[:-1]))):
            element = self.merge(self.compare(ast.Eq, index, i), each, element)
        return element

    def _demand_below(self, index: Any, length: int) -> None:
        """Demand that an index lies within its array."""
        if isinstance(index, Bits):
            self.demand(index.compare(Kind.BV_ULT, self.logic.number(length, index.width)))
        elif not 0 <= index < length:
            raise Unsupported(f"the index {index} of an array of {length}")

    def _attribute(self, node: ast.Attribute, frame: Frame) -> Any:
        owner = self._value(node.value, frame)
        return self.heap.read(owner, node.attr) if isinstance(owner, UnknownRecord) else getattr(owner, node.attr)

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
            if isinstance(truth, bool):
                value = self._value(each, frame)
            elif stops_at:
                value = self.merge(truth, *self._sides(truth, partial(_same, value), partial(self._value, each, frame)))
            else:
                value = self.merge(truth, *self._sides(truth, partial(self._value, each, frame), partial(_same, value)))
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
        sides = (partial(self._value, each, frame) for each in (node.body, node.orelse))
        return self.merge(condition, *self._sides(condition, *sides))

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
        if function is len:
            (owner,) = arguments
            return 1 << owner.words.addr_bits if isinstance(owner, UnknownMemory) else len(owner)
        if function is range:
            return self._range(*arguments)
        if isinstance(function, FunctionType) or hasattr(function, "py_func"):
            return self.call(function, *arguments)
        raise Unsupported(f"a call of {function!r}")

    def _range(self, *bounds: Any) -> range | UnknownRange:
        if not any(isinstance(bound, Bits | Truth) for bound in bounds):
            return range(*bounds)
        start, stop = bounds if len(bounds) == 2 else (0, *bounds)
        if not isinstance(start, int):
            raise Unsupported("a range that begins at an unknown integer, or has steps")
        return UnknownRange(start, self.bits(stop))

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


def _same(value: Any) -> Any:
    return value


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
    (definition,) = ast.parse(textwrap.dedent(getattr(function, "source", "") or inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    closure = dict(zip(function.__code__.co_freevars, cells, strict=True))
    return definition.body, (closure, function.__globals__, vars(builtins))
