"""`draupnir soc`: a chip as a peripheral of a processor's bus."""

from __future__ import annotations

from pathlib import Path

import click

from draupnir.tools.report import schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import FOLDER, chip_argument, json_option
from draupnir.tools.terminal.options import parameters


@click.command("soc")
@chip_argument
@click.option(
    "--bus", type=click.Choice(["axi4-lite", "wishbone"]), default="axi4-lite", show_default=True, help="The bus."
)
@click.option(
    "--config", metavar="C", type=click.Path(path_type=Path), help="Also write this network as an image for the driver."
)
@click.option("--zeroed", is_flag=True, help="The memories hold zeros before, as on an FPGA: leave such words out.")
@click.option(
    "--set", "settings", metavar="NAME=N", multiple=True, help="A parameter of the chip, as for draupnir rtl."
)
@click.option("-o", "--output", metavar="DIR", type=FOLDER, help="Default: build/soc/CHIP.")
@json_option
def command(
    chip: str,
    bus: str,
    config: Path | None,
    zeroed: bool,
    settings: tuple[str, ...],
    output: Path | None,
    as_json: bool,
) -> None:
    """Write a chip behind AXI4-Lite or Wishbone as Verilog, with a driver in C and a page of its address map.

    With --config the folder also gets CHIP_soc_image.h: the network as writes of the bus.

    \b
    Example: draupnir soc odin --bus wishbone --config network.toml -o build/soc
    """
    # Imported here, because Amaranth loads slowly.
    from draupnir.rtl import emit
    from draupnir.tools.compile.toml import load
    from draupnir.tools.soc import files

    folder = output or Path("build/soc") / chip
    outputs.check({"--config": config}, folders={"-o": folder})
    if zeroed and config is None:
        raise click.UsageError("--zeroed: only with --config", click.get_current_context())
    settings_by_name = parameters(chip, settings)
    configuration = load.load(config, emit.declaration(chip, **settings_by_name)) if config else None
    paths = files.write(chip, bus, folder, configuration, zeroed, **settings_by_name)
    if as_json:
        schema.echo("soc", {"chip": chip, "bus": bus, "files": [str(path) for path in paths]})
    else:
        click.echo("\n".join(map(str, paths)))
