"""The sources of all rooms as syntax trees, for tests of the laws of the house."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
ROOMS = ("emulator", "golden", "rtl", "cocotb_tests", "tools")  # the top folders, none of which imports a later one


@cache
def paths() -> frozenset[PurePosixPath]:
    """All source files, by their paths from the checkout's folder."""
    files = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return frozenset(PurePosixPath(path.relative_to(ROOT).as_posix()) for path in files)


@cache
def trees() -> dict[PurePosixPath, ast.Module]:
    """The syntax tree of each source file. Parsing all takes seconds, so no module does it when it is imported."""
    return {path: ast.parse((ROOT / path).read_text()) for path in sorted(paths())}


def is_test(path: PurePosixPath) -> bool:
    """Whether a file belongs to the tests of a room, and not to the product."""
    return "tests" in path.parts or path.name == "conftest.py"


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of each thing of ours that a file imports, anywhere in it: a module, or a name in one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names if name.name.startswith("draupnir."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "draupnir":
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)


def file_of(name: str) -> PurePosixPath | None:
    """The file that an imported name stands in, or is; None for a folder, or for what is no source."""
    parts = name.split(".")[1:]
    for n in (len(parts), len(parts) - 1):
        for path in (PurePosixPath(*parts[:n]).with_suffix(".py"), PurePosixPath(*parts[:n], "__init__.py")):
            if path in paths():
                return path
    return None
