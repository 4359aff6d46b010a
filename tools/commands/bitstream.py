"""`draupnir bitstream`: a chip on an FPGA, with its network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds import levels
from draupnir.tools.report import provenance, schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import FOLDER, chip_argument, json_option
from draupnir.tools.terminal.completion import complete_board
from draupnir.tools.terminal.console import console
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.options import parameters
from draupnir.tools.terminal.progress import progress

if TYPE_CHECKING:
    from draupnir.rtl.fpga.flow import BuiltBitstream, Request

BUILD = Path("build/bitstream")


@click.command("bitstream")
@chip_argument
@click.option(
    "--board",
    "board_name",
    metavar="B",
    shell_complete=complete_board,
    help="For instance ulx3s-25f or icebreaker.",
)
@click.option(
    "--config",
    metavar="C",
    type=click.Path(path_type=Path),
    help="A configuration (TOML), or a folder of the chip's own memory images: the start contents of the memories.",
)
@click.option(
    "--freq",
    metavar="MHZ",
    type=click.FloatRange(min=0.1),
    help="The chip's clock; default: the board's, or the chip's own there.",
)
@click.option(
    "--set", "settings", metavar="NAME=N", multiple=True, help="A parameter of the chip, as for draupnir rtl."
)
@click.option(
    "--header", is_flag=True, help="Connect the chip's pins to the board's header, without the bridge at the UART."
)
@click.option("--patch", is_flag=True, help="Only put new memory contents into the bitstream in DIR; takes seconds.")
@click.option(
    "--project", type=click.Choice(["vivado", "gowin", "fusesoc"]), help="Write a project for these tools instead."
)
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
    """Build a bitstream with Yosys and nextpnr, from PATH or from their Python packages.

    If the whole chip does not fit into the board's FPGA, a reduced chip is built; --set chooses another one.
    The output folder gets the bitstream, the routed design, constraints, logs and build.json. With --project it gets
    Verilog, constraints, memory files and a script, which are not run, and project.json.
    Exit status: 0 built, 1 the chip does not fit or is too slow for its frequency, 2 the input is wrong.

    \b
    Example: draupnir bitstream odin --board ulx3s-25f --config network.toml
    """
    # Imported here, because Amaranth and the boards load slowly.
    from draupnir.rtl import emit
    from draupnir.rtl.bridge.protocol import clocks_a_cycle
    from draupnir.rtl.fpga import boards, flow, projects

    settings_by_name = parameters(chip, settings)
    if project:
        folder = _checked_folder(output or BUILD / f"{chip}-{project}", config)
        hz = freq * 1e6 if freq else None
        origin, words = provenance.origin().as_json(), _words(chip, config, settings_by_name)
        files = projects.write(project, chip, folder, words, board_name, hz, origin, **settings_by_name)
        _say(as_json, {"files": [str(path) for path in files]}, f"written, not run: {', '.join(map(str, files))}")
        return
    board = boards.board(board_name or "")
    folder = _checked_folder(output or BUILD / f"{chip}-{board.name}", config)
    if patch:
        path = _patch(chip, config, folder)
        _say(as_json, {"bitstream": str(path)}, f"patched: {path}")
        return
    parameters_by_name = {**emit.our_chip(chip).on_boards.get(board.name, {}), **settings_by_name}
    declaration = emit.declaration(chip, **parameters_by_name)
    board_hz = board.freq if header else board.chip_freq(clocks_a_cycle(declaration))
    hz = freq * 1e6 if freq else emit.our_chip(chip).board_freqs.get(board.name, board_hz)
    origin = provenance.origin([flow.SEED]).as_json()
    request = flow.Request(
        chip, board, hz, parameters_by_name, _words(chip, config, parameters_by_name), header, origin
    )
    _build(request, folder, as_json)


def _checked_folder(folder: Path, config: Path | None) -> Path:
    """The folder, after a check that it can be written and is not an input."""
    outputs.check({"--config": config}, folders={"-o": folder})
    return folder


def _build(request: Request, folder: Path, as_json: bool) -> None:
    from draupnir.rtl.fpga import bitfile, flow

    try:
        with _steps(flow.STEPS, request.subject) as step:
            bitstream = flow.build(request, folder, step)
    except flow.Unbuildable as failure:
        _say(as_json, {"built": False, "reason": str(failure)}, f"not built: {failure}")
        raise DifferenceFound from failure
    if as_json:
        _say(True, {"built": True, "bitstream": str(bitstream.bitstream), **bitfile.about(folder)}, "")
    else:
        _print(bitstream)


def _patch(chip: str, config: Path | None, folder: Path) -> Path:
    """Put other contents into the bitstream of a folder, then unpack it and compare. Returns the bitstream's path."""
    from draupnir.rtl.fpga import bitfile, flow

    about = bitfile.about(folder)
    if about["chip"] != chip:
        raise InputError(f"{folder}: a bitstream of {about['chip']}, not of {chip}")
    words = _words(chip, config, about["parameters"])
    flow.check_words(chip, words)
    with _steps(flow.STEPS[3:], chip) as step:
        step(flow.STEPS[3])
        path = bitfile.pack(folder, about["family"], words, lambda: step(flow.STEPS[4]))
    bitfile.note(folder, {"patched": provenance.origin().as_json()})
    return path


