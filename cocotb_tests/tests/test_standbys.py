"""Tests run in copies of one simulator, and give the same results as in simulators of their own."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from draupnir.cocotb_tests import catalogue, runner, standbys
from draupnir.cocotb_tests.lib.standby import ANSWERS, READY, TESTS
from draupnir.cocotb_tests.runner import BenchOutcome, BuiltDesign, Simulator
from draupnir.emulator import chips
from draupnir.rtl import emit

CHIP = "snn_accelerator"
# A program that stands by as a simulator does, and answers each test with a status.
ANSWERING = f"""
import os
answers = os.fdopen(int(os.environ["{ANSWERS}"]), "w", buffering=1)
print("{READY}", file=answers)
for _ in os.fdopen(int(os.environ["{TESTS}"])):
    print(7, file=answers)
"""


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No simulator stands by before a test, and none is left after it."""
    standbys.end_all()
    yield
    standbys.end_all()


def built(simulator: Simulator, tmp_path: Path, root: Path) -> BuiltDesign:
    chip = chips.declaration(CHIP)
    return runner.build(emit.design(CHIP, tmp_path), chip, simulator, root / "build" / "cocotb")


def results(outcome: BenchOutcome) -> dict[str, object]:
    """Return all notes of a test that do not depend on the speed of the machine."""
    return {name: note for name, note in outcome.notes.items() if name not in ("seconds", "cpu")}


@pytest.mark.parametrize(
    "simulator",
    [
        pytest.param("icarus", marks=(pytest.mark.icarus, pytest.mark.smoke)),
        pytest.param("verilator", marks=pytest.mark.verilator),
    ],
)
def test_copies_of_a_simulator_give_the_same_results_as_a_simulator_of_their_own(
    simulator: Simulator, tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = built(simulator, tmp_path, pytestconfig.rootpath)
    test = catalogue.tests(design.chip)[0]
    in_copies = [runner.run(design, test, tmp_path / f"copy{i}", seed=3) for i in range(2)]
    assert len(standbys._idle) == 1
    monkeypatch.setattr(standbys, "run", lambda *_: None)
    alone = runner.run(design, test, tmp_path / "alone", seed=3)
    assert alone.passed, alone.failure
    assert alone.notes["compared"] > 0
    for copy in in_copies:
        assert copy.failure == ""
        assert results(copy) == results(alone)
        assert "TESTS=1 PASS=1" in (copy.folder / "log.txt").read_text()


@pytest.mark.icarus
def test_a_simulator_that_has_ended_is_replaced(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    design = built("icarus", tmp_path, pytestconfig.rootpath)
    test = catalogue.tests(design.chip)[0]
    assert runner.run(design, test, tmp_path / "run", seed=1).passed
    (standby,) = standbys._idle
    os.kill(standby._process.pid, signal.SIGKILL)
    while standby.is_alive():
        time.sleep(0.01)
    assert runner.run(design, test, tmp_path / "run", seed=1).passed
    assert standby not in standbys._idle


def test_a_program_that_never_stands_by_leaves_the_test_to_a_simulator_of_its_own(tmp_path: Path) -> None:
    assert standbys.run(["false"], dict(os.environ), tmp_path, tmp_path / "log.txt") is None
    assert not standbys._idle


def test_only_so_many_stand_by(tmp_path: Path) -> None:
    """Another environment needs another simulator."""
    command = [sys.executable, "-S", "-c", ANSWERING]
    processes = []
    for name in ("a", "b", "c", "c"):
        assert standbys.run(command, {"NAME": name}, tmp_path, tmp_path / "log.txt") == 7
        processes.append(standbys._idle[-1]._process)
    assert [process.returncode is None for process in processes] == [False, True, True, True]
    assert processes[2] is processes[3]
