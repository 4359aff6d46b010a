"""`draupnir bitstream`: a chip on an FPGA, with its network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from draupnir.emulator.errors import InputError
from draupnir.tools.report import provenance, schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import FOLDER, chip_argument, json_option
from draupnir.tools.terminal.console import console
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.options import parameters
from draupnir.tools.terminal.progress import progress

if TYPE_CHECKING:
    from draupnir.rtl.fpga.flow import BuiltBitstream, Request

BUILD = Path("build/bitstream")


@click.command("bitstream")
@chip_argument
@click.option("--board", "board_name", metavar="B", help="For instance ulx3s-25f or icebreaker.")
@click.option("--config", metavar="C", type=click.Path(path_type=Path), help="A configuration (TOML): its memories.")
@click.option("--freq", metavar="MHZ", type=click.FloatRange(min=0.1), help="The chip's clock; default: the board's.")
@click.option("--set", "settings", metavar="NAME=N", multiple=True, help="A parameter of the chip, as in draupnir rtl.")
@click.option("--header", is_flag=True, help="The chip's pins at the header, instead of a bridge at the UART.")
@click.option("--patch", is_flag=True, help="Only new contents for the memories of the bitstream in DIR: seconds.")
@click.option("--project", type=click.Choice(["vivado", "gowin", "fusesoc"]), help="A project for tools not here.")
@click.option("-o", "--output", metavar="DIR", type=FOLDER, help="Default: build/bitstream/CHIP-B.")
@json_option
def command(
    chip: str,
    board_name: str | None,
    config: Path | None,
    freq: float | None,
    settings: tuple[str, ...],
    header: bool,
    patch: bool,
    project: Literal["vivado", "gowin", "fusesoc"] | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Build a bitstream with Yosys and nextpnr, those on PATH or those of the Python packages.

    Where the board's FPGA has no room for the whole chip it is a reduced one, unless --set says which.
    Writes the bitstream, the routed design, constraints, logs and build.json; with --project, Verilog, constraints,
    memory files and a script, which were not run here, and project.json.
    Exit status: 0 built, 1 it does not fit or misses its frequency, 2 the input is at fault.

    \b
    Example: draupnir bitstream odin --board ulx3s-25f --config network.toml
    """
    # Only here: Amaranth and the boards take their time.
    from draupnir.rtl import emit
    from draupnir.rtl.fpga import boards, flow, projects

    given = parameters(chip, settings)
    if project:
        folder = _checked(output or BUILD / f"{chip}-{project}", config)
        hz = freq * 1e6 if freq else None
        origin = provenance.origin().as_json()
        files = projects.write(project, chip, folder, _words(chip, config, given), board_name, hz, origin, **given)
        _say(as_json, {"files": [str(path) for path in files]}, f"written, not run: {', '.join(map(str, files))}")
        return
    board = boards.board(board_name or "")
    folder = _checked(output or BUILD / f"{chip}-{board.name}", config)
    if patch:
        path = _patch(chip, config, folder)
        _say(as_json, {"bitstream": str(path)}, f"patched: {path}")
        return
    chosen = {**emit.our_chip(chip).on_boards.get(board.name, {}), **given}
    hz = freq * 1e6 if freq else board.freq
    origin = provenance.origin([flow.SEED]).as_json()
    request = flow.Request(chip, board, hz, chosen, _words(chip, config, chosen), header, origin)
    _build(request, folder, as_json)


def _checked(folder: Path, config: Path | None) -> Path:
    """The folder, after it has been seen that it can be written and is no input."""
    outputs.check({"--config": config}, folders={"-o": folder})
    return folder


def _build(request: Request, folder: Path, as_json: bool) -> None:
    from draupnir.rtl.fpga import bitfile, flow

    try:
        with _steps(flow.STEPS, request.where) as step:
            built = flow.build(request, folder, step)
    except flow.Unbuildable as failure:
        _say(as_json, {"built": False, "reason": str(failure)}, f"not built: {failure}")
        raise DifferenceFound from failure
    if as_json:
        _say(True, {"built": True, "bitstream": str(built.bitstream), **bitfile.about(folder)}, "")
    else:
        _print(built)


def _patch(chip: str, config: Path | None, folder: Path) -> Path:
    """Other contents in the bitstream of a folder, which is then unpacked and compared."""
    from draupnir.rtl.fpga import bitfile, flow

    about = bitfile.about(folder)
    if about["chip"] != chip:
        raise InputError(f"{folder}: a bitstream of {about['chip']}, not of {chip}")
    words = _words(chip, config, about["parameters"])
    with _steps(flow.STEPS[3:], chip) as step:
        step(flow.STEPS[3])
        path = bitfile.pack(folder, about["family"], words, lambda: step(flow.STEPS[4]))
    bitfile.note(folder, {"patched": provenance.origin().as_json()})
    return path


def _say(as_json: bool, found: dict[str, Any], text: str) -> None:
    if as_json:
        schema.echo("bitstream", found)
    else:
        click.echo(text)


def _words(chip: str, config: Path | None, chosen: dict[str, Any]) -> dict[str, Any]:
    """Return what the configuration puts into the words that the chip has."""
    if config is None:
        return {}
    from draupnir.rtl import emit
    from draupnir.tools.compile.toml import load

    memories = load.load(config, emit.declaration(chip, **chosen)).memories
    return {name: words[..., emit.kept_words(chip, name, **chosen), :] for name, words in memories.items()}


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


def _print(built: BuiltBitstream) -> None:
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
