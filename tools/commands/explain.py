"""`draupnir explain`: why a neuron spiked in a sample, or did not."""

from __future__ import annotations

from pathlib import Path

import click

from draupnir.tools.report import figures, schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import json_option

FILE = click.Path(path_type=Path)


@click.command("explain")
@click.argument("network", metavar="NETWORK", type=FILE)
@click.option("--samples", metavar="FILE", type=FILE, required=True, help="Samples of spikes.")
@click.option("--sample", metavar="N", type=click.IntRange(0), required=True, help="Number of the sample, from 0.")
@click.option("--neuron", metavar="NAME:N", required=True, help="Population and number of the neuron, from 0.")
@click.option("-o", "--output", metavar="FILE", type=FILE, help="Picture of the neuron's potential (PNG).")
@json_option
def command(network: Path, samples: Path, sample: int, neuron: str, output: Path | None, as_json: bool) -> None:
    """Explain why a neuron spiked in a sample, or did not.

    NETWORK is a folder that draupnir map wrote. The command says what the neuron got, how near it came to its
    threshold, and the smallest changes that would turn it. Each change was tried.

    \b
    Example: draupnir explain build/map/tinyodin --samples test.npz --sample 17 --neuron hidden:42 -o neuron.png
    """
    # Imported here, because --help needs none of it.
    from draupnir.tools.explain import explanation as explanations
    from draupnir.tools.explain import job

    outputs.check({"NETWORK": network, "--samples": samples}, {"-o": output})
    mapped, spikes, right = job.read(network, samples, sample)
    explanation = job.explain(mapped, spikes, sample, neuron, right)
    if output:
        job.draw(output, mapped, spikes, explanation)
    if as_json:
        schema.echo("explain", explanations.as_json(explanation))
    else:
        figures.show_texts(explanations.lines(explanation))
