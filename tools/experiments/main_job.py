"""The main job of a chip: a whole experiment on an RTL and the golden model, at the simulator's own speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from draupnir.emulator.package import Part
from draupnir.tools.report import junit, pages
from draupnir.tools.report.provenance import Origin

if TYPE_CHECKING:
    from draupnir.golden.compare import ComparedBits, FirstDifference
    from draupnir.rtl.verilated import Verilated


class JobOutcome(Protocol):
    """The outcome of a main job.

    n_compared : the number of clocks without a difference; bits : the output bits that were compared
    difference : the first difference between RTL and model, None if there is none; text : the same in words
    results : the results of the job, for its own functions; None if there is a difference
    """

    @property
    def n_compared(self) -> int: ...

    @property
    def bits(self) -> ComparedBits: ...

    @property
    def difference(self) -> FirstDifference | None: ...

    @property
    def text(self) -> str: ...

    @property
    def results(self) -> Any: ...


@dataclass(frozen=True)
class MainJob:
    """The job that ``draupnir sim`` runs with a chip if the user names no test.

    test : the cocotb module, or test, that runs the same job under cocotb
    title : a name of the job for people, such as "ODIN's digits"; page : the title of its page
    n_images : the default number of images, at least 1
    run : a function that runs the job. It takes a Verilated RTL, the number of images, a seed, a folder for evidence,
        the command that repeats it, and a function that is called with 1 after each image
    write_report : a function that writes the pages of a job without a difference into a folder, and returns its files
    figures : a function that gives these results in words; as_object : one that gives an object for JSON
    """

    test: str
    title: str
    page: str
    n_images: int
    run: Callable[[Verilated, int, int, Path, str, Callable[[int], None]], JobOutcome]
    write_report: Callable[[Path, Any, Origin], list[Path]]
    figures: Callable[[Any], Mapping[str, str]]
    as_object: Callable[[Any, list[Path]], Mapping[str, Any]]


def _is_job(candidate: object) -> TypeGuard[MainJob]:
    return isinstance(candidate, MainJob)


MAIN_JOB: Part[MainJob] = Part("main_job", "main job", "its cocotb tests are run", _is_job, "a MainJob")


def counts(outcome: JobOutcome) -> str:
    """The counts up to the first difference, in words."""
    return f"{outcome.n_compared:,} clocks compared without a difference, {outcome.bits}, then 1 mismatch"


def write_difference(job: MainJob, report: Path, outcome: JobOutcome, origin: Origin) -> Path:
    """Write a page on the first difference between RTL and model. Returns its path."""
    from draupnir.golden.files import filling

    parts = [pages.verdict(False, counts(outcome)), pages.text("The first mismatch", outcome.text)]
    with filling(report) as temporary:
        (temporary / pages.PAGE).write_text(pages.page(job.page, parts, origin))
    return report / pages.PAGE


def junit_result(job: MainJob, outcome: JobOutcome) -> junit.JUnitResult:
    """The job as one result, which is a failure if RTL and model differ."""
    failure = f"{counts(outcome)}\n{outcome.text}" if outcome.difference else ""
    properties = junit.counts(outcome.n_compared, int(bool(outcome.difference)), outcome.bits)
    return junit.JUnitResult("main job", job.title, failure, properties=properties)


def as_json(job: MainJob, outcome: JobOutcome, files: list[Path]) -> dict[str, Any]:
    """The outcome as an object for JSON."""
    n_mismatches = int(bool(outcome.difference))
    return {
        "holds": not n_mismatches,
        "compared": outcome.n_compared,
        "mismatches": n_mismatches,
        "output_bits": outcome.bits.total,
        "bits_compared": outcome.bits.n_compared,
        "difference": outcome.text,
        "first_difference": outcome.difference.as_object() if outcome.difference else None,
        **(job.as_object(outcome.results, files) if outcome.results else {}),
    }
