"""`draupnir rtl`: our RTL as Verilog."""

from __future__ import annotations

from pathlib import Path

import click

from draupnir.rtl import emit
from draupnir.tools.report import schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import FOLDER, chip_argument, json_option
from draupnir.tools.terminal.options import parameters


@click.command("rtl")
@chip_argument
@click.option("-o", "--output", metavar="DIR", type=FOLDER, default=Path("build/rtl"), show_default=True)
@click.option(
    "--set", "settings", metavar="NAME=N", multiple=True, help="A parameter of the chip: a number, yes or no."
)
@json_option
def command(chip: str, output: Path, settings: tuple[str, ...], as_json: bool) -> None:
    """Write our RTL of a chip as Verilog-2005 into one file, CHIP/TOP.v below DIR.

    Without --set it is the whole chip. The message for an unknown parameter lists the parameters that the chip has.

    \b
    Example: draupnir rtl odin --set n_neurons=64 --set izh=no -o build/small
    """
    outputs.check({}, folders={"-o": output})
    path = emit.emit(chip, output / chip, **parameters(chip, settings))
    n_lines = len(path.read_text().splitlines())
    if as_json:
        schema.echo("rtl", {"chip": chip, "files": [str(path)], "n_lines": n_lines})
    else:
        click.echo(f"{path}: {n_lines} lines")
