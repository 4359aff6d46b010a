"""`draupnir train`: train a mapped network with the chip in the forward pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from draupnir.tools.report import figures, schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import SEED, json_option

FILE = click.Path(path_type=Path)


@click.command("train")
@click.argument("network", metavar="NETWORK", type=FILE)
@click.option("--samples", metavar="FILE", type=FILE, required=True, help="Samples of spikes, with labels.")
@click.option(
    "--epochs", metavar="N", type=click.IntRange(1), default=40, show_default=True, help="Passes through the samples."
)
@click.option(
    "--seed",
    metavar="N",
    type=SEED,
    default=0,
    show_default=True,
    help="Start value of the validation part and of the order of samples.",
)
@click.option(
    "--validate",
    metavar="SHARE",
    type=click.FloatRange(0, 0.9),
    default=0.2,
    show_default=True,
    help="Share of the samples that only choose the epoch to keep; 0 keeps the last one.",
)
@click.option(
    "--rate",
    metavar="R",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.02,
    show_default=True,
    help="Learning rate, in units of the chip's largest weight.",
)
@click.option(
    "--spike-cost",
    metavar="COST",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="Loss for each spike in a sample: fewer spikes are fewer synaptic operations.",
)
@click.option(
    "--drop",
    metavar="SHARE",
    type=click.FloatRange(0, 0.9),
    default=0.0,
    show_default=True,
    help="Share of input spikes that are left out at random while it learns, against overfitting.",
)
@click.option("--batch", metavar="N", type=click.IntRange(1), default=64, show_default=True, help="Samples in a step.")
@click.option(
    "--clip",
    metavar="NORM",
    type=click.FloatRange(0),
    default=0.0,
    show_default="no limit",
    help="Largest norm of a gradient: in loops over many timesteps gradients explode.",
)
@click.option("-o", "--output", metavar="DIR", type=FILE, help="Folder for the network.  [default: NETWORK-trained]")
@json_option
def command(network: Path, samples: Path, output: Path | None, as_json: bool, **words: Any) -> None:
    """Train a network with the chip in the forward pass.

    NETWORK is a folder that draupnir map wrote, and the output is another one, for the same commands, with a learning
    curve. In each step the chip's integer network runs, spike by spike, so what is learnt holds on the chip exactly;
    PyTorch (extra [train]) computes the gradients. The epoch that is best on the validation part is kept.

    \b
    Example: draupnir train build/map/tinyodin --samples train.npz --spike-cost 0.0005 -o build/trained
             draupnir run tinyodin --config build/trained --samples test.npz
    """
    # Imported here, because --help needs none of it.
    from draupnir.tools.mapping import folder
    from draupnir.tools.training import job
    from draupnir.tools.training.split import TrainingOptions

    place = output or network.with_name(f"{network.name}-trained")
    names = (folder.PLAN, folder.NETWORK, job.CURVE, job.PICTURE)
    outputs.check({"NETWORK": network, "--samples": samples}, folders={"-o": place}, names=names)
    options = TrainingOptions(**words)
    outcome = job.run(network, samples, options, place)
    if as_json:
        schema.echo("train", {**outcome.as_json(options), "folder": str(place)})
    else:
        figures.show_texts([*outcome.curve.lines(), ("folder", str(place))])
    for note in outcome.notes():
        click.echo(f"note: {note}", err=True)
