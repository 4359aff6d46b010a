"""`draupnir sim`: run golden model and RTL in lockstep in a simulator.

Without the name of a test it runs the chip's main job. The RTL is then a library, and runs at the simulator's own
speed. If a chip has no main job, it runs all of the chip's tests. Tests run under cocotb.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from draupnir.cocotb_tests.catalogue import Test, select
from draupnir.cocotb_tests.first_memory import located
from draupnir.cocotb_tests.runner import SIMULATORS, BenchOutcome, Simulator, build, run, start_of
from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden.compare import ComparedBits
from draupnir.rtl.initial import KINDS, Kind
from draupnir.tools.experiments import main_job, simulated
from draupnir.tools.experiments.main_job import JobOutcome, MainJob
from draupnir.tools.jobs import benches
from draupnir.tools.jobs import rtl as rtl_of_jobs
from draupnir.tools.jobs.options import JobOptions, job_options
from draupnir.tools.report import provenance, schema, sim_report
from draupnir.tools.report.pages import PAGE
from draupnir.tools.terminal import builds, options, outputs
from draupnir.tools.terminal.arguments import FOLDER, IMAGES, SEED, chip_argument, json_option
from draupnir.tools.terminal.completion import complete_test
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.progress import progress

BUILD = Path("build/sim")


@click.command("sim")
@chip_argument
@options.rtl_options()
@click.option("--sim", "simulator", type=click.Choice(SIMULATORS), default="verilator", show_default=True)
@click.option(
    "--test",
    "test_names",
    metavar="T",
    multiple=True,
    shell_complete=complete_test,
    help='A cocotb test, a module of tests, or "all"; or a file of your own, FILE or FILE::TEST. May be repeated. '
    "[default: the chip's main job, or all]",
)
@click.option("--images", metavar="N", type=IMAGES, help="Use only N images in the main job.")
@click.option("--seed", metavar="N", type=SEED, default=1, show_default=True, help="Start value of all random numbers.")
@click.option(
    "--initial",
    type=click.Choice(KINDS),
    help="How registers start: unknown (Icarus), zero, or random by the seed.  [default: unknown; in Verilator, zero]",
)
@click.option("--waves", is_flag=True, help="Write a waveform of everything in the design (under cocotb).")
@click.option("--report", metavar="DIR", type=FOLDER, default=BUILD, show_default=True, help="Folder for the report.")
@job_options
@json_option
def command(
    chip: str,
    rtl: options.Rtl,
    simulator: Simulator,
    test_names: tuple[str, ...],
    images: int | None,
    seed: int,
    initial: Kind | None,
    waves: bool,
    report: Path,
    job_options: JobOptions,
    as_json: bool,
) -> None:
    """Compare the golden model with the RTL in a simulator, on every pin at every clock.

    Without --test the chip runs its main job, for instance it learns digits. A chip without a main job runs all its
    tests. With --test, --waves or --sim icarus the simulation runs under cocotb. This is slower, in Verilator by a
    factor of 3, but it can run any test and write waveforms.

    The report's folder gets a page, results.xml (JUnit) and report.json. A main job adds pictures, or a waveform of the
    first difference. Each cocotb test adds a folder with its log.
    Exit status: 0 no difference, 1 a difference, 2 the input is wrong.

    \b
    Example: draupnir sim odin
             draupnir sim odin --rtl ~/ODIN/src --sim icarus --test neurons
             draupnir sim tinyodin --rtl ~/tinyODIN --test path/to/test_mine.py
    """
    declaration = rtl.declaration(chip)
    outputs.check({"--rtl": rtl.folder}, folders={"--report": report})
    job = main_job.MAIN_JOB.load(chips.package(chip))
    start = start_of(simulator, initial, seed)
    if job and not test_names and simulator == "verilator" and not waves and initial in (None, "zero"):
        _refuse_many(job, job_options)
        _main_job(job, declaration, rtl, job.n_images if images is None else images, seed, report, as_json)
        return
    _refuse_images(job, images)
    tests = select(declaration, *(test_names or (job.test if job else "all",)))
    design = rtl.design(declaration, report)
    say = (lambda text: None) if as_json else click.echo
    say(f"{chip}: {rtl}, top {design.top}, in {simulator}, seed {seed}: compiling")
    bench = build(design, declaration, simulator, builds.compiled_folder(report), waves)

    parts = [
        (test, report / f"{simulator}-{folder}", _rerun_command(chip, rtl, simulator, str(test), seed, initial))
        for test, folder in zip(tests, _folders(tests), strict=True)
    ]
    if job_options.are_many:
        about = rtl_of_jobs.description(declaration, rtl, design)
        running = benches.run_all(job_options, benches.jobs(about, simulator, start, seed, waves, parts))
    else:
        running = (located(bench, run(bench, *part[:2], seed, part[2], start), seed, start) for part in parts)
    outcomes = _collected(running, tests, f"{chip} in {simulator}")
    origin = provenance.origin([seed], rtl.folder, rtl.sources())
    _tell(outcomes, f"{chip} in {simulator}", _about(chip, rtl, simulator), report, origin, as_json)
    if not all(outcome.passed for outcome in outcomes):
        raise DifferenceFound


def _refuse_many(job: MainJob, job_options: JobOptions) -> None:
    if job_options.are_many:
        raise InputError(f"--workers, --cluster: {job.title} is one job; right is --test, for instance --test all")


def _refuse_images(job: MainJob | None, images: int | None) -> None:
    if images is not None:
        restriction = job and f"only of {job.title}, without --test, --waves, --initial and --sim icarus"
        raise InputError(f"--images {images}: {restriction or 'it has no images'}")


def _collected(outcomes: Iterator[BenchOutcome], tests: Sequence[Test], title: str) -> list[BenchOutcome]:
    """The outcomes in the order of the tests, collected under a progress bar with this title."""
    outcome_of_test = {}
    with progress(title, len(tests), "tests") as advance:
        for outcome in outcomes:
            outcome_of_test[outcome.test] = outcome
            advance(1)
    return [outcome_of_test[test] for test in tests]


def _tell(
    outcomes: Sequence[BenchOutcome],
    title: str,
    about: dict[str, str],
    report: Path,
    origin: provenance.Origin,
    as_json: bool,
) -> None:
    """Write the reports, and print the results of the tests."""
    for outcome in outcomes:
        simulated.report(outcome, about["sim"], origin)
    page = sim_report.write(report, title, outcomes, _summary(outcomes), origin, about)
    if as_json:
        schema.echo("sim", sim_report.as_json(outcomes, origin, about))
    else:
        _print(outcomes)
        click.echo(f"report: {page}")


def _main_job(
    job: MainJob, chip: Chip, rtl: options.Rtl, n_images: int, seed: int, report: Path, as_json: bool
) -> None:
    """Run the chip's main job, at the simulator's own speed."""
    from draupnir.rtl import verilated  # imported here, because --help does not need it

    design = rtl.design(chip, report)
    if not as_json:
        click.echo(f"{chip.name}: {rtl}, top {design.top}, in Verilator, seed {seed}: compiling")
    device = verilated.build(design, chip, builds.compiled_folder(report))
    command_words = [*_words(chip.name, rtl), "--images", str(n_images), "--seed", str(seed)]
    for name in (PAGE, sim_report.JUNIT, sim_report.JSON):
        (report / name).unlink(missing_ok=True)
    with progress(job.title, n_images, "images") as advance:
        outcome = job.run(device, n_images, seed, report, shlex.join(command_words), advance)
    origin = provenance.origin([seed], rtl.folder, rtl.sources())
    files = job.write_report(report, outcome.results, origin) if outcome.results else []
    if outcome.difference:
        files = [main_job.write_difference(job, report, outcome, origin)]
    about = _about(chip.name, rtl, "verilator")
    results = {**about, **main_job.as_json(job, outcome, files), "origin": origin.as_json()}
    sim_report.write_results(report, results, job.title, [main_job.junit_result(job, outcome)], origin)
    if as_json:
        schema.echo("sim", results)
    else:
        _print_job(job, outcome, files)
    if outcome.difference:
        raise DifferenceFound


def _about(chip: str, rtl: options.Rtl, simulator: str) -> dict[str, str]:
    """The chip, the RTL and the simulator, for JSON."""
    return {"chip": chip, "rtl": str(rtl), "sim": simulator}


def _folders(tests: Sequence[Test]) -> list[str]:
    """The folder's name for each test. Two test files may have the same name, and parameters may have any character."""
    names: list[str] = []
    for test in tests:
        name = re.sub(r"[^\w.=-]+", "-", test.label)
        n_same = sum(re.fullmatch(rf"{re.escape(name)}(~\d+)?", earlier_name) is not None for earlier_name in names)
        names.append(f"{name}~{n_same + 1}" if n_same else name)
    return names


