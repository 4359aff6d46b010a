"""A cocotb test in Verilator, in three ways: driven only, in lockstep with the model, and naive.

The naive way uses cocotb's own clock, sends each event from Python, and reads two pins in Python at each edge of the
clock, without a comparison. The time of the test itself is measured apart from the time before and after it: Python,
imports, the simulator, and direct access to memories.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from draupnir.cocotb_tests import catalogue, runner
from draupnir.emulator.declare import Chip
from draupnir.rtl.design import Design
from draupnir.tools.bench.commands import PROCESS
from draupnir.tools.bench.contestants import Disagreement
from draupnir.tools.bench.measure import Contestant, SelfTimed
from draupnir.tools.bench.workloads import workloads

COCOTB = "cocotb"  # the name of the workload
DRIVEN, CHECKED, NAIVE = "cocotb, driven only", "cocotb, in lockstep", "cocotb, two pins read a clock"
START = "a cocotb test's start and end"
WAYS = {DRIVEN: {"check": False}, CHECKED: {"check": True}, NAIVE: {"check": False, "naive": True}}
SEED = 1


def contestants(chip: Chip, design: Design, times: int, build_dir: Path) -> list[Contestant]:
    """The three ways of the chip's test, and its start. The list is empty if the chip names no test.

    times : the test is so many times as long as usual, at least 1
    Raises Disagreement if the test fails.
    """
    name = workloads(chip).cocotb_test
    if name is None:
        return []
    (test,) = catalogue.select(chip, name)
    bench = runner.build(design, chip, "verilator", build_dir / "cocotb")
    timing = _Timing(partial(runner.run, bench, test, build_dir / "cocotb" / "run", SEED, times=times))
    n_clocks = timing.run_test().notes["cycles"]
    ways = [Contestant(way, COCOTB, partial(timing.test, **how), n_clocks=n_clocks) for way, how in WAYS.items()]
    return [*ways, Contestant(START, PROCESS, timing.start)]


class _Timing:
    """The parts of the time of a test."""

    def __init__(self, run: partial[runner.BenchOutcome]) -> None:
        self._run, self._start = run, 0.0

    def test(self, **how: bool) -> SelfTimed:
        """Run the test. Returns its own time."""
        outcome = self.run_test(**how)
        seconds: float = outcome.notes["seconds"]
        self._start = outcome.seconds - seconds
        return SelfTimed(seconds)

    def start(self) -> SelfTimed:
        """The time of the last run without the test itself."""
        return SelfTimed(self._start)

    def run_test(self, **how: bool) -> runner.BenchOutcome:
        """Run the test. Raises Disagreement if it fails."""
        outcome = self._run(**how)
        if not outcome.passed:
            raise Disagreement(f"{COCOTB}: {outcome.test}: {outcome.failure}")
        return outcome
