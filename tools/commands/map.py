"""`draupnir map`: bring a trained network to a chip."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from draupnir.tools.mapping.choices import Choices, Decision, Ties
from draupnir.tools.mapping.conventions import Decay, Reset
from draupnir.tools.report import figures, schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import chip_argument, json_option

FILE = click.Path(path_type=Path)
OF_NETWORK = ("split_signs", "leak_at", "clip", "start")


def _was_typed(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is not click.core.ParameterSource.DEFAULT


def _one_of(kinds: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([kind.value for kind in kinds])


@click.command("map")
@chip_argument
@click.argument("network", metavar="NETWORK", type=FILE)
@click.option("--dt", metavar="SECONDS", type=float, help="Timestep of the training, which NIR does not have.")
@click.option("--reset", type=_one_of(Reset), help="Reset of the training; without it, zero.")
@click.option("--decay", type=_one_of(Decay), default="euler", show_default=True, help="Decay of the training.")
@click.option("--samples", metavar="FILE", type=FILE, help="Samples of spikes, to measure what is lost.")
@click.option("--calibrate", metavar="FILE", type=FILE, help="Samples by which --clip and --leak-at are chosen.")
@click.option("--reference", metavar="FILE", type=FILE, help="Spikes that the framework recorded for these samples.")
@click.option("--decision", type=_one_of(Decision), help="The way to a label.  [default: count]")
@click.option("--ties", type=_one_of(Ties), default="lowest", show_default=True, help="The winner among equal counts.")
@click.option("--split-signs", is_flag=True, help="Give a source with weights of both signs two rows.")
@click.option(
    "--leak-at",
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Potential, as a share of the threshold, at which the chip's constant leak is the network's.",
)
@click.option(
    "--clip",
    metavar="SHARE",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Largest weight of a neuron that keeps its size, as a share of the largest.",
)
@click.option(
    "--start",
    metavar="LSB",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Potential at the start of a sample, on a chip without negative potentials.",
)
@click.option("-o", "--output", metavar="DIR", type=FILE, help="Folder for the network.  [default: build/map/CHIP]")
@json_option
def command(chip: str, network: Path, output: Path | None, as_json: bool, **words: Any) -> None:
    """Bring a trained network to a chip.

    NETWORK is a NIR file, an .npz, a .csv, or a folder of .csv files; tools/mapping/README.md describes each. The
    output is a folder. Its net.toml is for every command that takes a configuration. Its plan.json says where each
    neuron and input is, and how a sample runs and gets its label. With --samples the command also says how many labels
    are right in floating point and on the chip, and what makes the difference.

    \b
    Example: draupnir map tinyodin net.nir --dt 1e-4 --reset subtract-after-leak --samples test.npz -o build/net
             draupnir run tinyodin --config build/net/net.toml --events events.csv
    """
    # Imported here, because --help needs none of it.
    from draupnir.tools.mapping import folder, job

    place = output or Path("build/map") / chip
    inputs = {"NETWORK": network} | {f"--{name}": words[name] for name in ("samples", "calibrate", "reference")}
    outputs.check(inputs, folders={"-o": place}, names=(folder.PLAN, folder.NETWORK))
    decision = Decision(words["decision"]) if words["decision"] else None
    choices = Choices(decision, Ties(words["ties"]), **{name: words[name] for name in OF_NETWORK})
    options = job.MapOptions(
        words["dt"],
        words["reset"] and Reset(words["reset"]),
        Decay(words["decay"]),
        words["samples"],
        words["reference"],
        choices,
        words["calibrate"],
        frozenset(name for name in OF_NETWORK if _was_typed(name)),
    )
    outcome = job.run(chip, network, options, place)
    if as_json:
        schema.echo("map", {**outcome.as_json(), "folder": str(place)})
        return
    figures.show_texts([*outcome.lines(), ("folder", str(place))])
    for note in outcome.notes:
        click.echo(f"note: {note}", err=True)