def _rerun_command(chip: str, rtl: options.Rtl, simulator: str, test: str, seed: int, initial: Kind | None) -> str:
    """The command that runs one test again, with a waveform."""
    start = ["--initial", initial] if initial else []
    words = [*_words(chip, rtl), "--sim", simulator, "--test", test, "--seed", str(seed), *start, "--waves"]
    return shlex.join(words)


def _words(chip: str, rtl: options.Rtl) -> list[str]:
    """The words of the command up to the options of the RTL."""
    return ["draupnir", "sim", chip, *rtl.words()]


# --- Results ----------------------------------------------------------------------------------------------------


def _print_job(job: MainJob, outcome: JobOutcome, files: Sequence[Path]) -> None:
    if outcome.results:
        for name, text in job.figures(outcome.results).items():
            click.echo(f"{name:20} {text}")
        click.echo(f"{'report':20} {files[-1]}")
    else:
        click.echo(main_job.counts(outcome))
        click.echo(outcome.text)
        click.echo(f"report: {files[-1]}")


def _print(outcomes: Sequence[BenchOutcome]) -> None:
    width = max(len(str(outcome.test)) for outcome in outcomes)
    click.echo(f"{'test':{width}}  result  clocks compared  mismatches  bits unknown   spikes  seconds")
    for outcome in outcomes:
        n = {name: outcome.notes.get(name, 0) for name in ("compared", "mismatches", "spikes")}
        n_unknown = sim_report.bits(outcome).n_unknown
        click.echo(
            f"{outcome.test!s:{width}}  {'ok' if outcome.passed else 'FAILED':6}  {n['compared']:15,}"
            f"  {n['mismatches']:10,}  {n_unknown:12,}  {n['spikes']:7,}  {outcome.seconds:7.1f}"
        )
    for outcome in outcomes:
        _print_notes(outcome)
        if not outcome.passed:
            click.echo(f"\n{outcome.test} failed; log in {outcome.folder / 'log.txt'}\n{outcome.failure}")
    click.echo(_summary(outcomes))


