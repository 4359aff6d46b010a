"""`draupnir inject`: bit flips in a chip at work, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from draupnir.emulator.errors import InputError
from draupnir.tools.jobs.options import JobOptions, job_options, successes
from draupnir.tools.report import provenance, schema
from draupnir.tools.terminal import options, outputs
from draupnir.tools.terminal.arguments import FOLDER, SEED, chip_argument, json_option
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.progress import progress

BUILD = Path("build/inject")
EVENTS = 100  # of a workload


@click.command("inject")
@chip_argument
@options.rtl_options("With --confirm: a folder of Verilog, or a list of its files (.f).  [default: our RTL]")
@click.option("--config", metavar="NET", type=FOLDER, help="Folder of a network that draupnir map wrote.")
@click.option("--samples", metavar="FILE", type=FOLDER, help="Samples for the network (.npz, .npy, .nird).")
@click.option("--workload", metavar="NAME", help="A workload of draupnir bench instead, by its name, or first.")
@click.option("-n", "--runs", metavar="N", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option("--seed", metavar="N", type=SEED, default=1, show_default=True, help="Start value of all faults.")
@click.option("--in", "groups", metavar="PLACE", multiple=True, help="Only registers, or a memory; may be repeated.")
@click.option(
    "--kind",
    type=click.Choice(["flip", "stuck0", "stuck1"]),
    default="flip",
    show_default=True,
    help="Invert bits once, or keep them at a level from then on.",
)
@click.option("--bits", metavar="N", type=click.IntRange(1, 8), default=1, show_default=True, help="Neighbouring bits.")
@click.option(
    "--at", "moment", type=click.Choice(["clock", "event"]), default="clock", help="Any clock, or between two events."
)
@click.option(
    "--confirm",
    metavar="N",
    type=click.IntRange(min=1),
    help="With --workload: repeat N faults on the RTL in Verilator, and compare all pins and memories.",
)
@click.option("-o", "--output", metavar="DIR", type=FOLDER, help="Folder for results.  [default: build/inject/CHIP]")
@job_options
@json_option
def command(
    chip: str,
    rtl: options.Rtl,
    config: Path | None,
    samples: Path | None,
    workload: str | None,
    runs: int,
    seed: int,
    groups: tuple[str, ...],
    kind: str,
    bits: int,
    moment: str,
    confirm: int | None,
    output: Path | None,
    job_options: JobOptions,
    as_json: bool,
) -> None:
    """Inject faults into a chip at work, at its exact event level.

    Each run repeats a sample with one fault in a register or a memory, and is compared with the run without it: masked,
    latent (only the state differs at the end), timing, wrong spikes, wrong answer (another label), hang. The places
    have equal numbers of faults. DIR gets all runs (faults.csv) and the figures (inject.json).

    Some runs have no fault: they must not differ. If one does, or a fault differs in the RTL, the exit status is 1.

    \b
    Example: draupnir inject odin --config build/map/odin --samples test.npz -n 10000 --workers 4
             draupnir inject odin --workload lif --confirm 100 --rtl ~/ODIN/src
    """
    # Imported here, because --help needs none of it.
    from draupnir.tools.faults import in_rtl, job, report, sites

    work, n_samples = _work(chip, config, samples, workload)
    if rtl.place is not None and confirm is None:
        raise InputError(f"--rtl {rtl}: only with --confirm; without it only the golden model runs")
    folder, declaration = output or BUILD / chip, rtl.declaration(chip)
    places = sites.Sites(declaration, groups)
    outputs.check({"--config": config, "--samples": samples, "--rtl": rtl.folder}, folders={"-o": folder})
    faults = {"kind": kind, "n_bits": bits, "groups": list(groups), "moment": moment}
    every_job = list(job.jobs(work, n_samples, faults, seed, runs, max(10, runs // 100)))
    if confirm is not None:
        about = in_rtl.description(declaration, rtl, work, kind)
        every_job += in_rtl.jobs(about, work, faults, seed, confirm)
    with progress(f"faults in {chip}", len(every_job), "jobs") as advance:
        outcomes = []
        for outcome in successes(job_options.run(every_job)):
            outcomes.append(outcome)
            advance(1)
    rows = job.rows_of([one.result for one in outcomes if one.job.function.endswith(":inject")])
    in_rtl_rows = sorted(row for one in outcomes if one.job.function.endswith(":compare") for row in one.result)
    figures = report.FaultReport(declaration, rows, places, bits, in_rtl_rows)
    folder.mkdir(parents=True, exist_ok=True)
    report.write_runs(folder / "faults.csv", rows)
    _tell(chip, figures, folder, provenance.origin([seed], rtl.folder, rtl.sources()), as_json)


def _work(chip: str, config: Path | None, samples: Path | None, workload: str | None) -> tuple[dict[str, Any], int]:
    """Describe the chip's work, and count its samples. Raises InputError if the options do not say one thing."""
    from draupnir.tools.faults import job
    from draupnir.tools.trials.job import folder_of

    if workload is not None and config is None and samples is None:
        return job.bench_work(chip, workload, EVENTS), 1
    if workload is not None or config is None or samples is None:
        raise InputError("what does the chip do? --config NET and --samples FILE are needed, or --workload NAME alone")
    return job.mapped_work(chip, folder_of(config), samples)


def _tell(chip: str, figures: Any, folder: Path, origin: provenance.Origin, as_json: bool) -> None:
    """Write the figures, and print them. Raises DifferenceFound if they do not hold."""
    content = {"chip": chip, **figures.as_object(), "origin": origin.as_json()}
    schema.write(folder / "inject.json", "inject", content)
    if as_json:
        schema.echo("inject", content)
    else:
        click.echo("\n".join([*figures.lines(), f"all runs: {folder / 'faults.csv'}"]))
    if not content["holds"]:
        raise DifferenceFound
