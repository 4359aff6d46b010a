"""`draupnir decode`: what a host has programmed into a chip, from its SPI transfers or from a waveform of the pins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from draupnir.emulator.errors import InputError
from draupnir.tools.lint import report
from draupnir.tools.report import schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import chip_argument, declaration_of, json_option, set_option
from draupnir.tools.terminal.groups import grouped

if TYPE_CHECKING:
    from draupnir.tools.decode.job import Decoded

FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class DecodeOptions:
    """The options of the command; ``OPTIONS`` has the meaning of each."""

    scope: str | None
    pins: tuple[str, ...]
    onto: str | None
    n_max: int
    output: Path | None
    strict: bool


OPTIONS = (
    click.option(
        "--scope", metavar="S", help="With WAVE: the scope of the pins, if several have them, such as tb.dut."
    ),
    click.option(
        "--pin",
        "pins",
        metavar="PIN=NAME",
        multiple=True,
        help="With WAVE: another name of a pin, SCK=tb.dut.spi_clk, or of a bit of one, AERIN_ADDR[3]=D7.",
    ),
    click.option(
        "--onto", metavar="CONFIG", help="Earlier contents of the memories: a configuration, or blank (all 0)."
    ),
    click.option(
        "--max",
        "n_max",
        metavar="N",
        type=click.IntRange(min=1),
        default=100,
        show_default=True,
        help="List N at most.",
    ),
    click.option("-o", "--output", metavar="TOML", type=FILE, help="File for the configuration.  [default: stdout]"),
    click.option("--strict", is_flag=True, help="End with status 2 if the host has made a mistake."),
)


@click.command("decode")
@chip_argument
@click.argument("source", metavar="STREAM|WAVE", type=FILE)
@grouped(DecodeOptions, OPTIONS, "options")
@set_option
@json_option
def command(chip: str, source: Path, options: DecodeOptions, settings: tuple[str, ...], as_json: bool) -> None:
    """Say what a host has programmed, which events it has sent, and which mistakes it has made.

    STREAM holds the SPI transfers of any driver, in the forms that draupnir config unpack reads: text or CSV in
    hexadecimal, bytes, or an array in C or Python. WAVE is a waveform (VCD, FST) of the chip's pins from a simulator or
    a logic analyser. It needs only SCK and MOSI, and no clock. Other pins that it has, such as the reset and the buses
    of events, are decoded, too.

    The output is a table of what the host did, then the configuration that the chip has at the end, and then the
    mistakes: where each is, what the chip does, and what would be right.

    Exit status: 0 the file is decoded, 2 it cannot be, or it has a mistake and --strict is given.

    \b
    Example: draupnir decode odin driver.log -o net.toml
             draupnir decode odin capture.vcd --pin SCK=tb.dut.spi_clk --onto blank
    """
    # Imported here, because --help needs none of it.
    from draupnir.golden.files import replacing
    from draupnir.tools.compile import packed
    from draupnir.tools.decode import job

    declaration = declaration_of(chip, settings)
    onto = None if options.onto in (None, packed.BLANK) else Path(str(options.onto))
    outputs.check({"STREAM": source, "--onto": onto}, {"-o": options.output})
    present = packed.memories_before(options.onto, declaration)
    result = job.decode(source, declaration, present, job.WavePins(options.scope, _names(options.pins)))
    toml = packed.text(result.contents.configuration)
    if options.output is not None and not (options.strict and result.n_mistakes):
        with replacing(options.output) as temporary:
            temporary.write_text(toml)
    if as_json:
        configuration = {"toml": toml} if options.output is None else {"files": [str(options.output)]}
        schema.echo("decode", {"chip": chip, "file": str(source), **result.as_json(options.n_max), **configuration})
    else:
        for line in _lines(result, source, options.n_max, "" if options.output else toml):
            click.echo(line)
    _warn(result, source)
    if options.strict and result.n_mistakes:
        kinds = ", ".join(odd.kind for odd in result.mistakes)
        raise InputError(f"{source}: it has {_count(result)}, and --strict is given: {kinds}")


def _names(pins: tuple[str, ...]) -> dict[str, str]:
    """Return pin -> name of its variable. Raises InputError for another form, and for a pin that stands twice."""
    names: dict[str, str] = {}
    for text in pins:
        pin, _, name = text.partition("=")
        if not pin or not name:
            raise InputError(f"--pin {text}: right is PIN=NAME, for instance --pin SCK=tb.dut.spi_clk")
        if pin in names:
            raise InputError(f"--pin {text}: {pin} is given twice")
        names[pin] = name
    return names


def _lines(result: Decoded, source: Path, n_max: int, toml: str) -> Iterator[str]:
    """Yield the table, the configuration and the mistakes."""
    entries = result.entries[:n_max]
    places = [entry.place.removeprefix(f"{source}:").strip() for entry in entries]
    width = max(map(len, places))
    for place, entry in zip(places, entries, strict=True):
        yield f"{place:>{width}}  {entry.text}"
        for remark in dict.fromkeys(entry.remarks):
            if remark.right:
                yield f"{'':>{width}}  ! {remark.text}"
    if len(result.entries) > n_max:
        yield f"... and {len(result.entries) - n_max:,} more (--max)"
    if toml:
        yield from ("", *toml.splitlines())
    yield ""
    for odd in result.mistakes:
        yield f"{odd}; right is {odd.right}"
    yield _count(result)


def _count(result: Decoded) -> str:
    """Return the number of mistakes in words."""
    return f"{result.n_mistakes} mistake{'' if result.n_mistakes == 1 else 's'}"


def _warn(result: Decoded, source: Path) -> None:
    """Print on stderr what the file does not tell."""
    for line in result.contents.unknown(source):
        report.warn(line)
    if result.absent:
        report.warn(f"{source}: no events of {', '.join(result.absent)}, because not all pins of the bus are recorded")
