"""A cocotb test in Verilator: driven only, in lockstep with the model, and as one would write it at first.

The last has cocotb's own clock, sends each event from Python, and reads two pins at each edge of the clock, in Python,
and does nothing with them. The test itself is timed, and apart from it what comes before and after: Python, imports,
the simulator, the back door.
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

COCOTB = "cocotb"  # the workload's name
DRIVEN, CHECKED, NAIVE = "cocotb, driven only", "cocotb, in lockstep", "cocotb, two pins read a clock"
START = "a cocotb test's start and end"
WAYS = {DRIVEN: {"check": False}, CHECKED: {"check": True}, NAIVE: {"check": False, "naive": True}}
SEED = 1


def contestants(chip: Chip, design: Design, times: int, build_dir: Path) -> list[Contestant]:
    """The three ways, of a test that has been seen to pass, and its start; none for a chip that names no test.

    times : how much longer than usual the test is
    """
    name = workloads(chip).cocotb_test
    if name is None:
        return []
    (test,) = catalogue.select(chip, name)
    built = runner.build(design, chip, "verilator", build_dir / "cocotb")
    timing = _Timing(partial(runner.run, built, test, build_dir / "cocotb" / "run", SEED, times=times))
    n_clocks = timing.passed().notes["cycles"]
    ways = [Contestant(way, COCOTB, partial(timing.test, **how), n_clocks=n_clocks) for way, how in WAYS.items()]
    return [*ways, Contestant(START, PROCESS, timing.start)]


class _Timing:
    """The parts of a test's time."""

    def __init__(self, run: partial[runner.BenchOutcome]) -> None:
        self._run, self._start = run, 0.0

    def test(self, **how: bool) -> SelfTimed:
        """Run it."""
        outcome = self.passed(**how)
        seconds: float = outcome.notes["seconds"]
        self._start = outcome.seconds - seconds
        return SelfTimed(seconds)

    def start(self) -> SelfTimed:
        """All but the test itself, of the last run."""
        return SelfTimed(self._start)

    def passed(self, **how: bool) -> runner.BenchOutcome:
        """Run it. Raises Disagreement if it fails."""
        outcome = self._run(**how)
        if not outcome.passed:
            raise Disagreement(f"{COCOTB}: {outcome.test}: {outcome.failure}")
        return outcome
