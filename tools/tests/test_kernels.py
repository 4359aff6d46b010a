"""Before the tests, the kernels of all chips and all tools are compiled, each in one process only."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.levels import CLOSED_LOOP
from draupnir.rtl.fpga import tools
from draupnir.tools.setup import kernels

Jobs = list[partial[None]]


def use_pool(monkeypatch: pytest.MonkeyPatch, work: Callable[[Jobs], Iterator[None]]) -> None:
    """Put a pool in place of processes; work : does its jobs"""

    class OneProcess:
        def __init__(self, n: int, initializer: Any) -> None:
            assert n >= 1 and callable(initializer)

        def __enter__(self) -> OneProcess:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def imap_unordered(self, function: Any, jobs: Jobs) -> Iterator[None]:
            assert function is operator.call
            return work(jobs)

    monkeypatch.setattr(kernels, "get_context", lambda method: type("Context", (), {"Pool": OneProcess}))


def test_each_chip_and_each_tool_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: Jobs = []
    use_pool(monkeypatch, lambda all_jobs: map(jobs.append, all_jobs))
    kernels.main()
    compiled = [job.args[0] for job in jobs if job.func is kernels.compile_chip]
    assert sorted(compiled) == sorted(chips.names())
    assert compiled[: len(kernels.FIRST)] == list(kernels.FIRST)
    assert [job.args[0] for job in jobs if job.func is kernels.compile_tool] == list(tools.NAMES)
    assert len(jobs) == len(compiled) + len(tools.NAMES)


def test_a_tool_runs_once_if_it_is_in_webassembly(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tools, "run", lambda *arguments: ran.append(arguments))
    monkeypatch.setattr(tools, "find", lambda name: tools.Tool((name,), "1", name, in_wasm=name != "yosys"))
    for name in ("yosys", "icepack"):
        kernels.compile_tool(name)
    assert [arguments[:2] for arguments in ran] == [("icepack", ["--help"])]


def test_a_tool_that_is_not_there_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    questions: list[str] = []

    def find(name: str) -> tools.Tool:
        questions.append(name)
        raise InputError(f"no {name}")

    monkeypatch.setattr(tools, "find", find)
    kernels.compile_tool("yosys")
    assert questions == ["yosys"]


def test_ctrl_c_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(jobs: Jobs) -> Iterator[None]:
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
