"""A chip's main job: a whole experiment with an RTL beside the golden model, at the simulator's own speed."""

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

    n_compared : clocks compared without a difference; bits : the output bits that were compared
    difference : where the RTL first left the model, None if it did not; text : the same in words
    results : of the job that was done, as its own functions take them; None if there is a difference
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
    """The job that ``draupnir sim`` does with a chip unless a test is named.

    test : the cocotb module, or test, that does the same under cocotb
    title : what the job is, for people: "ODIN's digits"; page : the title of its page
    n_images : of which it consists unless told otherwise
    run : does it with a Verilated RTL, a number of images, a seed, a folder for evidence, the command that repeats it,
        and who is told of each image
    write_report : writes the pages of a job that ended without a difference, into a folder; returns its files
    figures : these results in words; as_object : as plain numbers, with the files' names
    """

    test: str
    title: str
    page: str
    n_images: int
    run: Callable[[Verilated, int, int, Path, str, Callable[[int], None]], JobOutcome]
    write_report: Callable[[Path, Any, Origin], list[Path]]
    figures: Callable[[Any], Mapping[str, str]]
    as_object: Callable[[Any, list[Path]], Mapping[str, Any]]


def _is_job(found: object) -> TypeGuard[MainJob]:
    return isinstance(found, MainJob)


MAIN_JOB: Part[MainJob] = Part("main_job", "main job", "its cocotb tests are run", _is_job, "a MainJob")


def counts(outcome: JobOutcome) -> str:
    """Return what was compared until the RTL left the model, in words."""
    return f"{outcome.n_compared:,} clocks compared without a difference, {outcome.bits}, then 1 mismatch"


def write_difference(job: MainJob, report: Path, outcome: JobOutcome, origin: Origin) -> Path:
    """Write a page that says where the RTL left the model."""
    from draupnir.golden.files import filling

    parts = [pages.verdict(False, counts(outcome)), pages.text("The first mismatch", outcome.text)]
    with filling(report) as temporary:
        (temporary / pages.PAGE).write_text(pages.page(job.page, parts, origin))
    return report / pages.PAGE


def junit_result(job: MainJob, outcome: JobOutcome) -> junit.JUnitResult:
    """Return the job as one result, which has failed if the RTL left the model."""
    failure = f"{counts(outcome)}\n{outcome.text}" if outcome.difference else ""
    compared = junit.counts(outcome.n_compared, int(bool(outcome.difference)), outcome.bits)
    return junit.JUnitResult("main job", job.title, failure, properties=compared)


def as_json(job: MainJob, outcome: JobOutcome, files: list[Path]) -> dict[str, Any]:
    """Return the outcome for JSON."""
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
