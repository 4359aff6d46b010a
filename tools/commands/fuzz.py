"""`draupnir fuzz`: run recipes with ever new seeds, and file each difference as a small golden case."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import click

from draupnir.emulator.errors import InputError
from draupnir.tools.jobs.options import JobOptions, job_options
from draupnir.tools.report import provenance, schema
from draupnir.tools.terminal import options, outputs
from draupnir.tools.terminal.arguments import FOLDER, SEED, chip_argument, json_option, recipe_option
from draupnir.tools.terminal.errors import DifferenceFound

BUILD = Path("build/fuzz")


@click.command("fuzz")
@chip_argument
@options.rtl_options()
@click.option(
    "--hours", metavar="H", type=click.FloatRange(0, 100_000, min_open=True), help="Begin new runs for H hours."
)
@click.option("-n", "--runs", metavar="N", type=click.IntRange(min=1), help="Make N runs.")
@recipe_option("Run only this recipe; may be repeated.")
@click.option("--seed", metavar="N", type=SEED, default=1, show_default=True, help="The first seed.")
@click.option("--cycles", metavar="N", type=click.IntRange(min=1), help="Clocks of each run.  [default: the recipe's]")
@click.option(
    "-o", "--output", metavar="DIR", type=FOLDER, help="Folder for the golden cases.  [default: build/fuzz/CHIP]"
)
@job_options
@json_option
def command(
    chip: str,
    rtl: options.Rtl,
    hours: float | None,
    runs: int | None,
    names: tuple[str, ...],
    seed: int,
    cycles: int | None,
    output: Path | None,
    job_options: JobOptions,
    as_json: bool,
) -> None:
    """Look for differences between an RTL and the golden model, in Verilator.

    All recipes run with the first seed, then with the next one, and so on, for --hours or -n runs. The stimulus of a
    difference becomes small: the shortest prefix, the fewest clocks and changes of inputs that show it. It is filed as
    a golden case, one for each recipe and pin. The case has the outputs of --rtl, or of the golden model for our RTL.

    The same command after an interruption goes on where it ended.
    Exit status: 0 no difference, 1 a difference, 2 the input is wrong.

    \b
    Example: draupnir fuzz odin --rtl ~/ODIN/src --hours 8 --workers 4
    """
    if hours is None and runs is None:
        raise InputError("how long? --hours H or -n N is needed")
    # Imported here, because --help needs none of it.
    from draupnir.tools.fuzz import job, start
    from draupnir.tools.jobs import campaign

    folder = output or BUILD / chip
    declaration = rtl.declaration(chip)
    recipe_names = job.names(declaration, names)
    outputs.check({"--rtl": rtl.folder}, folders={"-o": folder})
    work, design = start.begin(declaration, rtl, BUILD, folder)
    goes_on = campaign.hours(hours) if hours is not None else lambda: True
    say = (lambda text: None) if as_json else click.echo
    say(f"{chip}: {rtl} and the golden model, {len(recipe_names)} recipes, seeds from {seed} on")
    every_run = itertools.islice(job.jobs(work.about, recipe_names, seed, cycles), runs)
    for outcome in job_options.run(work.jobs(every_run), goes_on):
        work.take(outcome, say)
    for outcome in job_options.run(work.waiting()):
        work.take(outcome, say)
    _tell(work.as_object(), provenance.origin([seed], rtl.folder, design.files), as_json)


def _tell(report: dict[str, Any], origin: provenance.Origin, as_json: bool) -> None:
    """Print the sum, or the whole report as JSON."""
    if as_json:
        schema.echo("fuzz", {**report, "origin": origin.as_json()})
    else:
        failed = f", {len(report['failed'])} without a result" if report["failed"] else ""
        click.echo(
            f"{report['runs']} runs, {report['clocks']:,} clocks, {report['different']} with a difference{failed}; "
            f"digest {report['digest'][:16]}"
        )
    if not report["holds"]:
        raise DifferenceFound
