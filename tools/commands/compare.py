"""The command `draupnir compare`: the place where simulator and RTL of a chip part on a network, and the reasons."""

from __future__ import annotations

from pathlib import Path

import click

from draupnir.tools.report import schema
from draupnir.tools.terminal.arguments import chip_argument, json_option, set_option
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.ranges import CYCLES

FILE = click.Path(path_type=Path)


@click.command("compare")
@chip_argument
@click.option("--config", metavar="CONFIG", type=FILE, help="The simulator's configuration, or a folder of images.")
@click.option("--events", metavar="FILE", type=FILE, help="The simulator's input.")
@click.option("--timesteps", metavar="N", type=click.IntRange(min=1), help="Timesteps to compare.")
@click.option("--period", metavar="N", type=CYCLES, help="Clocks from a timestep to the next.")
@click.option("--input-delay", metavar="N", type=CYCLES, help="Clocks from a timestep until its input is there.")
@click.option(
    "--without", "excluded", metavar="NAME", multiple=True, help="Leave out a difference of the two; may be repeated."
)
@set_option
@json_option
def command(
    chip: str,
    config: Path | None,
    events: Path | None,
    timesteps: int | None,
    period: int | None,
    input_delay: int | None,
    excluded: tuple[str, ...],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say where a chip's simulator and its RTL part on a network, and why.

    Both run the network timestep by timestep. If they part, the command names the first timestep, core and neuron, and
    the differences between the two that are the reason: it switches off one after the other, and keeps those without
    which the two would not part there. The exit status is then 1.

    CONFIG and FILE are those of the chip's own simulator. CONFIG may also be a folder of memory images for the
    hardware, with its packets; --set then gives the sizes.

    \b
    Example: draupnir compare ranc --config config.json --events input.json --timesteps 100
             draupnir compare ranc --config memories --set GRID_DIMENSION_X=3 --timesteps 100 --without repeats
    """
    from draupnir.tools.run import ticks  # imported here, because --help needs none of it

    level, network, n, sizes = ticks.network_of(chip, config, events, timesteps, settings)
    difference = level.compare(network, n, sizes, period, input_delay, excluded)
    if as_json:
        schema.echo("compare", {"chip": chip, **difference.as_json()})
    else:
        click.echo("\n".join(difference.lines()))
    if not difference.is_equal:
        raise DifferenceFound
