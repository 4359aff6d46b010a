"""Marks at points of Verilog: statements that change nothing, but tell a proof when a point is reached.

A mark is a ``cover`` statement on a line of its own. Yosys keeps it as a cell with this condition and line. A branch
or a line has its mark at the beginning of its block; an expression, before the statement that contains it, with the
levels of the point's name.
There is none in what runs at an asynchronous reset, which Yosys takes as over, and none in a loop, which it unrolls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pyslang import syntax

from draupnir.rtl.slang import Parser
from draupnir.tools.coverage.points import Point

BYTES = "latin-1"  # each byte is a character
_STATEMENTS = ("ConditionalStatement", "CaseStatement", "ExpressionStatement", "ContinuousAssign")
_ITEMS = ("StandardCaseItem", "DefaultCaseItem")
_BY_CONDITION = {"cond_then": "({})", "cond_else": "!({})"}
_MARK = re.compile(r"/\* mark (\d+) \*/")
_NAME = re.compile(r"(?<![\w'$.])[A-Za-z_$][\w$.]*")
_BITS_OF_NUMBER = re.compile(r"(\d+'\w+)\[(\d+):(\d+)\]")  # as in 32'sh1[7:0], for bits of a loop's variable
_BIT_OF_BITS = re.compile(r"([\w$.]+)\[\d+:(\d+)\]\[(\d+)\]")  # as in mode[2:1][0]
_BITS_OF_PART = re.compile(r"\)\[(\d+)(?::(\d+))?\]")  # as in (words[1])[7] and (a >> b)[3:0]
_ELEMENT = re.compile(r"[A-Za-z_$][\w$.]*\[[^\[\]]*\]")
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, order=True)
class Insertion:
    """A text to insert into a file.

    offset : the character before which it is inserted
    rank : the order of texts at one offset, the lowest first: what ends goes before what begins
    """

    offset: int
    rank: tuple[int, ...]
    text: str


class MarkedFile:
    """A file of Verilog, in which points get marks.

    parser : reads the file with the macros of its design
    """

    def __init__(self, path: Path, parser: Parser) -> None:
        self._path = path
        self._text = path.read_bytes().decode(BYTES)  # pyslang counts bytes
        self._tree = parser.read(path).tree
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", self._text))]

    def with_marks(self, points: Sequence[Point]) -> tuple[str, dict[Point, int]]:
        """Return the text of the file with marks, and the line of each point that has a place for one."""
        insertions = [insertion for i, point in enumerate(points) for insertion in self._mark(i, point)]
        text = self._text
        for insertion in sorted(insertions, reverse=True):
            text = text[: insertion.offset] + insertion.text + text[insertion.offset :]
        lines = {points[int(mark[1])]: text.count("\n", 0, mark.start()) + 1 for mark in _MARK.finditer(text)}
        return text, lines

    def _mark(self, label: int, point: Point) -> Iterator[Insertion]:
        if point.kind == "expression":
            terms, arrow, _ = point.name.rpartition(" => ")
            if arrow:
                yield from self._mark_before(label, point, escaped(in_verilog(terms)))
        elif point.name in _BY_CONDITION:
            choice = self._innermost(point, ("ConditionalExpression",))
            if choice is not None:
                condition = _BY_CONDITION[point.name].format(self._source(choice.predicate))
                yield from self._mark_before(label, point, condition)
        else:
            yield from self._block_mark(label, point)

    def _block_mark(self, label: int, point: Point) -> Iterator[Insertion]:
        """Yield a mark at the beginning of a block, or in an ``else`` that an ``if`` does not have."""
        block = self._block(point)
        choice = self._node_at(point, ("ConditionalStatement",)) if point.name == "else" and block is None else None
        if block is not None and _can_have_mark(block):
            yield from _around(block, label)
        elif choice is not None and _can_have_mark(choice):
            yield from _around(choice.statement)
            yield Insertion(_end(choice), (0, -_start(choice), 0), f" else {_cover(label)}")

    def _block(self, point: Point) -> Any:
        """Return the statement that runs when a point is reached; None if this is no statement of its own."""
        if point.name == "case":
            item = self._node_at(point, _ITEMS)
            return None if item is None else item.clause
        choice = self._node_at(point, ("ConditionalStatement",))
        if choice is None:
            return None
        if point.name in ("if", "elsif"):
            return choice.statement
        return choice.elseClause.clause if point.name == "else" and choice.elseClause else None

    def _mark_before(self, label: int, point: Point, condition: str) -> Iterator[Insertion]:
        """Yield a mark with a condition at the statement that contains a point."""
        statement = self._innermost(point, _STATEMENTS)
        if statement is None:
            return
        if statement.kind.name == "ContinuousAssign":
            yield Insertion(_end(statement), (1, 0), f" always @(*) {_cover(label, condition)}")
        elif _can_have_mark(statement):
            yield from _around(statement, label, condition)

    # --- Places

    def _node_at(self, point: Point, kinds: Sequence[str]) -> Any:
        """Return the node of some kinds at a point's place; None if there is none.

        Verilator's place of an ``else`` may be one column after its ``if``.
        """
        offset = self._offset(point)
        offsets = (offset, offset - 1) if point.name == "else" else (offset,)
        return next((node for node in self._nodes if node.kind.name in kinds and _start(node) in offsets), None)

    def _innermost(self, point: Point, kinds: Sequence[str]) -> Any:
        """Return the smallest node of some kinds around a point's place; None if there is none."""
        offset = self._offset(point)
        around = [node for node in self._nodes if node.kind.name in kinds and _start(node) <= offset < _end(node)]
        return min(around, key=lambda node: _end(node) - _start(node), default=None)

    def _offset(self, point: Point) -> int:
        return self._line_starts[point.line - 1] + point.column - 1

    def _source(self, node: Any) -> str:
        return self._text[_start(node) : _end(node)]

    @cached_property
    def _nodes(self) -> list[Any]:
        """All nodes that stand in the file itself, not in a macro or in an included file."""
        nodes: list[Any] = []
        kind_names = (*_STATEMENTS, *_ITEMS, "ConditionalExpression")
        manager = self._tree.sourceManager

        def visit(node: Any) -> None:
            if isinstance(node, syntax.SyntaxNode) and node.kind.name in kind_names:
                places = node.sourceRange.start, node.sourceRange.end
                is_here = Path(manager.getFileName(places[0])).resolve() == self._path.resolve()
                if is_here and not any(map(manager.isMacroLoc, places)):
                    nodes.append(node)

        self._tree.root.visit(visit)
        return nodes


