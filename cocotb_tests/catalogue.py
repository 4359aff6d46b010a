"""The catalogue of cocotb tests: those of each chip, and those in a user's own files."""

from __future__ import annotations

import ast
import difflib
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import Part, lacks, place
from draupnir.rtl import processes

if TYPE_CHECKING:
    from draupnir.cocotb_tests.lib.bench import ChipBench


def _is_bench(part: object) -> TypeGuard[type[ChipBench]]:
    from draupnir.cocotb_tests.lib.bench import ChipBench  # needs cocotb

    return isinstance(part, type) and issubclass(part, ChipBench)


PAGE = "cocotb_tests/README.md"
BENCH: Part[type[ChipBench]] = Part(
    "bench", "cocotb bench", "no test of its own can be run", _is_bench, "a subclass of lib.bench.ChipBench"
)
_WITH_PARAMETERS = re.compile(r"[\w.]+(/\w+=[^/]*)+")
N_CLOSE = 3  # the number of names that a message proposes for an unknown name


@dataclass(frozen=True)
class Test:
    """A cocotb test.

    module : the name of its file, without "test_" and ".py"
    name : the name of the function, without "test_", and then the test's parameters, if it has any
    fullname : cocotb's name of the test
    path : the file of a test in a user's own file; None for Draupnir's tests
    skip : True if the file says that the test runs only when a user names it
    """

    module: str
    name: str
    fullname: str
    path: Path | None = None
    skip: bool = False

    __test__ = False  # It tells pytest that this is no test class.

    def __str__(self) -> str:
        """Return the words by which ``select`` finds the test."""
        return f"{self.path}::{self.name}" if self.path else self.label

    @property
    def label(self) -> str:
        """Return a short name."""
        return f"{self.module}.{self.name}"


def tests(chip: Chip) -> list[Test]:
    """Return all cocotb tests of a chip, its own and those that it shares.

    The tests are read from the sources. Some files must be imported to find their tests, for instance if these have
    parameters; a process of its own does that. Raises InputError for a file that cannot be imported.
    """
    package = chips.package(chip.name)
    all_tests: list[Test] = []
    for attribute in ("tests", "shared_tests"):
        folder = place(package, attribute)
        for path in sorted(folder.glob("test_*.py")) if folder else ():
            all_tests += _in_module(f"{getattr(package, attribute)}.{path.stem}", path)
    return all_tests


def _in_module(module: str, path: Path) -> list[Test]:
    """Return the tests in a module of a chip's package."""
    functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.AsyncFunctionDef)]
    if all(map(_is_plain, functions)):
        rows = [(f"{module}.{node.name}", node.name, False) for node in functions if node.decorator_list]
    else:
        rows = _listing(path, module)
    return [Test(_short(path.stem), _short(name), fullname, skip=skip) for fullname, name, skip in rows]


def _is_plain(node: ast.AsyncFunctionDef) -> bool:
    """Return True if a function is no test, or if ``@cocotb.test(...)`` is its only decorator and does not skip it."""
    if not node.decorator_list:
        return True
    (first, *more) = node.decorator_list
    options = first.keywords if isinstance(first, ast.Call) else []
    decorator = first.func if isinstance(first, ast.Call) else first
    return not more and ast.unparse(decorator) == "cocotb.test" and all(o.arg not in ("skip", "name") for o in options)


def select(chip: Chip, *names_of_user: str) -> list[Test]:
    """Return the tests that some names select, each once, in the order of the names.

    A name is "all", a module, a test, or "module.test", with or without "test_". It may also be a file with tests, a
    folder of such files, or "FILE::TEST" for one test.

    Raises InputError for a name that selects nothing, and for a file that is missing or cannot be imported.
    """
    selection: dict[Test, None] = {}
    for text in names_of_user:
        is_path = "::" in text or text.endswith(".py") or ("/" in text and not _is_one_of_several(text))
        selection.update(dict.fromkeys(_in_files(text) if is_path else _of_chip(chip, text)))
    return [*selection]


