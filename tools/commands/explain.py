"""`draupnir explain`: why a neuron spiked, or did not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.tools.lint import report
from draupnir.tools.report import figures, schema
from draupnir.tools.run.options import DELAY_OPTIONS, TIMESTEPS_OPTION
from draupnir.tools.terminal import completion, outputs
from draupnir.tools.terminal.arguments import SEED, json_option
from draupnir.tools.terminal.groups import grouped
from draupnir.tools.terminal.progress import progress

FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class SampleQuestion:
    """The options for a sample on a mapped network."""

    samples: Path | None
    sample: int | None


@dataclass(frozen=True)
class RunQuestion:
    """The options for a configuration and events."""

    config: Path | None
    events: Path | None
    cycle: int | None
    synapse: int | None
    gap: int
    hold: int
    ack_delay: int
    ack_hold: int
    timesteps: int | None
    seed: int | None


SAMPLE_OPTIONS = (
    click.option("--samples", metavar="FILE", type=FILE, help="Samples of spikes."),
    click.option("--sample", metavar="N", type=click.IntRange(0), help="Number of the sample, from 0."),
)
RUN_OPTIONS = (
    click.option("--config", metavar="CONFIG", type=FILE, help="Registers, neurons and synapses, in TOML or packed."),
    click.option("--events", metavar="FILE", type=FILE, help="File of events: .csv or .npy, as for draupnir run."),
    click.option("--cycle", metavar="N", type=click.IntRange(0), help="Explain the last spike up to this clock."),
    click.option("--synapse", metavar="PRE", type=click.IntRange(0), help="Also explain the weight of this synapse."),
    *DELAY_OPTIONS,
    TIMESTEPS_OPTION,
    click.option("--seed", metavar="N", type=SEED, help="Start registers that have no reset at random values."),
)


@click.command("explain")
@click.argument("subject", metavar="CHIP|NETWORK", shell_complete=completion.complete_chip)
@click.option(
    "--neuron",
    metavar="N",
    required=True,
    help="Number of the neuron, or out:N for an output neuron; with NETWORK its population, too: NAME:N.",
)
@grouped(RunQuestion, RUN_OPTIONS, "run")
@grouped(SampleQuestion, SAMPLE_OPTIONS, "trial")
@click.option("-o", "--output", metavar="FILE", type=FILE, help="Picture of the neuron's potential (PNG).")
@json_option
def command(
    subject: str, neuron: str, run: RunQuestion, trial: SampleQuestion, output: Path | None, as_json: bool
) -> None:
    """Explain why a neuron spiked, or did not.

    With CHIP, the chip runs with a configuration and events, as in draupnir run. The command says which events brought
    the neuron to its first spike, or to the last one up to --cycle, and how much each of them gave. For a neuron that
    is silent it says how near it came to its threshold. With --synapse it also says which events changed a weight, and
    why. A chip with output neurons has them as out:N.

    With NETWORK, a folder that draupnir map wrote, the command says what the neuron got in a sample, how near it came
    to its threshold, and the smallest changes that would turn it. Each change was tried.

    \b
    Example: draupnir explain odin --config net.toml --events events.csv --neuron 17 -o neuron.png
             draupnir explain odin --config net.toml --events events.csv --neuron 17 --cycle 9000 --synapse 5
             draupnir explain reckon --config net.toml --events sample.csv --neuron out:1 --synapse 5
             draupnir explain build/map/tinyodin --samples test.npz --sample 17 --neuron hidden:42 -o neuron.png
    """
    if subject in chips.names():
        _run(subject, neuron, run, trial, output, as_json)
    else:
        _trial(Path(subject), neuron, run, trial, output, as_json)


def _require(subject: str, options: RunQuestion | SampleQuestion, others: RunQuestion | SampleQuestion) -> None:
    """Raise UsageError for a file that is missing, and InputError for an option of the other kind."""
    files = ("config", "events") if isinstance(options, RunQuestion) else ("samples", "sample")
    for name in files:
        if getattr(options, name) is None:
            raise click.UsageError(f"Missing option '--{name}'", click.get_current_context())
    of_runs = ("config", "events", "cycle", "synapse", "timesteps")
    strange = ("samples", "sample") if isinstance(options, RunQuestion) else of_runs
    for name in strange:
        if getattr(others, name) is not None:
            right = "a folder that draupnir map wrote" if isinstance(options, RunQuestion) else "the name of a chip"
            raise InputError(f"--{name}: {subject} does not take it; right is to give {right} before it")


def _run(chip: str, neuron: str, run: RunQuestion, trial: SampleQuestion, output: Path | None, as_json: bool) -> None:
    """Explain a neuron of a chip in a run."""
    # Imported here, because --help needs none of it.
    from draupnir.emulator.parts.handshake import Environment
    from draupnir.tools.compile import packed
    from draupnir.tools.explain import history_picture, history_text, part, run_job
    from draupnir.tools.run import events as event_files

    _require(chip, run, trial)
    assert run.config and run.events
    outputs.check({"--config": run.config, "--events": run.events}, {"-o": output})
    question = part.question(neuron, run.synapse, run.cycle)
    run_job.check(chip, question)
    configuration = packed.read(run.config, chips.declaration(chip), None, report.warn)
    report.tell(run.config, report.findings(configuration, ()))
    environment = Environment(run.gap, run.hold, run.ack_delay, run.ack_hold)
    terms = part.RunTerms(environment, run.seed, run.timesteps)
    with progress(run.events.name, event_files.count(run.events), "events") as advance:
        history = run_job.explain(configuration, run.events, question, terms, advance)
    if output:
        history_picture.write(output, history)
    if as_json:
        schema.echo("explain run", history_text.as_json(history))
    else:
        figures.show_texts(history_text.lines(history))


def _trial(
    network: Path, neuron: str, run: RunQuestion, trial: SampleQuestion, output: Path | None, as_json: bool
) -> None:
    """Explain a neuron of a mapped network in a sample."""
    from draupnir.tools.explain import explanation as explanations
    from draupnir.tools.explain import job

    _require(str(network), trial, run)
    assert trial.samples and trial.sample is not None
    outputs.check({"NETWORK": network, "--samples": trial.samples}, {"-o": output})
    mapped, spikes, right = job.read(network, trial.samples, trial.sample)
    explanation = job.explain(mapped, spikes, trial.sample, neuron, right)
    if output:
        job.draw(output, mapped, spikes, explanation)
    if as_json:
        schema.echo("explain", explanations.as_json(explanation))
    else:
        figures.show_texts(explanations.lines(explanation))
