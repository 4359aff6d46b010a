"""`draupnir config`: check a configuration, pack it into what programs a chip, unpack that, and compare two."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from draupnir.tools.lint import report
from draupnir.tools.report import schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import chip_argument, declared, json_option, set_option
from draupnir.tools.terminal.errors import DifferenceFound

FILE = click.Path(path_type=Path)
HELD = "What the memories held before a stream that writes only a part: a configuration, or blank (all 0)."
ONTO = "What the memories hold before: a configuration, or blank (all 0); the stream writes only what differs."


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
    allowed: tuple[str, ...],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say whether a configuration, in TOML or packed, is right, what is in it, and what in it is hardly meant.

    The latter are findings, each with a name, such as zero-threshold; tools/compile/README.md has them all. They are
    warnings, but for --strict.

    Exit status: 0 it is right, 2 it is not, or --strict and it has a finding.

    \b
    Example: draupnir config check odin net.toml
             draupnir config check odin net.toml --strict --allow monitoring
    """
    # Only here, and in the other commands: help needs none of it.
    from draupnir.tools.compile import packed
    from draupnir.tools.compile.summary import summary

    wanted = declared(chip, settings)
    configuration = packed.read(config, wanted, packed.memories_before(onto, wanted), report.warn)
    found, some = summary(configuration), report.findings(configuration, allowed)
    if as_json:
        listed = [finding.listed() for finding in some]
        schema.echo("config check", {"chip": chip, "config": str(config), **found, "findings": listed})
    else:
        for name, count in found.items():
            click.echo(f"{name.replace('_', ' ')}: {count}")
        report.tell(config, some)
    if strict:
        report.insist(config, some)


@command.command("pack")
@chip_argument
@click.argument("config", metavar="CONFIG", type=FILE)
@click.option("-o", "--output", metavar="DIR", type=FILE, help="Folder for the files.  [default: build/config/CHIP]")
@click.option("--onto", metavar="CONFIG", help=ONTO)
@report.options
@set_option
@json_option
def pack(
    chip: str,
    config: Path,
    output: Path | None,
    onto: str | None,
    strict: bool,
    allowed: tuple[str, ...],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write the files that program a chip.

    The SPI write stream, a transaction a line (_spi.txt), as bytes (_spi.bin), as a C header (_spi.h) and as a Python
    module (_spi.py); of each memory a $readmemh image (.hex), and one for Vivado (.mem).

    \b
    Example: draupnir config pack odin net.toml -o build/net
    """
    from draupnir.tools.compile import packed

    folder, wanted = output or Path("build/config") / chip, declared(chip, settings)
    outputs.check(_inputs("CONFIG", config, onto), folders={"-o": folder}, names=packed.file_names(wanted))
    configuration = packed.read(config, wanted, tell=report.warn)
    report.checked(config, configuration, strict, allowed)
    paths = packed.pack(configuration, folder, packed.memories_before(onto, wanted))
    if as_json:
        schema.echo("config pack", {"chip": chip, "files": {str(path): path.stat().st_size for path in paths}})
        return
    for path in paths:
        click.echo(f"{path}: {path.stat().st_size:,} bytes")


@command.command("unpack")
@chip_argument
@click.argument("packed_files", metavar="PACKED", type=FILE)
@click.option("-o", "--output", metavar="TOML", type=FILE, help="The configuration; else it goes to stdout.")
@click.option("--onto", metavar="CONFIG", help=HELD)
@set_option
@json_option
def unpack(
    chip: str, packed_files: Path, output: Path | None, onto: str | None, settings: tuple[str, ...], as_json: bool
) -> None:
    """Write the configuration that an SPI stream, or a folder of packed files, programs.

    A stream is what a chip gets, from any driver: text in hexadecimal (whole transactions, fields or bytes; comments
    begin with #, // or --), bytes (.bin), or an array in C or Python. What is odd in it is told with what the chip does
    about it; so are registers that it never writes. All files of a folder must agree.

    \b
    Example: draupnir config unpack odin build/net -o net.toml
             draupnir config unpack tinyodin driver.log --onto blank
    """
    from draupnir.golden.files import replacing
    from draupnir.tools.compile import packed
    from draupnir.tools.compile.toml.load import dump

    outputs.check(_inputs("PACKED", packed_files, onto), {"-o": output})
    wanted = declared(chip, settings)
    present = packed.memories_before(onto, wanted)
    told: dict[str, Any] = {}
    if packed.is_toml(packed_files):
        text = dump(packed.read(packed_files, wanted))
    else:
        unpacked = packed.unpack(packed_files, wanted, present)
        text, told = dump(unpacked.configuration), unpacked.listed()
        for line in unpacked.told(packed_files):
            report.warn(line)
    if output is not None:
        with replacing(output) as temporary:
            temporary.write_text(text)
    if as_json:
        found = {"toml": text} if output is None else {"files": [str(output)]}
        schema.echo("config unpack", {"chip": chip, **found, **told})
    elif output is None:
        click.echo(text, nl=False)


def _inputs(name: str, path: Path, onto: str | None) -> dict[str, Path | None]:
    """Return what a command reads: the argument of this name, and the configuration in --onto."""
    from draupnir.tools.compile import packed

    return {name: path, "--onto": None if onto in (None, packed.BLANK) else Path(str(onto))}


@command.command("diff")
@chip_argument
@click.argument("first", metavar="CONFIG", type=FILE)
@click.argument("second", metavar="CONFIG", type=FILE)
@click.option("--onto", metavar="CONFIG", help=HELD)
@click.option("--max", "n_max", metavar="N", type=click.IntRange(min=1), default=100, show_default=True, help="Listed.")
@set_option
@json_option
def diff(
    chip: str,
    first: Path,
    second: Path,
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

    wanted = declared(chip, settings)
    before = packed.memories_before(onto, wanted)
    one, other = (packed.read(path, wanted, before, report.warn) for path in (first, second))
    found = list(differences.between(one, other))
    if as_json:
        listed = [asdict(difference) for difference in found[:n_max]]
        schema.echo("config diff", {"chip": chip, "n_differences": len(found), "differences": listed})
    else:
        for difference in found[:n_max]:
            click.echo(str(difference))
        if len(found) > n_max:
            click.echo(f"... and {len(found) - n_max} more (--max)")
        click.echo(f"{len(found)} differences")
    if found:
        raise DifferenceFound
