"""Docstrings begin with what a thing is or does, so that the reader need not guess the subject of the sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("draupnir", "emulator", "rtl", "golden", "cocotb_tests", "tools")
BEGINNING = re.compile(
    "(After|As|At|Before|Between|By|For|From|How|If|In|Of|On|That|To|What|When|Where|Whether|Which|Who|With|Without)\\b"
)


def sources() -> Iterator[Path]:
    """All source files but tests; the links in draupnir/ lead to the other rooms."""
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        if "tests" not in path.relative_to(ROOT).parts:
            yield path


def wrong(tree: ast.Module) -> list[str]:
    """The lines of docstrings that begin with a preposition or a question."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = [
        (node.body[0].lineno, ast.get_docstring(node))
        for node in ast.walk(tree)
        if isinstance(node, kinds)
        if node.body
    ]
    return [f"{line}: {doc.splitlines()[0]}" for line, doc in docs if doc and BEGINNING.match(doc)]


def test_no_docstring_begins_with_a_preposition_or_a_question() -> None:
    lines_by_file = {str(path.relative_to(ROOT)): wrong(ast.parse(path.read_text())) for path in sources()}
    assert len(lines_by_file) > 300
    assert {path: lines for path, lines in lines_by_file.items() if lines} == {}


@pytest.mark.parametrize(
    ("docstring", "n_wrong"),
    [("Of what a thing is.", 1), ("What it is.", 1), ("Office hours.", 0), ("Return what it is.", 0)],
)
def test_such_a_beginning_is_found_in_modules_classes_and_functions(docstring: str, n_wrong: int) -> None:
    for source in ('"""{}"""', 'class A:\n    """{}"""', 'def f():\n    """{}"""', 'async def f():\n    """{}"""'):
        assert len(wrong(ast.parse(source.format(docstring)))) == n_wrong
