"""Before the tests, the kernels of all chips are compiled, each in one process only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from draupnir.emulator import chips
from draupnir.emulator.speeds.levels import CLOSED_LOOP
from draupnir.tools.setup import kernels


def use_pool(monkeypatch: pytest.MonkeyPatch, work: Callable[[list[str]], Iterator[None]]) -> None:
    """Put a pool in place of processes; work : does its work on the names of chips"""

    class OneProcess:
        def __init__(self, n: int, initializer: Any) -> None:
            assert n >= 1 and callable(initializer)

        def __enter__(self) -> OneProcess:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def imap_unordered(self, function: Any, names: list[str]) -> Iterator[None]:
            assert function is kernels.compile_chip
            return work(names)

    monkeypatch.setattr(kernels, "get_context", lambda method: type("Context", (), {"Pool": OneProcess}))


def test_each_chip_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    use_pool(monkeypatch, lambda names: map(compiled.append, names))
    kernels.main()
    assert sorted(compiled) == sorted(chips.names())
    assert compiled[:2] == list(kernels.FIRST)


def test_ctrl_c_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(names: list[str]) -> Iterator[None]:
        raise KeyboardInterrupt

    use_pool(monkeypatch, interrupt)
    with pytest.raises(SystemExit) as error:
        kernels.main()
    assert error.value.code == 130


def test_all_levels_of_a_chip_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop of a chip without a bus runs each workload, and its clock level a clock."""
    runs = []
    level = CLOSED_LOOP.load(chips.package("wrapped_snn_network"))
    assert level is not None
    run = level.run
    monkeypatch.setattr(level, "run", lambda *arguments: runs.append(run(*arguments).n_cycles))
    kernels.compile_chip("wrapped_snn_network")
    assert len(runs) == 1 and runs[0] > 0
