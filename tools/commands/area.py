"""`draupnir area`: a chip's size and speed on an FPGA, by its features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from draupnir.tools.report import provenance, schema
from draupnir.tools.terminal import options, outputs
from draupnir.tools.terminal.arguments import FOLDER, chip_argument, json_option
from draupnir.tools.terminal.console import console
from draupnir.tools.terminal.progress import progress

BUILD = Path("build/area")
WIDTH = 120  # columns of the table if stdout is not a terminal


@click.command("area")
@chip_argument
@options.rtl_options("A folder of Verilog, or a list of its files (.f), to measure beside our RTL.")
@click.option(
    "--variant", "names", metavar="NAME", multiple=True, help="Measure only this variant of our RTL; may be repeated."
)
@click.option("--device", type=click.Choice(["25k", "85k"]), default="25k", show_default=True, help="Size of the ECP5.")
@click.option("--no-route", is_flag=True, help="Area only: stop after packing.")
@json_option
@click.option("-o", "--output", metavar="DIR", type=FOLDER, default=BUILD, show_default=True)
def command(
    chip: str, rtl: options.Rtl, names: tuple[str, ...], device: str, no_route: bool, as_json: bool, output: Path
) -> None:
    """Measure the size and speed of a chip on an ECP5 FPGA, with Yosys and nextpnr.

    It measures our RTL as a whole, and without each of its features in turn; with --rtl also that RTL. Cells are
    counted after packing, and the clock frequency is that of the routed design. Routing takes minutes for each
    variant. The files area.json and area.png are written again after each variant.

    \b
    Example: draupnir area odin --rtl ~/ODIN/src --variant whole
    """
    # Imported here, because they need Amaranth.
    from draupnir.rtl.fpga import survey, tools
    from draupnir.tools.report import survey as shown

    declaration = rtl.declaration(chip)
    outputs.check({"--rtl": rtl.folder}, folders={"-o": output}, adds_verilog=True)
    theirs = rtl.design(declaration, output) if rtl.folder else None
    variants = list(names or survey.variants(chip))
    versions = {name: tools.find(name).version for name in ("yosys", "nextpnr-ecp5")}
    about: dict[str, Any] = {"chip": chip, "device": survey.DEVICES[device], "rtl": str(rtl) if rtl.folder else None}
    about["tools"] = versions
    about["origin"] = provenance.origin([], rtl.folder, theirs.files if theirs else []).as_json()
    rows, files = [], []
    with progress(f"{chip} on an ECP5", len(variants) + (theirs is not None), "variants") as advance:
        for row in survey.survey(declaration, variants, theirs, output, not no_route, device):
            rows.append(row)
            files = shown.write(
                output, rows, about
            )  # after each row, so that no result is lost if the next variant fails
            advance(1)
    if as_json:
        schema.echo("area", shown.as_json(rows, about))
        return
    screen = console()
    if not screen.is_terminal:
        screen.width = WIDTH
    screen.print(shown.table(rows))
    click.echo(f"{about['device']}; " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    click.echo(f"written: {', '.join(map(str, files))}")
