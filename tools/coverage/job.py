"""A whole job of ``draupnir cover``: run the cases and tests, judge the points, write the files."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from draupnir.cocotb_tests.runner import BenchOutcome
from draupnir.emulator import package as parts
from draupnir.emulator.declare import Chip
from draupnir.emulator.package import ChipPackage
from draupnir.golden.case import Case
from draupnir.golden.files import replacing_all
from draupnir.golden.regress import CaseOutcome
from draupnir.rtl.design import Design
from draupnir.tools.coverage import functional, lcov, report, waivers
from draupnir.tools.coverage.functional import Bins
from draupnir.tools.coverage.measure import BenchMeasurement, Measurement
from draupnir.tools.coverage.places import Places
from draupnir.tools.coverage.points import Point, selected
from draupnir.tools.coverage.waivers import Judgement, Waiver
from draupnir.tools.report import schema

FILES = ("cover.json", "cover.info", "functional.yml")


@dataclass(frozen=True)
class Coverage:
    """The coverage of a design over golden cases, and over cocotb tests.

    hits : the points of the design, and how often each was hit; judgement : what became of them
    outcomes : the cases that ran; bench_outcomes : the tests that ran
    bins : the functional coverage of the cases; empty if it was not counted
    """

    hits: dict[Point, int]
    judgement: Judgement
    places: Places
    outcomes: list[CaseOutcome]
    bins: Bins = field(default_factory=dict)
    bench_outcomes: list[BenchOutcome] = field(default_factory=list)

    @property
    def differing_cases(self) -> list[CaseOutcome]:
        """The cases in which the design is not the chip; the coverage then says nothing."""
        return [outcome for outcome in self.outcomes if not outcome.holds]

    @property
    def failed_tests(self) -> list[BenchOutcome]:
        """The tests that failed; the coverage then says nothing, either."""
        return [outcome for outcome in self.bench_outcomes if not outcome.passed]

    @property
    def is_of_chip(self) -> bool:
        """True if no case differs and no test failed, so that the design is the chip."""
        return not (self.differing_cases or self.failed_tests)

    @property
    def holds(self) -> bool:
        """True if the design is the chip, no point that a waiver names was hit after all, and all proofs succeed."""
        return self.is_of_chip and not (self.judgement.hit or self.judgement.unproved)

    def lines(self) -> list[str]:
        """Return the result as lines for people."""
        n_cycles = sum(outcome.n_cycles for outcome in self.outcomes)
        return [
            *report.open_lines(self.judgement, self.places),
            *report.waiver_lines(self.judgement),
            *(functional.lines(self.bins) if self.bins else ()),
            *report.table(self.hits, self.judgement),
            f"{len(self.outcomes)} cases, {n_cycles:,} clocks, {len(self.differing_cases)} cases differ",
            *self._test_lines(),
        ]

    def _test_lines(self) -> Iterator[str]:
        """Yield the number of tests, if there are any, and the reason for which one failed."""
        if self.bench_outcomes:
            n_clocks = sum(outcome.notes.get("compared", 0) for outcome in self.bench_outcomes)
            yield f"{len(self.bench_outcomes)} tests, {n_clocks:,} clocks, {len(self.failed_tests)} tests failed"
        for outcome in self.failed_tests:
            yield f"{outcome.test} failed; log in {outcome.folder / 'log.txt'}\n{outcome.failure}"

    def as_object(self) -> dict[str, Any]:
        """Return the result as an object for JSON."""
        return {
            "holds": self.holds,
            "cases": [outcome.case.name for outcome in self.outcomes],
            "clocks": sum(outcome.n_cycles for outcome in self.outcomes),
            "differing": [outcome.case.name for outcome in self.differing_cases],
            "tests": [str(outcome.test) for outcome in self.bench_outcomes],
            "failed": [str(outcome.test) for outcome in self.failed_tests],
            **report.as_object(self.hits, self.judgement, self.places),
            "functional": functional.as_object(self.bins),
        }


def waivers_of(chip: ChipPackage, is_ours: bool, file: Path | None = None) -> tuple[Waiver, ...]:
    """Return the waivers of a file, or else those of the chip, if it has any. Raises InputError for a wrong file."""
    path = file or parts.place(chip, "waivers")
    return waivers.read(path, "ours" if is_ours else "original") if path else ()


def cover(
    groups: Sequence[tuple[Chip, Sequence[Case]]],
    measurement_of: Callable[[Chip, Sequence[Case]], Measurement],
    waived: Sequence[Waiver],
    count: Callable[[Chip, Sequence[Case]], Bins] | None = None,
    run_tests: Callable[[], BenchMeasurement] | None = None,
) -> Coverage:
    """Run cases on a design until one differs, then tests until one fails, and return what they cover.

    groups : the declaration of each set of sizes, and its cases; see ``regress.by_sizes``
    measurement_of : runs the cases of a declaration, as ``measure`` does
    count : counts the functional coverage of the cases, as ``functional.count`` does; None to leave it out
    run_tests : runs cocotb tests, as ``measure_benches`` does; None to leave them out

    Raises what these functions raise.
    """
    hits: Counter[Point] = Counter()
    outcomes: list[CaseOutcome] = []
    for declaration, cases in groups:
        measurement = measurement_of(declaration, cases)
        hits.update(measurement.runs.hits())
        outcomes += measurement.outcomes
        if not measurement.holds:
            break
    bench_outcomes: list[BenchOutcome] = []
    all_hold = all(outcome.holds for outcome in outcomes)
    if run_tests and all_hold:
        of_tests = run_tests()
        hits.update(of_tests.runs.hits())
        bench_outcomes = of_tests.outcomes
    places = Places()
    of_design = selected(hits, places.counts)
    bins = functional.total(count(declaration, cases) for declaration, cases in groups) if count and all_hold else {}
    return Coverage(of_design, waivers.judge(of_design, waived, places), places, outcomes, bins, bench_outcomes)


def prove(
    coverage: Coverage,
    chip: ChipPackage,
    design: Design,
    took: Callable[[int], None] = lambda n: None,
    seconds: float = 60.0,
) -> Coverage:
    """Return the coverage with the outcome of each proof that a waiver names.

    design : the one that was measured, with the sizes that the chip has by default
    took : called with 1 after each point
    seconds : the solver's limit for each point

    Raises InputError if Yosys does not understand the sources.
    """
    from draupnir.tools.coverage.unreachable import unreachable  # needs the extra [prove]

    with tempfile.TemporaryDirectory() as folder:
        proofs = unreachable(chip, design, coverage.judgement.to_prove, Path(folder), seconds, took)
    return replace(coverage, judgement=replace(coverage.judgement, proofs=proofs))


def write(coverage: Coverage, folder: Path, content: dict[str, Any], title: str) -> None:
    """Write ``cover.json`` with this content, ``cover.info``, and ``functional.yml`` if it was counted."""
    texts = {"cover.json": schema.text("cover", content) + "\n", "cover.info": lcov.info(coverage.hits, title)}
    if coverage.bins:
        texts["functional.yml"] = json.dumps(functional.database(coverage.bins, title), indent=1) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    with replacing_all([folder / name for name in texts]) as files:
        for file, text in zip(files, texts.values(), strict=True):
            file.write_text(text)
