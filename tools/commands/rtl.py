"""`draupnir rtl`: our RTL as Verilog."""

from __future__ import annotations

from pathlib import Path

import click

from emulator import chips
from rtl.emit import emit


@click.command("rtl")
@click.argument("chip", metavar="CHIP")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/rtl"), show_default=True)
@click.option("--neurons", type=click.Choice(["64", "128", "256"]), default="256", show_default=True)
@click.option("--izh/--no-izh", default=True, help="With the Izhikevich neuron.")
@click.option("--bursts/--no-bursts", default=True, help="With the burst FIFOs.")
@click.option("--sdsp/--no-sdsp", default=True, help="With online learning.")
def command(chip: str, output: Path, neurons: str, izh: bool, bursts: bool, sdsp: bool) -> None:
    """Write our RTL of a chip as Verilog-2005, in one file; without options it is the whole chip.

    \b
    Example: draupnir rtl odin --neurons 64 --no-izh -o build/small
    """
    chips.declaration(chip)
    path = emit(chip, output / chip, n_neurons=int(neurons), izh=izh, bursts=bursts, sdsp=sdsp)
    click.echo(f"{path}: {len(path.read_text().splitlines())} lines")
