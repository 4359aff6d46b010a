"""`draupnir config`: check a configuration, pack it into files that program a chip, unpack those, and compare two."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from draupnir.emulator.declare import Chip
from draupnir.tools.lint import report
from draupnir.tools.report import schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import chip_argument, declaration_of, json_option, set_option
from draupnir.tools.terminal.errors import DifferenceFound

FILE = click.Path(path_type=Path)
EVENTS = "The input of the chip's own simulator: CONFIG is its configuration, and the files are the hardware's images."
EVENTS_FROM = "File for the input of the chip's own simulator; -o is then its configuration, PACKED a folder of images."
HELD = "Earlier contents of the memories, for a stream that writes only a part: a configuration, or blank (all 0)."
ONTO = "Earlier contents of the memories: a configuration, or blank (all 0); the stream writes only what differs."


@click.group("config")
def command() -> None:
    """Check, pack, unpack and compare configurations: registers, neurons and synapses of a chip.

    A configuration is a TOML file: registers by name, neurons by index ranges with named parameters, synapses as
    ranges or as a matrix from .npy or CSV. See tools/compile/README.md.

    \b
    Example: draupnir config check odin net.toml
             draupnir config pack odin net.toml -o build/net
             draupnir config diff odin net.toml build/net
    """


@command.command("check")
@chip_argument
@click.argument("config", metavar="CONFIG", type=FILE)
@click.option("--onto", metavar="CONFIG", help=HELD)
@report.options
@set_option
@json_option
def check(
    chip: str,
    config: Path,
    onto: str | None,
    strict: bool,
    allow: tuple[str, ...],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check a configuration, in TOML or packed, and print what it contains.

    The command also reports findings: settings that are allowed, but are probably a mistake. Each finding has a name,
    such as zero-threshold; tools/compile/README.md lists them all. A finding is a warning; with --strict it is an
    error.

    Exit status: 0 the configuration is right, 2 it is wrong, or it has a finding and --strict is given.

    \b
    Example: draupnir config check odin net.toml
             draupnir config check odin net.toml --strict --allow monitoring
    """
    # Imported here, and in the other commands too, because --help needs none of it.
    from draupnir.tools.compile import packed
    from draupnir.tools.compile.summary import summary

    declaration = declaration_of(chip, settings)
    configuration = packed.read(config, declaration, packed.memories_before(onto, declaration), report.warn)
    counts, some = summary(configuration), report.findings(configuration, allow)
    if as_json:
        finding_objects = [finding.as_json() for finding in some]
        schema.echo("config check", {"chip": chip, "config": str(config), **counts, "findings": finding_objects})
    else:
        for name, count in counts.items():
            click.echo(f"{name.replace('_', ' ')}: {count}")
        report.tell(config, some)
    if strict:
        report.insist(config, some)


