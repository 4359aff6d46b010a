"""Names are nouns: a bare participle or preposition, such as ``found`` or ``before``, does not say what it holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("draupnir", "emulator", "rtl", "golden", "cocotb_tests", "tools")
WORDS = (
    "accepted added after again against answered asked at before between by changed chosen compared "
    "connected counted declared differing done drawn during found given gone got held hidden installed "
    "into kept known left listed lost made masked merged missing moved named of packed picked received "
    "recorded refused said seen sent shown started stopped taken there to told twice unpacked until used "
    "wanted what where which with without written"
)
FORBIDDEN = frozenset(WORDS.split())
PUBLIC = {  # names that a README, the library, JSON or the protocol of a chip package shows
    ("draupnir/result.py", "done"),
    ("emulator/crossbar/network.py", "done"),
    ("emulator/package.py", "declared"),
    ("emulator/reckon/events/loop.py", "done"),
    ("emulator/reckon/events/loop.py", "received"),
    ("emulator/sne/streams.py", "done"),
    ("emulator/sne/streams.py", "received"),
    ("emulator/speeds/levels.py", "done"),
    ("emulator/speeds/levels.py", "received"),
    ("emulator/speeds/no_bus.py", "done"),
    ("emulator/speeds/runs.py", "done"),
    ("golden/case.py", "after"),
    ("golden/case.py", "before"),
    ("golden/compare/memories.py", "against"),
    ("golden/compare/memories.py", "got"),
    ("golden/compare/pins.py", "got"),
    ("golden/compare/pins.py", "known"),
    ("golden/replay.py", "stopped"),
    ("rtl/fpga/report.py", "used"),
    ("rtl/fpga/report.py", "wanted"),
    ("tools/compile/spi/stream.py", "where"),
    ("tools/host/session.py", "done"),
    ("tools/layers/part.py", "done"),
    ("tools/run/session.py", "done"),
}


def sources() -> Iterator[Path]:
    """All source files. The links in draupnir/ lead to the other rooms."""
    return (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def bound_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and the name of each function, class, parameter, variable and attribute that a source binds."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)):
                yield node.lineno, name


def bare_names(tree: ast.AST, public: frozenset[str] = frozenset()) -> list[str]:
    """The forbidden names that a source binds, each with its line, but not those in ``public``."""
    names = sorted(set(bound_names(tree)))
    return [f"{line}: {name}" for line, name in names if name.strip("_") in FORBIDDEN - public]


def test_no_name_is_a_bare_participle_or_preposition() -> None:
    names_by_file = {}
    for path in sources():
        file = str(path.relative_to(ROOT))
        public = frozenset(name for public_file, name in PUBLIC if public_file == file)
        names_by_file[file] = bare_names(ast.parse(path.read_text()), public)
    assert len(names_by_file) > 700
    assert {file: names for file, names in names_by_file.items() if names} == {}


@pytest.mark.parametrize(("file", "name"), sorted(PUBLIC))
def test_a_public_name_is_still_there(file: str, name: str) -> None:
    assert name in {bound for _, bound in bound_names(ast.parse((ROOT / file).read_text()))}


@pytest.mark.parametrize(
    "source",
    [
        "found = 1",
        "a, found = 1, 2",
        "for found in (): pass",
        "self.found = 1",
        "def found(): pass",
        "def f(found): pass",
        "def f(*, found): pass",
        "class A:\n    found: int",
        "f = lambda found: 1",
        "[1 for found in ()]",
        "with f() as found: pass",
        "if found := 1: pass",
        "try: pass\nexcept OSError as found: pass",
        "async def _found(): pass",
    ],
)
def test_each_way_to_bind_a_name_is_seen(source: str) -> None:
    assert len(bare_names(ast.parse(source))) == 1


@pytest.mark.parametrize("source", ["candidates = 1", "print(found)", "state_before = 1", 'x = "found"'])
def test_other_names_are_allowed(source: str) -> None:
    assert bare_names(ast.parse(source)) == []
