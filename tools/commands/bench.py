"""`draupnir bench`: speeds, as ratios measured side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from draupnir.emulator.errors import InputError
from draupnir.tools.report import provenance, schema
from draupnir.tools.terminal import options, outputs
from draupnir.tools.terminal.arguments import FOLDER, backend_option, json_option
from draupnir.tools.terminal.completion import complete_chip
from draupnir.tools.terminal.console import console
from draupnir.tools.terminal.errors import DifferenceFound

if TYPE_CHECKING:
    from rich.table import Table

    from draupnir.emulator.declare import Chip
    from draupnir.rtl.design import Design
    from draupnir.tools.bench.suite import BenchReport

BUILD = Path("build/bench")
ROUNDS, QUICK_ROUNDS = 5, 2
WIDTH = 225  # columns of the tables if stdout is not a terminal


@click.command("bench")
@click.argument("chip", metavar="[CHIP]", required=False, shell_complete=complete_chip)
@options.rtl_options("A folder of Verilog, or a list of its files (.f), to measure beside our RTL.")
@click.option(
    "--repeat", metavar="N", type=click.IntRange(min=1), help="Number of rounds.  [default: 5; with --quick 2]"
)
@click.option("--quick", is_flag=True, help="Small workloads and two rounds: the figures are rough.")
@click.option(
    "--simulator", metavar="PROGRAM", type=FOLDER, help="The chip's own simulator, to measure beside our level."
)
@backend_option("cuda: ten thousand chips at once on an NVIDIA GPU, each held to the CPU first.")
@json_option
@click.option("-o", "--output", metavar="DIR", type=FOLDER, default=BUILD, show_default=True)
def command(
    chip: str | None,
    rtl: options.Rtl,
    repeat: int | None,
    quick: bool,
    simulator: Path | None,
    backend: str,
    as_json: bool,
    output: Path,
) -> None:
    """Measure golden model, event-level engine and RTL on the same traffic, side by side, repeatedly.

    Without CHIP it measures the first chip that has workloads. All contestants run the same pins or the same events.
    Before it measures, it compares their results; if they differ, it measures nothing, and the exit status is 1. The
    results go to bench.json and bench.png in the output folder.

    With --backend cuda it measures nothing but the event level: thousands of chips on a GPU, beside the CPU.

    \b
    Example: draupnir bench odin --rtl ~/ODIN/src
             draupnir bench reckon --backend cuda
    """
    # Imported here, because these modules need every package.
    from draupnir.tools.bench import machine, report, workloads

    chip = chip or workloads.default_chip()
    declaration = rtl.declaration(chip)
    if simulator is not None and workloads.workloads(declaration).by_timesteps is None:
        raise InputError(f"--simulator {simulator}: {chip} has no workload by timesteps; right is to leave it out")
    if backend == "cuda":
        _check_gpu(rtl, simulator)
    outputs.check({"--rtl": rtl.folder}, folders={"-o": output, "-o, for our RTL:": output / "rtl"}, adds_verilog=True)
    n_rounds = repeat or (QUICK_ROUNDS if quick else ROUNDS)
    hardware, versions = machine.machine(), provenance.versions()
    about: dict[str, object] = {"chip": chip, "rtl": str(rtl) if rtl.folder else None}
    about |= {"machine": hardware, "versions": versions, "rounds": n_rounds, "quick": quick, "backend": backend}
    design = rtl.design(declaration, output) if rtl.folder else None
    say = (lambda text: None) if as_json else click.echo
    say(_line("machine", hardware))
    say(_line("versions", versions))
    measuring = _measuring(declaration, design, quick, n_rounds, output, simulator, backend)
    results = _measure(measuring, as_json)
    about["origin"] = provenance.origin([], rtl.folder, design.files if design else []).as_json()
    files = report.write(output, results, about)
    if as_json:
        schema.echo("bench", report.as_json(results, about))
    else:
        _show(report.tables(results), files)


def _check_gpu(rtl: options.Rtl, simulator: Path | None) -> None:
    """Raise InputError if this machine has no GPU, or for options that make no sense on one."""
    from draupnir.many import check_backend

    for name, content in (("--rtl", rtl.folder), ("--simulator", simulator)):
        if content is not None:
            raise InputError(f"{name} {content}: not with --backend cuda, which measures the event level alone")
    check_backend("cuda")


def _measuring(
    chip: Chip,
    design: Design | None,
    quick: bool,
    n_rounds: int,
    output: Path,
    simulator: Path | None,
    backend: str,
) -> Callable[..., BenchReport]:
    """Return the measurement that the options ask for."""
    from draupnir.tools.bench import gpu, suite

    if backend == "cuda":
        return partial(gpu.run, chip, gpu.QUICK if quick else gpu.FULL, n_rounds)
    size = suite.QUICK if quick else suite.FULL
    return partial(suite.run, chip, design, size, n_rounds, output, simulator=simulator)


def _measure(run: Callable[..., BenchReport], as_json: bool) -> BenchReport:
    """Measure. If the contestants disagree, print the difference and raise DifferenceFound."""
    from draupnir.tools.bench.contestants import Disagreement

    say = (lambda text: None) if as_json else click.echo
    try:
        return run(say=say)
    except Disagreement as difference:
        if as_json:
            schema.echo("bench", {"difference": str(difference)})
        else:
            click.echo(f"not measured: {difference}")
        raise DifferenceFound from difference


def _show(tables: Iterable[Table], files: Iterable[Path]) -> None:
    """Print the tables, and the names of the files."""
    screen = console()
    if not screen.is_terminal:
        screen.width = WIDTH
    for table in tables:
        screen.print(table)
    click.echo(f"written: {', '.join(map(str, files))}")


def _line(title: str, about: Mapping[str, object]) -> str:
    return f"{title}: " + ", ".join(f"{name.replace('_', ' ')} {content}" for name, content in about.items())
