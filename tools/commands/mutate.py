"""`draupnir mutate`: put bugs into an RTL, and see which of them the golden cases find."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden import regress
from draupnir.golden.case import Case
from draupnir.golden.state import STATE
from draupnir.tools.jobs.options import JobOptions, job_options
from draupnir.tools.proofs import job
from draupnir.tools.report import provenance, schema
from draupnir.tools.terminal import builds, options, outputs
from draupnir.tools.terminal.arguments import FOLDER, SEED, case_option, chip_argument, json_option, limit_option
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.progress import progress

BUILD = Path("build/mutate")
JOB_LIMIT = 3600.0  # seconds; the first job of a process also makes the netlist and the invariants
MUTANTS = click.IntRange(1, 1_000_000)


@click.command("mutate")
@chip_argument
@options.rtl_options()
@click.option("-n", "n", metavar="N", type=MUTANTS, default=100, show_default=True, help="Number of mutants.")
@click.option("--seed", metavar="N", type=SEED, default=1, show_default=True, help="Seed that draws the mutants.")
@click.option("--of", "modules", metavar="MODULE", multiple=True, help="Mutate only this module; may be repeated.")
@click.option(
    "--number", "numbers", metavar="K", type=MUTANTS, multiple=True, help="Run only mutant K of the N; may be repeated."
)
@case_option("Replay")
@limit_option("CPU time of the solver for each proof.", 10.0)
@job_options(limit_name="--job-limit", seconds=JOB_LIMIT)
@json_option
@click.option("-o", "--output", metavar="DIR", type=FOLDER, default=BUILD, show_default=True)
def command(
    chip: str,
    rtl: options.Rtl,
    n: int,
    seed: int,
    modules: tuple[str, ...],
    numbers: tuple[int, ...],
    names: tuple[str, ...],
    limit: float,
    job_options: JobOptions,
    as_json: bool,
    output: Path,
) -> None:
    """Put bugs into an RTL, one at a time, and see which of them the golden cases find.

    A mutant is the RTL with one bit of a cell stuck or inverted. Each golden case is replayed on it up to the first
    difference, which kills the mutant. A mutant that survives is

    \b
    equivalent  if it is proved that no test can kill it, or none of fewer than 16,777,216 clocks;
    a hole      if it is in a part that `draupnir prove` proves, and an input shows that it differs there;
    open        if neither is known.

    Cases that begin with contents of registers do not count. The exit status is 1 if there is a hole or an open
    mutant. The file mutate.json has all mutants. The same command goes on where it was ended.

    \b
    Example: draupnir mutate odin --rtl ~/ODIN/src -n 1000 --of controller
    """
    job.check_solver("mutate")
    # Imported here, because --help needs none of it.
    from draupnir.tools.jobs.rtl import description
    from draupnir.tools.mutants import jobs, outcomes, report
    from draupnir.tools.mutants.campaign import Choice
    from draupnir.tools.mutants.netlist import Source

    declaration = rtl.declaration(chip)
    outputs.check({"--rtl": rtl.folder}, folders={"-o": output}, names=("mutate.json",), adds_verilog=True)
    cases, design = _cases(declaration, names), rtl.design(declaration, output)
    source, about = Source(declaration, design, rtl.place is None), description(declaration, rtl, design)
    campaign = outcomes.StoredCampaign(source, about, Choice(n, seed, modules, numbers), cases, limit)
    with progress(f"mutants of {rtl}", len(numbers) or n, "mutants") as advance:
        if job_options.are_many:
            results, left_out = jobs.run(job_options, campaign, advance)
        else:
            results, left_out = campaign.run(builds.compiled_folder(output), job_options.store, advance)
    origin = provenance.origin([seed], rtl.folder, rtl.sources())
    content = report.as_json(chip, str(rtl), results, left_out, origin.as_json())
    schema.write(output / "mutate.json", "mutate", content)
    if as_json:
        schema.echo("mutate", content)
    else:
        click.echo("\n".join(report.lines(results)))
    if report.n_survivors(results):
        raise DifferenceFound


def _cases(chip: Chip, names: Sequence[str]) -> list[Case]:
    """The cases of a chip with its sizes that begin at the power-up; names : those of the user, or none for all"""
    cases = regress.cases_in(None, names, chip.name)
    if names and (first := next((one for one in cases if one.state), None)):
        raise InputError(
            f"{first.folder}: it begins with contents of registers ({STATE}), which a mutant cannot be given; right is"
            " a case that begins at the power-up"
        )
    cases = [one for one in cases if not one.state]
    groups = regress.by_sizes(chip.name, cases, chip.sizes)
    return [one for declaration, group in groups if declaration.sizes == chip.sizes for one in group]