def _is_one_of_several(text: str) -> bool:
    """Return True if a text names a test with its parameters, and not a folder."""
    return _WITH_PARAMETERS.fullmatch(text) is not None and not Path(text).exists()


def _of_chip(chip: Chip, text: str) -> list[Test]:
    every = tests(chip)
    if not every:
        raise InputError(
            f"--test {text}: {lacks(chips.package(chip.name), 'tests', 'cocotb tests of its own')}; "
            f"name a file, --test path/to/test_mine.py ({PAGE} shows one)"
        )
    name = ".".join(_short(part) for part in text.split("."))
    names = {test: _names(test) for test in every}
    selection = [test for test in every if name in names[test]]
    if not selection:
        modules = sorted({test.module for test in every})
        raise InputError(
            f"--test {text}: no such test of {chip.name}{_proposal(name, [n for all_ in names.values() for n in all_])}"
            f"; there are: all, {', '.join(modules)}, and the tests in them; or a file, path/to/test_mine.py"
        )
    return selection


def _names(test: Test) -> tuple[str, ...]:
    """Return the words that select a test of a chip. A test with ``skip`` runs only when a user names it."""
    one = [test.name, test.label, *(name.partition("/")[0] for name in (test.name, test.label))]
    return (*(() if test.skip else ("all", test.module)), *dict.fromkeys(one))


def _proposal(name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, [*dict.fromkeys(names)], N_CLOSE)
    return f"; close to it: {', '.join(close)}" if close else ""


def _short(name: str) -> str:
    return name.removeprefix("test_")


# --- A user's own files ------------------------------------------------------------------------------------------


def _in_files(text: str) -> list[Test]:
    """Return the tests that FILE, FOLDER or FILE::TEST selects."""
    file, colons, name = text.partition("::")
    path = Path(file)
    if path.is_dir():
        files = sorted(path.glob("test_*.py"))
        if not files:
            raise InputError(f"--test {text}: no test_*.py in this folder")
    elif path.is_file():
        files = [path]
    else:
        raise InputError(f"--test {text}: no such file: {path}")
    all_tests = [test for one in files for test in _in_file(one)]
    if not colons:
        if all(test.skip for test in all_tests):
            raise InputError(f"--test {text}: all of its tests are to be skipped; FILE::TEST runs one all the same")
        return [test for test in all_tests if not test.skip]
    selection = [test for test in all_tests if _short(name) in (test.name, test.name.partition("/")[0])]
    if not selection:
        names = [test.name for test in all_tests]
        raise InputError(f"--test {text}: no such test{_proposal(_short(name), names)}; there are: {', '.join(names)}")
    return selection


def _in_file(path: Path) -> list[Test]:
    """Return all tests of a file, which a process of its own imports."""
    if path.suffix != ".py" or not re.fullmatch(r"[\w-]+", path.stem):
        raise InputError(f"--test {path}: the name of a file of tests is of letters, digits, - and _, and ends in .py")
    rows = _listing(path)
    if not rows:
        raise InputError(f"--test {path}: no cocotb test in it, that is, no async function below @cocotb.test()")
    return [Test(_short(path.stem), _short(name), fullname, path, skip) for fullname, name, skip in rows]


def _listing(path: Path, module: str = "") -> list[tuple[str, str, bool]]:
    """Import a file in a process, and return for each test its full name, its name, and True if it is skipped.

    module : the file's name in its package; "" for a file without a package

    Raises InputError for a file that cannot be imported.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-P", "-m", "draupnir.cocotb_tests.lib.own", str(path), *filter(None, [module])]
    process = processes.output_of(command, env=environment)
    if process.returncode or not process.stdout:
        raise InputError(f"--test {path}: importing it ended Python, with status {process.returncode}")
    answer = json.loads(process.stdout)
    if "error" in answer:
        raise InputError(f"--test {answer['error']}")
    return [(fullname, name, skip) for fullname, name, skip in answer["tests"]]
