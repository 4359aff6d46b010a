"""For all tests: Hypothesis makes the same examples in every run, compiling may take its time, and Ctrl-C is heard.

Cocotb tests are run by a simulator, through cocotb_tests/tests, and not collected.
"""

import gc
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from draupnir.emulator import chips
from draupnir.emulator.package import place

collect_ignore = [str(path.resolve()) for name in chips.names() if (path := place(chips.package(name), "tests"))]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """If only smoke tests are selected, pass over files without any: importing all files takes longer than that."""
    if config.getoption("markexpr") != "smoke" or not collection_path.name.startswith("test_"):
        return None
    return True if collection_path.is_file() and "mark.smoke" not in collection_path.read_text() else None


def pytest_collection_finish() -> None:
    """Take what exists now out of the garbage collection: it stays to the end, and each full one would visit it."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Give it back, so that Python frees it at its end: pyslang says at length what is not freed."""
    gc.unfreeze()


settings.register_profile("draupnir", deadline=None, derandomize=True, database=None)
settings.load_profile("draupnir")

# A shell has what it begins in the background ignore Ctrl-C, and so would all that the tests begin, and interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