def _say(as_json: bool, report: dict[str, Any], text: str) -> None:
    if as_json:
        schema.echo("bitstream", report)
    else:
        click.echo(text)


def _words(chip: str, config: Path | None, parameters_by_name: dict[str, Any]) -> dict[str, Any]:
    """The contents that the configuration gives to the memory words that the chip has, by memory."""
    if config is None:
        return {}
    from draupnir.rtl import emit

    memories = _memories(config, emit.declaration(chip, **parameters_by_name))
    return {name: words[..., emit.kept_words(chip, name, **parameters_by_name), :] for name, words in memories.items()}


def _memories(config: Path, chip: Chip) -> Mapping[str, Any]:
    """The contents of memories in a configuration, or in a folder of memory images of the chip's own tools."""
    from draupnir.tools.compile.toml import load

    ticks = levels.TICKS.load(chips.package(chip.name))
    if config.is_dir() and ticks is not None:
        return ticks.memories(ticks.read(config, None, chip.sizes), chip)
    return load.load(config, chip).memories


@contextmanager
def _steps(names: tuple[str, ...], title: str) -> Iterator[Any]:
    """A progress bar that names the present step, on a terminal."""
    with progress(title, len(names), "steps") as advance:
        steps_begun: list[str] = []

        def step(name: str) -> None:
            if steps_begun:
                advance(1)
            steps_begun.append(name)

        yield step


def _print(bitstream: BuiltBitstream) -> None:
    from rich.table import Table

    usage = Table(title="Utilisation", title_justify="left")
    for title in ("what", "used", "available", "%"):
        usage.add_column(title, justify="left" if title == "what" else "right")
    for each in bitstream.routed_report.usage:
        usage.add_row(each.kind, f"{each.used:,}", f"{each.available:,}", f"{100 * each.used / each.available:.0f}")
    timing = Table(title="Timing, MHz", title_justify="left")
    for title in ("clock", "reached", "wanted"):
        timing.add_column(title, justify="left" if title == "clock" else "right")
    for clock in bitstream.routed_report.clocks:
        timing.add_row(clock.net, f"{clock.achieved:.2f}", f"{clock.wanted:.2f}")
    screen = console()
    screen.print(usage)
    screen.print(timing)
    click.echo(f"board clock: {bitstream.clock.freq / 1e6:g} MHz, {bitstream.clock}")
    for name in bitstream.outside:
        click.echo(f"{name}: in RAM without initial content; the host writes it over SPI")
    click.echo(f"tools: {', '.join(f'{name} {version}' for name, version in bitstream.tools.items())}")
    click.echo(f"written: {bitstream.bitstream}, {bitstream.constraints}")
