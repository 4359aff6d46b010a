"""`draupnir bitstream`: a chip on an FPGA, with its network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator import chips
from tools.console import console
from tools.errors import Difference
from tools.progress import progress

if TYPE_CHECKING:
    from rtl.fpga.flow import Built

BUILD = Path("build/bitstream")


@click.command("bitstream")
@click.argument("chip", metavar="CHIP")
@click.option("--board", "board_name", metavar="B", required=True, help="For instance ulx3s-25f or icebreaker.")
@click.option("--config", metavar="C", type=click.Path(path_type=Path), help="A configuration (TOML): its memories.")
@click.option("--freq", metavar="MHZ", type=click.FloatRange(min=0.1), help="The chip's clock; default: the board's.")
@click.option("--set", "settings", metavar="NAME=N", multiple=True, help="A parameter of the chip, as in draupnir rtl.")
@click.option("--header", is_flag=True, help="The chip's pins at the header, instead of a bridge at the UART.")
@click.option("--patch", is_flag=True, help="Only new contents for the memories of the bitstream in DIR: seconds.")
@click.option("-o", "--output", metavar="DIR", type=click.Path(path_type=Path), help="Default: build/bitstream/CHIP-B.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(
    chip: str,
    board_name: str,
    config: Path | None,
    freq: float | None,
    settings: tuple[str, ...],
    header: bool,
    patch: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Build a bitstream with Yosys and nextpnr, those on PATH or those of the Python packages.

    Where the board's FPGA has no room for the whole chip it is a reduced one, unless options say which.
    Writes the bitstream, the routed design, constraints, logs and build.json.
    Exit status: 0 built, 1 it does not fit or misses its frequency, 2 the input is at fault.

    \b
    Example: draupnir bitstream odin --board ulx3s-25f --config network.toml
    """
    # Only here: Amaranth and the boards take their time.
    from rtl.fpga import bitfile, boards, flow
    from tools.commands import rtl

    declared = chips.declaration(chip)
    chosen = boards.board(board_name)
    folder = output or BUILD / f"{chip}-{chosen.name}"
    parameters = {**chosen.parameters.get(chip, {}), **rtl.parameters(chip, settings)}
    if patch:
        about = bitfile.about(folder)
        words = _words(chip, config, about["parameters"])
        with _steps(flow.STEPS[3:], chip) as step:
            step(flow.STEPS[3])
            path = bitfile.pack(folder, about["family"], words, lambda: step(flow.STEPS[4]))
        click.echo(json.dumps({"bitstream": str(path)}) if as_json else f"patched: {path}")
        return
    hz = freq * 1e6 if freq else chosen.freqs.get(declared.name, chosen.oscillator_hz)
    request = flow.Request(chip, chosen, hz, parameters, _words(chip, config, parameters), header)
    try:
        with _steps(flow.STEPS, f"{chip} on {chosen.name}") as step:
            built = flow.build(request, folder, step)
    except flow.Unbuildable as failure:
        click.echo(json.dumps({"built": False, "reason": str(failure)}) if as_json else f"not built: {failure}")
        raise Difference from failure
    if as_json:
        about = {"built": True, "bitstream": str(built.bitstream), **bitfile.about(folder)}
        click.echo(json.dumps(about, indent=2))
    else:
        _print(built)


def _words(chip: str, config: Path | None, parameters: dict[str, Any]) -> dict[str, Any]:
    """What the configuration puts into the words that the chip has."""
    if config is None:
        return {}
    from rtl import emit
    from tools.config import load

    memories = load.load(config, chip).memories
    return {name: words[emit.kept_words(chip, name, **parameters)] for name, words in memories.items()}


@contextmanager
def _steps(names: tuple[str, ...], what: str) -> Iterator[Any]:
    """A bar on a terminal that names the step under way."""
    with progress(what, len(names), "steps") as advance:
        started: list[str] = []

        def step(name: str) -> None:
            if started:
                advance(1)
            started.append(name)

        yield step


def _print(built: Built) -> None:
    from rich.table import Table

    usage = Table(title="Utilisation", title_justify="left")
    for title in ("what", "used", "available", "%"):
        usage.add_column(title, justify="left" if title == "what" else "right")
    for each in built.found.usage:
        usage.add_row(each.kind, f"{each.used:,}", f"{each.available:,}", f"{100 * each.used / each.available:.0f}")
    timing = Table(title="Timing, MHz", title_justify="left")
    for title in ("clock", "reached", "wanted"):
        timing.add_column(title, justify="left" if title == "clock" else "right")
    for clock in built.found.clocks:
        timing.add_row(clock.net, f"{clock.achieved:.2f}", f"{clock.wanted:.2f}")
    screen = console()
    screen.print(usage)
    screen.print(timing)
    click.echo(f"board clock: {built.clock.freq / 1e6:g} MHz, {built.clock}")
    for name in built.outside:
        click.echo(f"{name}: in RAM without initial content; the host writes it over SPI")
    click.echo(f"tools: {', '.join(f'{name} {version}' for name, version in built.tools.items())}")
    click.echo(f"written: {built.bitstream}, {built.constraints}")