def _can_have_mark(statement: Any) -> bool:
    """Return True for a statement outside of loops that runs only if no asynchronous reset of its block is active."""
    block = statement
    while block is not None and not block.kind.name.startswith("Always"):
        block = None if "Loop" in block.kind.name else block.parent
    if block is None or block.statement.kind.name != "TimingControlStatement":
        return block is not None
    edges: list[Any] = []
    kind = syntax.SyntaxKind.SignalEventExpression
    block.statement.timingControl.visit(lookup_table={kind: lambda event: edges.append(event) if event.edge else None})
    rest = block.statement.statement
    for _ in edges[1:]:
        rest = rest.items[0] if rest.kind.name == "SequentialBlockStatement" and len(rest.items) == 1 else rest
        if rest.kind.name != "ConditionalStatement" or rest.elseClause is None:
            return False
        rest = rest.elseClause.clause
    return _start(rest) <= _start(statement) and _end(statement) <= _end(rest)


def in_verilog(terms: str) -> str:
    """Return an expression as Verilog takes it: Verilator's names of points have bits of numbers and of expressions.

    An expression has a shift and a mask instead; an element of an array loses its parentheses.
    """
    terms = _BITS_OF_NUMBER.sub(lambda number: _bits(number[1], number[2], number[3]), terms)
    terms = _BIT_OF_BITS.sub(lambda bit: f"{bit[1]}[{int(bit[2]) + int(bit[3])}]", terms)
    while bits := _BITS_OF_PART.search(terms):
        start = _opening(terms, bits.start())
        part = terms[start + 1 : bits.start()]
        new = part + bits[0][1:] if _ELEMENT.fullmatch(part) else _bits(f"({part})", bits[1], bits[2] or bits[1])
        terms = terms[:start] + new + terms[bits.end() :]
    return terms


def _bits(part: str, high: str, low: str) -> str:
    return f"(({part} >> {low}) & {(2 << int(high) - int(low)) - 1})"


def _opening(terms: str, closing: int) -> int:
    """Return the place of the parenthesis that belongs to a closing one."""
    depth = 1
    start = closing
    while depth:
        start -= 1
        depth += {")": 1, "(": -1}.get(terms[start], 0)
    return start


def escaped(terms: str) -> str:
    """Return an expression in which each name that needs it is an escaped one, as in the Verilog of our RTL."""
    return _NAME.sub(lambda name: name[0] if _PLAIN_NAME.fullmatch(name[0]) else f"\\{name[0]} ", terms)


def _cover(label: int, condition: str = "1'b1") -> str:
    return f"\n/* mark {label} */ cover({condition});\n"


def _around(statement: Any, label: int | None = None, condition: str = "1'b1") -> Iterator[Insertion]:
    """Yield a block around a statement, with a mark if there is a label."""
    mark = "" if label is None else _cover(label, condition)
    start, end = _start(statement), _end(statement)
    yield Insertion(start, (1, -end), f" begin {mark}")
    yield Insertion(end, (0, -start, 1), " end ")


def _start(node: Any) -> int:
    return int(node.sourceRange.start.offset)


def _end(node: Any) -> int:
    return int(node.sourceRange.end.offset)
