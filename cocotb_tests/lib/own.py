"""Load a user's own file of cocotb tests, or a module of a chip's package, and list its tests.

``python -P -m draupnir.cocotb_tests.lib.own FILE [MODULE]`` prints a JSON object. It has "tests", a list of full name,
name, and true if the file skips the test; or "error", a line. With MODULE the file is imported by this name. This is a
process of its own, because importing a file runs it, and it may do anything.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import cocotb
from cocotb.regression import Test, TestGenerator


def load(path: Path) -> ModuleType:
    """Import a file as a module of its own name. The file may import other files in its folder.

    Raises ImportError if Python already has a module of this name, and any exception that the file raises.
    """
    name = path.stem
    if name in sys.modules:
        raise ImportError(f"Python has a module {name!r} already; give the file another name")
    sys.path.insert(0, str(path.parent.resolve()))
    return importlib.import_module(name)


def tests_of(module: ModuleType) -> Iterator[Test]:
    """Yield the tests of a module as cocotb itself finds them; a test with parameters comes once for each set."""
    for one in vars(module).values():
        if isinstance(one, Test):
            yield one
        elif isinstance(one, TestGenerator):
            yield from one.generate_tests()


def listing(path: Path, module: str = "") -> dict[str, object]:
    """Return the JSON object for a file.

    module : the name of the module in its package; "" for a file without a package
    """
    vars(cocotb).setdefault("top", SimpleNamespace())  # A simulation would set these before the import.
    vars(cocotb).setdefault("RANDOM_SEED", 0)
    vars(cocotb).setdefault("SIM_NAME", "")
    vars(cocotb).setdefault("plusargs", {})
    try:
        return {"tests": [(test.fullname, test.name, test.skip) for test in tests_of(_imported(path, module))]}
    except SyntaxError as error:
        return {"error": f"{_place(path, error.filename, error.lineno)}: {error.msg}"}
    except (Exception, SystemExit) as error:
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == _absolute(path)
        ]
        problem = " ".join(f"{type(error).__name__}: {error}".split())
        return {"error": f"{_place(path, str(path), lines[-1] if lines else None)}: {problem}"}


def _imported(path: Path, module: str) -> ModuleType:
    return importlib.import_module(module) if module else load(path)


def _absolute(path: Path) -> str:
    return str(path.parent.resolve() / path.name)


def _place(path: Path, file: str | None, line: int | None) -> str:
    place = str(path) if file is None or Path(file) == Path(_absolute(path)) else file
    return place if line is None else f"{place}:{line}"


def main() -> None:
    """Print the JSON object; the file's own output goes to stderr."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with out:
        json.dump(listing(Path(sys.argv[1]), *sys.argv[2:]), out)


if __name__ == "__main__":
    main()
