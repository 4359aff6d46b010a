"""Run golden cases, and cocotb tests, on a design that counts what is covered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from draupnir.cocotb_tests import runner
from draupnir.cocotb_tests.catalogue import Test
from draupnir.cocotb_tests.lib import wrapper
from draupnir.cocotb_tests.runner import BenchOutcome
from draupnir.emulator.declare import Chip
from draupnir.emulator.observed import Observed
from draupnir.emulator.trace import Trace
from draupnir.golden import regress
from draupnir.golden.case import Case
from draupnir.golden.regress import CaseOutcome
from draupnir.rtl.design import Design
from draupnir.rtl.devices import InVerilator, Memories
from draupnir.tools.coverage.dat import Runs


@dataclass
class Measurement:
    """The coverage of a design over golden cases, before it is judged.

    outcomes : each case, as ``draupnir regress`` compares it. The first one that differs is the last one that ran: the
        coverage of a design that is not the chip says nothing
    """

    runs: Runs
    outcomes: list[CaseOutcome]

    @property
    def holds(self) -> bool:
        """True if the design did in every case what was recorded."""
        return all(outcome.holds for outcome in self.outcomes)


class Counted(InVerilator):
    """A design in Verilator that adds what each run covers to ``runs``, which may be replaced.

    numbered : as for ``Verilated.coverage``
    """

    def __init__(self, design: Design, chip: Chip, build_dir: Path, runs: Runs, numbered: bool = False) -> None:
        super().__init__(design, chip, build_dir, coverage=True)
        self.runs, self._numbered = runs, numbered

    def run(self, trace: Trace, initial_memories: Memories) -> Observed:
        """Run the inputs of a trace from the initial state, with these memories before the first row."""
        observed = super().run(trace, initial_memories)
        self.runs.add(self.coverage(self._numbered))
        return observed


def measure(
    design: Design,
    chip: Chip,
    cases: Sequence[Case],
    build_dir: Path,
    waves: Path | None = None,
    took: Callable[[int], None] = lambda n: None,
) -> Measurement:
    """Run cases on a design until one differs.

    waves : as for ``regress``
    took : called with 1 after each case

    Raises InputError as ``regress`` does.
    """
    measurement = Measurement(Runs(), [])
    device = Counted(design, chip, build_dir, measurement.runs)
    for outcome in regress.regress(device, chip, cases, waves=waves):
        measurement.outcomes.append(outcome)
        took(1)
        if not outcome.holds:
            break
    return measurement


@dataclass(frozen=True)
class Benches:
    """Cocotb tests that run on a design, with the same seed.

    chip : the declaration of the design
    folder : an index in ``tests`` is the name of the folder of a test below it, with the test's log
    """

    chip: Chip
    tests: Sequence[Test]
    folder: Path
    seed: int = 1


@dataclass
class BenchMeasurement:
    """The coverage of a design over cocotb tests, before it is judged.

    outcomes : each test, as ``draupnir sim`` runs it. The first one that fails is the last one that ran
    """

    runs: Runs
    outcomes: list[BenchOutcome]


def measure_benches(
    design: Design, benches: Benches, build_dir: Path, took: Callable[[int], None] = lambda n: None
) -> BenchMeasurement:
    """Run tests in Verilator until one fails.

    took : called with 1 after each test

    Raises InputError as ``runner.build`` does.
    """
    measurement = BenchMeasurement(Runs(around=wrapper.TOP), [])
    built = runner.build(design, benches.chip, "verilator", build_dir, coverage=True)
    for i, test in enumerate(benches.tests):
        outcome = runner.run(built, test, benches.folder / str(i), benches.seed)
        measurement.outcomes.append(outcome)
        took(1)
        if not outcome.passed:
            break
        measurement.runs.add((outcome.folder / runner.COVERAGE).read_text(errors="replace"))
    return measurement
