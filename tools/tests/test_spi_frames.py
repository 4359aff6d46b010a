"""A chip's SPI frames are composed and taken apart in one place: the chip's port.

The tests of the SPI slaves, of the bridge's SPI master and of the ports compose their own, so that two derivations are
held to each other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from draupnir.tools.tests.sources import trees

# A second derivation.
OWN = (
    "emulator/tests/*/*.py",
    "rtl/tests/*/test_spi.py",
    "rtl/tests/bridge/*.py",
    "tools/tests/test_spi_*.py",
    "tools/tests/spi_streams.py",
    "tools/tests/test_decode*.py",
)
PORTS = ("emulator/spi/*.py", "emulator/*/port.py")
DOWN = "reversed(range("
LAYOUTS = ("emulator/*/layout.py",)


def matches(path: PurePosixPath, patterns: tuple[str, ...]) -> bool:
    return any(path.match(pattern) for pattern in patterns)


def words() -> set[str]:
    """The names of the words that are declared for an SPI: ``NAME = Word("SPI ...", ...)``."""
    return {
        target.id
        for path, tree in trees().items()
        if path.parts[0] == "emulator" and "tests" not in path.parts
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if ast.unparse(node.value.func) == "Word" and ast.unparse(node.value.args[0]).startswith("'SPI ")
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def composed(tree: ast.Module, field_names: set[str]) -> Iterator[int]:
    """The lines that pack or unpack a word of an SPI, join two of its fields, or put a number into MOSI's order."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("encode", "decode", "update"):
            if node.args and ast.unparse(node.args[0]).split(".")[-1] in field_names:
                yield node.lineno
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift):
            if ast.unparse(node.right).split(".")[-1] == "SPI_BITS":
                yield node.lineno
        elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            loops = {
                ast.unparse(g.target) for g in node.generators if ast.unparse(g.iter).startswith("reversed(range(")
            }
            if any(is_bit(node.elt, loop) for loop in loops):
                yield node.lineno
        elif isinstance(node, ast.For) and ast.unparse(node.iter).startswith(DOWN):
            assignments = (inner for inner in node.body if isinstance(inner, ast.Assign))
            if any(is_bit(inner.value, ast.unparse(node.target)) for inner in assignments):
                yield node.lineno


def is_bit(node: ast.expr, i: str) -> bool:
    """Whether an expression is bit ``i`` of something, or something times it."""
    parts = [inner for inner in ast.walk(node) if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.BitAnd)]
    shifts = [part.left for part in parts if ast.unparse(part.right) == "1" and isinstance(part.left, ast.BinOp)]
    arithmetic = not any(isinstance(inner, (ast.IfExp, ast.Call, ast.Subscript)) for inner in ast.walk(node))
    return arithmetic and any(isinstance(s.op, ast.RShift) and ast.unparse(s.right) == i for s in shifts)


def test_the_words_of_the_spi_are_known() -> None:
    assert {"SPI_ADDR", "SPI_DATA", "SPI_HEADER", "SPI_NEURON_ADDR", "SPI_SYNAPSE_ADDR", "SPI_WORD_ADDR"} <= words()


def test_only_the_ports_compose_frames() -> None:
    field_names = words()
    allowed_files = (*OWN, *PORTS, *LAYOUTS)
    composers = [
        f"{path}:{line}"
        for path, tree in trees().items()
        if not matches(path, allowed_files)
        for line in composed(tree, field_names)
    ]
    assert composers == []


@pytest.mark.parametrize(
    "line",
    [
        "addr = encode(layout.SPI_ADDR, cmd=1)",
        "header = decode(SPI_HEADER, first)",
        "both = addr << SPI_BITS | data",
        "bits = [word >> i & 1 for i in reversed(range(40))]",
        "bits = [undriven | mosi * (word >> n & 1) for n in reversed(range(64))]",
        "for bit in reversed(range(width)):\n    mosi = content >> bit & 1",
    ],
)
def test_a_frame_composed_elsewhere_is_found(line: str) -> None:
    assert list(composed(ast.parse(line), {"SPI_ADDR", "SPI_HEADER"})) == [1]
