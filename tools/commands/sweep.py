"""`draupnir sweep`: many runs of a chip over a space of parameters, seeds, samples and faults."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from draupnir.emulator.errors import InputError
from draupnir.tools.jobs.options import JobOptions, job_options
from draupnir.tools.report import figures, schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import FOLDER, backend_option, json_option
from draupnir.tools.terminal.progress import progress


@click.command("sweep")
@click.argument("space", type=FOLDER)
@click.option("-o", "--output", metavar="DIR", type=FOLDER, required=True, help="Folder for the results.")
@click.option("--resume", is_flag=True, help="Go on with the sweep in DIR, or begin it.")
@backend_option("Where the chips run: cuda is an NVIDIA GPU, with the same files as results.")
@job_options
@json_option
def command(space: Path, output: Path, resume: bool, backend: str, job_options: JobOptions, as_json: bool) -> None:
    """Run a chip over a space of parameters, and write a table with a row for each run.

    SPACE is a TOML file: chip, config, events or samples as for draupnir run, and axes: the values that a register, a
    field of neurons, weights, the seed or a fault takes. Each combination is a run, at the exact event level
    (docs/guides/sweep.md).

    DIR gets runs.parquet, with the axes and what is measured, and arrays.zarr, if arrays are measured. Both are the
    same with any number of workers, on a GPU, and after any interruption.

    \b
    Example: draupnir sweep space.toml -o build/sweep
             draupnir sweep space.toml -o build/sweep --workers 8 --resume --json
    """
    # Imported here, because --help needs none of it.
    from draupnir.many import check_backend
    from draupnir.tools.sweep import campaign, checks, results
    from draupnir.tools.sweep.space import load

    check_backend(backend)
    if backend == "cuda" and job_options.are_many:
        raise InputError("--backend cuda: not with --workers or --cluster; right is one GPU, on this machine")
    results.check_extra()
    outputs.check({"SPACE": space}, folders={"-o": output})
    swept = load(space)
    checks.check(swept)
    campaign.claim(output, swept, resume)
    with progress(f"sweep of {swept.chip.name}", swept.n_runs, "runs") as advance:
        outcome = campaign.run(swept, output, job_options, advance, backend)
    if as_json:
        table = str(output / results.RUNS)
        schema.echo("sweep", {"chip": swept.chip.name, **asdict(outcome), "table": table})
    else:
        figures.show_texts(outcome.rows(output))
