"""`draupnir rtl`: our RTL as Verilog."""

from __future__ import annotations

from pathlib import Path

import click

from emulator import chips
from rtl import emit
from tools.options import parameters


@click.command("rtl")
@click.argument("chip", metavar="CHIP")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/rtl"), show_default=True)
@click.option("--set", "settings", metavar="NAME=N", multiple=True, help="A parameter of the chip: number, yes or no.")
def command(chip: str, output: Path, settings: tuple[str, ...]) -> None:
    """Write our RTL of a chip as Verilog-2005, in one file; without --set it is the whole chip.

    ODIN's parameters are n_neurons (64, 128, 256), izh, bursts and sdsp; a wrong name is answered with the right ones.

    \b
    Example: draupnir rtl odin --set n_neurons=64 --set izh=no -o build/small
    """
    chips.declaration(chip)
    path = emit.emit(chip, output / chip, **parameters(chip, settings))
    click.echo(f"{path}: {len(path.read_text().splitlines())} lines")
