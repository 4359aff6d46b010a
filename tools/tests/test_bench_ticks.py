"""Contestants by timesteps: they are compared before they are measured, and reading files does not count."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.bench import measure, ticks
from draupnir.tools.bench.contestants import Disagreement
from draupnir.tools.bench.measure import Figures
from draupnir.tools.bench.workloads import TickJob, ranc_ticks

READING, STEP = 8.0, 0.5  # seconds


class StillClock:
    """A clock that only the program moves."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def job(clock: StillClock, text: str = "1 0\n0 1\n") -> TickJob:
    """A job whose program reads for a while, and then takes a fixed time for each timestep."""

    def theirs(program: Path, folder: Path, n: int) -> Mapping[str, str]:
        clock.seconds += READING + STEP * n
        return {"output": text}

    return TickJob("steps", lambda n: 7 * n, theirs, lambda n: {"output": "1 0\n0 1\n"}, 50, 6)


def test_a_program_that_differs_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(Disagreement, match=r"steps: sim differs in its output: line 2 is '0 0', and should be '0 1'"):
        list(ticks.contestants(job(StillClock(), "1 0\n0 0\n"), Path("sim"), tmp_path))
    with pytest.raises(Disagreement, match="it has 1 lines, and should have 2"):
        list(ticks.contestants(job(StillClock(), "1 0\n"), Path("sim"), tmp_path))


def test_reading_the_files_does_not_count(tmp_path: Path) -> None:
    clock = StillClock()
    ours, theirs = ticks.contestants(job(clock), Path("sim"), tmp_path, clock)
    assert (ours.n_timesteps, ours.n_synaptic_operations, theirs.n_timesteps) == (50, 350, 5)
    timed = theirs.run()
    assert isinstance(timed, measure.SelfTimed)
    assert timed.seconds == 5 * STEP


def test_without_a_program_only_our_level_is_measured(tmp_path: Path) -> None:
    assert [each.name for each in ticks.contestants(job(StillClock()), None, tmp_path)] == [ticks.LEVEL]


def test_a_ratio_is_of_timesteps(tmp_path: Path) -> None:
    ours, theirs = ticks.contestants(job(StillClock()), Path("sim"), tmp_path)
    ratio = measure.timestep_ratio(Figures(ours, 1, [0.5, 1.0]), Figures(theirs, 1, [0.5, 0.5]))
    assert (ratio.low, ratio.high) == (5.0, 10.0)


@pytest.mark.parametrize(("program", "message"), [("none", "No such file or directory"), ("false", "exit status 1")])
def test_a_program_that_fails_is_named(
    program: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = ranc_ticks.GRID._replace(n_x=2, n_y=2, n_axons=4, n_neurons=4)
    monkeypatch.setattr(ranc_ticks, "GRID", small)
    ranc_ticks._network.cache_clear()
    path = tmp_path / program
    if program == "false":
        path.write_text("#!/bin/sh\nexit 1\n")
        path.chmod(0o755)
    with pytest.raises(InputError, match=rf"--simulator .*{program}: {message}"):
        list(ticks.contestants(ranc_ticks.tick_job(True), path, tmp_path / "files"))
    ranc_ticks._network.cache_clear()