def _print_notes(outcome: BenchOutcome) -> None:
    """Print the notes of a test other than its counts."""
    for name in ("images", "events", "weight_updates", "online_accuracy", "accuracy"):
        if name in outcome.notes:
            click.echo(f"{name.replace('_', ' ')}: {_number(outcome.notes[name])}")
    if "report" in outcome.notes:
        click.echo(f"report: {outcome.notes['report']}")
    for warning in outcome.notes.get("warnings", ()):
        click.echo(f"{outcome.test}: warning: {warning}")
    if pins := outcome.notes.get("never_known"):
        click.echo(f"{outcome.test}: warning: never known: {', '.join(pins)}")


def _summary(outcomes: Sequence[BenchOutcome]) -> str:
    n_cycles, n_mismatches = (sum(o.notes.get(name, 0) for o in outcomes) for name in ("compared", "mismatches"))
    bits = sum(map(sim_report.bits, outcomes), start=ComparedBits())
    n_early = sum(sum(o.notes.get("unknown_before_reset", {}).values()) for o in outcomes)
    unknown_text = (
        f" ({bits.n_unknown:,} unknown, {n_early:,} of them before the end of a reset)" if bits.unknown else ""
    )
    n_passed, seconds = sum(o.passed for o in outcomes), sum(o.seconds for o in outcomes)
    return (
        f"{n_passed} of {len(outcomes)} tests passed: {n_cycles:,} clocks compared, {bits}{unknown_text}, "
        f"{n_mismatches} mismatches, {seconds:.1f} s"
    )


def _number(n: float) -> str:
    return f"{n:,}" if isinstance(n, int) else f"{n:.1%}"
