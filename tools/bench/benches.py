"""A cocotb test in Verilator: driven only, in lockstep with the model, and as one would write it at first.

The last reads two pins at each clock, in Python, and does nothing with them. Only the test itself is timed, not the
start of Python and simulator.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from cocotb_tests import runner
from emulator.declare import Chip
from rtl.design import Design
from tools.bench.contestants import Disagreement
from tools.bench.measure import Contestant, Timed
from tools.bench.workloads import cocotb_test

COCOTB = "cocotb"  # the workload's name
DRIVEN, CHECKED, NAIVE = "cocotb, driven only", "cocotb, in lockstep", "cocotb, two pins read a clock"
WAYS = {DRIVEN: {"check": False}, CHECKED: {"check": True}, NAIVE: {"check": False, "naive": True}}
SEED = 1


def contestants(chip: Chip, design: Design, build_dir: Path) -> list[Contestant]:
    """The three ways, of a test that has been seen to pass; none for a chip that names no test."""
    name = cocotb_test(chip)
    if name is None:
        return []
    (test,) = runner.select(chip, name)
    built = runner.build(design, chip, "verilator", build_dir / "cocotb")
    run = partial(runner.run, built, test, build_dir / "cocotb" / "run", SEED)
    seen = run()
    if not seen.passed:
        raise Disagreement(f"{COCOTB}: {test}: {seen.failure}")
    return [
        Contestant(way, COCOTB, partial(_timed, partial(run, **options)), n_clocks=seen.notes["cycles"])
        for way, options in WAYS.items()
    ]


def _timed(run: partial[runner.Outcome]) -> Timed:
    outcome = run()
    if not outcome.passed:
        raise Disagreement(f"{COCOTB}: {outcome.test}: {outcome.failure}")
    return Timed(outcome.notes["seconds"])
