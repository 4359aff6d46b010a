"""`draupnir signoff`: one page that says what all results of a chip are worth."""

from __future__ import annotations

from pathlib import Path

import click

from draupnir.emulator.errors import InputError
from draupnir.tools.report import provenance, schema
from draupnir.tools.signoff import job
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import FOLDER, chip_argument, json_option
from draupnir.tools.terminal.errors import DifferenceFound

BUILD = Path("build")


@click.command("signoff")
@chip_argument
@click.option(
    "--results",
    "folders",
    metavar="DIR",
    type=FOLDER,
    multiple=True,
    help="Folder of results; may be repeated.  [default: build]",
)
@click.option(
    "--previous", metavar="FILE", type=FOLDER, help="The signoff.json of an earlier sign-off, to compare with."
)
@click.option("-o", "--output", metavar="DIR", type=FOLDER, help="Folder of the page.  [default: build/signoff/CHIP]")
@json_option
def command(chip: str, folders: tuple[Path, ...], previous: Path | None, output: Path | None, as_json: bool) -> None:
    """Write one page that says how far a chip is verified, and what is missing.

    The command runs nothing. It reads the results of `draupnir regress`, `sim`, `cover`, `mutate`, `prove` and `inject`
    in folders, and takes those of this chip. A result from other sources is named, and does not count. The page
    (signoff.html) needs no network; signoff.json and signoff.xml (JUnit) have the same figures.

    Exit status: 0 the page is written, 1 a result says that something fails, 2 the input is wrong.

    \b
    Example: draupnir signoff odin --results build --previous last/signoff.json
    """
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"--results {folder}: not a folder")
    place = output or BUILD / "signoff" / chip
    outputs.check({"--previous": previous}, folders={"-o": place}, names=job.FILES)
    signed = job.sign_off(chip, folders or (BUILD,), provenance.origin(), previous)
    page = job.write(signed, place)
    if as_json:
        schema.echo("signoff", signed.as_object())
    else:
        click.echo("\n".join([*signed.text(), f"page: {page}"]))
    if signed.failing:
        raise DifferenceFound
