"""`draupnir cover`: what the golden cases and cocotb tests reach in an RTL, and what they leave open."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from draupnir.emulator import chips
from draupnir.tools.jobs.options import JobOptions, job_options
from draupnir.tools.report import provenance, schema
from draupnir.tools.terminal import builds, options, outputs
from draupnir.tools.terminal.arguments import FOLDER, case_option, chip_argument, json_option
from draupnir.tools.terminal.completion import complete_test
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.progress import progress

if TYPE_CHECKING:
    from draupnir.cocotb_tests.catalogue import Test
    from draupnir.emulator.declare import Chip
    from draupnir.golden.case import Case
    from draupnir.tools.coverage.functional import Bins
    from draupnir.tools.coverage.job import Coverage
    from draupnir.tools.coverage.measure import BenchMeasurement, Measurement

BUILD = Path("build/cover")


@click.command("cover")
@chip_argument
@options.rtl_options()
@case_option("Run")
@click.option(
    "--test",
    "test_names",
    metavar="T",
    multiple=True,
    shell_complete=complete_test,
    help='Also run a cocotb test, a module of tests, or "all", as `draupnir sim --test` does. May be repeated.',
)
@click.option(
    "--golden", metavar="DIR", type=click.Path(path_type=Path), help="Folder of cases.  [default: the chip's own]"
)
@click.option(
    "--waivers",
    "waiver_file",
    metavar="FILE.toml",
    type=click.Path(path_type=Path),
    help="Points that need not be reached, and why.  [default: the chip's own]",
)
@click.option(
    "--functional",
    is_flag=True,
    help="Also count which registers, events, states, FIFO levels and fields the cases reach in the golden model.",
)
@click.option(
    "--prove",
    is_flag=True,
    help="Prove that what is waived by a proof cannot be reached; needs the extra [prove].",
)
@job_options
@json_option
@click.option("-o", "--output", metavar="DIR", type=FOLDER, default=BUILD, show_default=True)
def command(
    chip: str,
    rtl: options.Rtl,
    names: tuple[str, ...],
    test_names: tuple[str, ...],
    golden: Path | None,
    waiver_file: Path | None,
    functional: bool,
    prove: bool,
    job_options: JobOptions,
    as_json: bool,
    output: Path,
) -> None:
    """Measure which lines, branches, expressions and toggles of an RTL the golden cases reach.

    Verilator counts while the cases run as in `draupnir regress`, and tests as in `draupnir sim`. A case that differs,
    or a test that fails, ends the measurement with exit status 1: the coverage of another chip says nothing.
    The command lists what neither reaches, and no waiver names. The exit status is also 1 if a waiver names a point
    that is reached after all, or that --prove cannot prove.

    The files cover.json and cover.info have the result; lcov, genhtml and many editors read the latter. With
    --functional, functional.yml has all bins in the form of cocotb-coverage.

    \b
    Example: draupnir cover odin --rtl ~/ODIN/src
             draupnir cover odin --test all
    """
    # Imported here, because --help needs none of it.
    from draupnir.cocotb_tests.catalogue import select
    from draupnir.golden import regress
    from draupnir.tools.coverage import job
    from draupnir.tools.proofs.job import check_solver

    if prove:
        check_solver("cover --prove")
    inputs = {"--rtl": rtl.folder, "--golden": golden, "--waivers": waiver_file}
    outputs.check(inputs, folders={"-o": output}, names=job.FILES, adds_verilog=True)
    waived = job.waivers_of(chips.package(chip), rtl.place is None, waiver_file)
    cases = regress.cases_in(golden, names, chip)
    declaration = rtl.declaration(chip)
    groups = regress.by_sizes(chip, cases, declaration.sizes)
    tests = select(declaration, *test_names)
    begin, design = time.perf_counter(), partial(rtl.design, scratch=output)
    with progress(f"coverage of {chip}", len(cases) + len(tests), "cases and tests") as took:
        measurement_of, count = _measured(rtl, output, job_options, took)
        run_tests = partial(_run_tests, rtl, declaration, tests, output, took) if tests else None
        coverage = job.cover(groups, measurement_of, waived, count if functional else None, run_tests)
    if prove and coverage.is_of_chip:
        with progress(f"proofs of {chip}", len(coverage.judgement.to_prove), "points") as took:
            coverage = job.prove(coverage, chips.package(chip), design(chips.declaration(chip)), took)
    _tell(coverage, chip, rtl, time.perf_counter() - begin, output, as_json)
    if not coverage.holds:
        raise DifferenceFound


def _measured(
    rtl: options.Rtl, output: Path, job_options: JobOptions, took: Callable[[int], None]
) -> tuple[Callable[[Chip, Sequence[Case]], Measurement], Callable[[Chip, Sequence[Case]], Bins]]:
    """Return the functions that measure cases, and count their functional coverage, in this process or in jobs."""
    from draupnir.tools.coverage import functional, measure
    from draupnir.tools.coverage.jobs import CoverageJobs

    compiled = builds.compiled_folder(output)
    if not job_options.are_many:
        return lambda chip, cases: measure.measure(
            rtl.design(chip, output), chip, cases, compiled, output, took
        ), functional.count
    jobs = CoverageJobs(job_options, rtl, took)
    return lambda chip, cases: jobs.measure(rtl.design(chip, output), chip, cases, compiled, output), jobs.count


def _run_tests(
    rtl: options.Rtl, chip: Chip, tests: Sequence[Test], output: Path, took: Callable[[int], None]
) -> BenchMeasurement:
    """Run cocotb tests in this process, on the design with these sizes."""
    from draupnir.tools.coverage import measure

    benches = measure.Benches(chip, tests, output / "tests")
    return measure.measure_benches(rtl.design(chip, output), benches, builds.compiled_folder(output), took)


def _tell(coverage: Coverage, chip: str, rtl: options.Rtl, seconds: float, output: Path, as_json: bool) -> None:
    """Write the files of the result, and print it."""
    from draupnir.tools.coverage import job

    origin = provenance.origin([], rtl.folder, rtl.sources())
    content = {"chip": chip, "rtl": str(rtl), **coverage.as_object(), "origin": origin.as_json()}
    job.write(coverage, output, content, chip)
    if as_json:
        schema.echo("cover", content)
    else:
        click.echo("\n".join([*coverage.lines(), *_differences(coverage, chip, rtl, seconds, output)]))


def _differences(coverage: Coverage, chip: str, rtl: options.Rtl, seconds: float, output: Path) -> list[str]:
    """Return lines about the cases that differ; none if all hold."""
    from draupnir.golden import regress_report

    if not coverage.differing_cases:
        return []
    return list(regress_report.lines(chip, str(rtl), coverage.differing_cases, seconds, output))