@command.command("pack")
@chip_argument
@click.argument("config", metavar="CONFIG", type=FILE)
@click.option("-o", "--output", metavar="DIR", type=FILE, help="Folder for the files.  [default: build/config/CHIP]")
@click.option("--onto", metavar="CONFIG", help=ONTO)
@click.option("--events", metavar="FILE", type=FILE, help=EVENTS)
@report.options
@set_option
@json_option
def pack(
    chip: str,
    config: Path,
    output: Path | None,
    onto: str | None,
    events: Path | None,
    strict: bool,
    allow: tuple[str, ...],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write the files that program a chip.

    The files are the SPI write stream, as text with one transaction in each line (_spi.txt), as bytes (_spi.bin), as a
    C header (_spi.h) and as a Python module (_spi.py); and for each memory a $readmemh image (.hex) and one for Vivado
    (.mem). For a chip that is programmed layer by layer the files are the writes to its registers, the packets of
    words for its stream, and the images.

    \b
    Example: draupnir config pack odin net.toml -o build/net
             draupnir config pack ranc config.json --events input.json -o build/images
    """
    from draupnir.tools.compile import packed
    from draupnir.tools.run import tick_files

    folder, declaration = output or Path("build/config") / chip, declaration_of(chip, settings)
    if events is not None:
        paths = tick_files.to_images(declaration, config, events, folder)
    else:
        outputs.check(_inputs("CONFIG", config, onto), folders={"-o": folder}, names=packed.file_names(declaration))
        configuration = packed.read(config, declaration, tell=report.warn)
        report.check_configuration(config, configuration, strict, allow)
        paths = packed.pack(configuration, folder, packed.memories_before(onto, declaration))
    if as_json:
        schema.echo("config pack", {"chip": chip, "files": {str(path): path.stat().st_size for path in paths}})
        return
    for path in paths:
        click.echo(f"{path}: {path.stat().st_size:,} bytes")


@command.command("unpack")
@chip_argument
@click.argument("packed_files", metavar="PACKED", type=FILE)
@click.option("-o", "--output", metavar="TOML", type=FILE, help="File for the configuration.  [default: stdout]")
@click.option("--onto", metavar="CONFIG", help=HELD)
@click.option("--events", metavar="FILE", type=FILE, help=EVENTS_FROM)
@set_option
@json_option
def unpack(
    chip: str,
    packed_files: Path,
    output: Path | None,
    onto: str | None,
    events: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write the configuration that an SPI stream, or a folder of packed files, gives to a chip.

    The stream may come from any driver. It may be text in hexadecimal (whole transactions, fields or bytes; comments
    begin with #, // or --), bytes (.bin), or an array in C or Python. The command reports odd transactions together
    with their effect on the chip, and registers that the stream never writes. All files of a folder must agree.

    \b
    Example: draupnir config unpack odin build/net -o net.toml
             draupnir config unpack tinyodin driver.log --onto blank
             draupnir config unpack ranc build/images -o config.json --events input.json
    """
    if events is not None:
        _unpack_images(declaration_of(chip, settings), packed_files, output, events, as_json)
    else:
        _unpack(declaration_of(chip, settings), packed_files, output, onto, as_json)


def _unpack_images(declaration: Chip, folder: Path, output: Path | None, events: Path, as_json: bool) -> None:
    """Write the files of the chip's own simulator."""
    from draupnir.tools.run import tick_files

    paths = tick_files.from_images(declaration, folder, output, events)
    if as_json:
        schema.echo("config unpack", {"chip": declaration.name, "files": list(map(str, paths))})


def _unpack(declaration: Chip, packed_files: Path, output: Path | None, onto: str | None, as_json: bool) -> None:
    """Write the configuration as TOML."""
    from draupnir.golden.files import replacing
    from draupnir.tools.compile import packed

    outputs.check(_inputs("PACKED", packed_files, onto), {"-o": output})
    present = packed.memories_before(onto, declaration)
    remarks: dict[str, Any] = {}
    if packed.is_toml(packed_files):
        text = packed.text(packed.read(packed_files, declaration))
    else:
        stream = packed.unpack(packed_files, declaration, present)
        text, remarks = packed.text(stream.configuration), stream.as_json()
        for line in stream.lines(packed_files):
            report.warn(line)
    if output is not None:
        with replacing(output) as temporary:
            temporary.write_text(text)
    if as_json:
        result = {"toml": text} if output is None else {"files": [str(output)]}
        schema.echo("config unpack", {"chip": declaration.name, **result, **remarks})
    elif output is None:
        click.echo(text, nl=False)


def _inputs(name: str, path: Path, onto: str | None) -> dict[str, Path | None]:
    """The files that a command reads: the argument of this name, and the configuration of --onto."""
    from draupnir.tools.compile import packed

    return {name: path, "--onto": None if onto in (None, packed.BLANK) else Path(str(onto))}


@command.command("diff")
@chip_argument
@click.argument("first_path", metavar="CONFIG", type=FILE)
@click.argument("second_path", metavar="CONFIG", type=FILE)
@click.option("--onto", metavar="CONFIG", help=HELD)
@click.option(
    "--max", "n_max", metavar="N", type=click.IntRange(min=1), default=100, show_default=True, help="List N at most."
)
@set_option
@json_option
def diff(
    chip: str,
    first_path: Path,
    second_path: Path,
    onto: str | None,
    n_max: int,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Name the registers, words and fields in which two configurations differ; exit status 1 if they do.

    Each is a TOML file, an SPI stream, or a folder of packed files.

    \b
    Example: draupnir config diff odin net.toml build/net --json
    """
    from draupnir.tools.compile import differences, packed

    declaration = declaration_of(chip, settings)
    memories_before = packed.memories_before(onto, declaration)
    one, other = (packed.read(path, declaration, memories_before, report.warn) for path in (first_path, second_path))
    all_differences = list(differences.changes(one, other))
    if as_json:
        difference_objects = [asdict(difference) for difference in all_differences[:n_max]]
        schema.echo(
            "config diff", {"chip": chip, "n_differences": len(all_differences), "differences": difference_objects}
        )
    else:
        for difference in all_differences[:n_max]:
            click.echo(str(difference))
        if len(all_differences) > n_max:
            click.echo(f"... and {len(all_differences) - n_max} more (--max)")
        click.echo(f"{len(all_differences)} differences")
    if all_differences:
        raise DifferenceFound
