"""`draupnir demo`: whole learning tasks on real input, and the behaviours of a neuron, on the golden model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from draupnir.tools.report import figures, provenance, schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import FOLDER, IMAGES, SEED, AliasedOption, json_option
from draupnir.tools.terminal.progress import progress

F = TypeVar("F", bound=Callable[..., Any])


@click.group("demo")
def command() -> None:
    """Run a whole learning task, or all behaviours of ODIN's neuron, on the golden model.

    \b
    Example: draupnir demo digits
    """


def _results(job: str) -> Callable[[F], F]:
    """The options of each task: the report's folder, and JSON."""
    report = click.option(
        "--report",
        "--out",
        "out",
        cls=AliasedOption,
        aliases=("--out",),
        metavar="DIR",
        type=FOLDER,
        default=Path("build/demo") / job,
        show_default=True,
        help="Folder for the report.",
    )
    return lambda function: report(json_option(function))


@command.command("digits")
@click.option("--seed", metavar="N", type=SEED, help="Start value of the random order of images and spikes.")
@click.option("--images", metavar="N", type=IMAGES, help="Use only N images, a fifth of them for the test.")
@_results("digits")
def digits(seed: int | None, images: int | None, out: Path, as_json: bool) -> None:
    """ODIN learns handwritten digits, which it sees once each, and is then tested on others.

    Ten neurons learn with SDSP from the events of a teacher. The report, with pictures, goes to build/demo/digits.

    \b
    Example: draupnir demo digits
             draupnir demo digits --images 200 --seed 7
    """
    outputs.check({}, folders={"--report": out})
    # Imported here, because --help needs none of it.
    from draupnir.tools.experiments.digits import report
    from draupnir.tools.experiments.digits.experiment import DigitsExperiment
    from draupnir.tools.experiments.digits.results import as_object
    from draupnir.tools.experiments.digits.train import DigitsTrainer

    changes = {name: number for name, number in (("seed", seed), ("n_images", images)) if number is not None}
    experiment = replace(DigitsExperiment(), **changes)
    with progress("digits", experiment.n_images, "images") as advance:
        results = DigitsTrainer(experiment).run(advance)
    origin = provenance.origin([experiment.seed])
    files = report.write(out, results, origin)
    if as_json:
        schema.echo("demo digits", {**as_object(results, files), "origin": origin.as_json()})
        return
    for name, text in report.figures(results).items():
        click.echo(f"{name:20} {text}")
    click.echo(f"{'report':20} {files[-1]}")


@command.command("cue-accumulation")
@click.option(
    "--data", metavar="DIR", type=click.Path(path_type=Path), help="Use the .dat files of ReckOn's testbench in DIR."
)
@click.option(
    "--epochs", metavar="N", type=click.IntRange(min=1), default=10, show_default=True, help="Epochs of training."
)
@click.option(
    "--seed", "seeds", metavar="N", type=SEED, multiple=True, help="Start value of all random numbers; may be repeated."
)
@_results("cue-accumulation")
def cue_accumulation(data: Path | None, epochs: int, seeds: tuple[int, ...], out: Path, as_json: bool) -> None:
    """ReckOn learns by e-prop to remember on which side most cues were, and to answer a second later.

    The network has 100 recurrent neurons and is trained on the chip. After each epoch it is tested with learning off.
    Without --data, our own samples and initial weights are used. The report, with pictures, goes to
    build/demo/cue-accumulation.

    \b
    Example: draupnir demo cue-accumulation
             draupnir demo cue-accumulation --seed 1 --seed 2 --epochs 3
             draupnir demo cue-accumulation --data ReckOn/src/data
    """
    outputs.check({"--data": data}, folders={"--report": out})
    # Imported here, because --help needs none of it.
    from draupnir.tools.experiments.cue_accumulation import report
    from draupnir.tools.experiments.cue_accumulation.experiment import CueExperiment
    from draupnir.tools.experiments.cue_accumulation.train import CueTrainer

    trainers = [CueTrainer(CueExperiment(seed, epochs, data)) for seed in seeds or (None,)]
    n_samples = epochs * sum(trainer.results.n_train + trainer.results.n_test for trainer in trainers)
    with progress("cue accumulation", n_samples, "samples") as advance:
        results = [trainer.run(advance) for trainer in trainers]
    origin = provenance.origin(seeds)
    files = report.write(out, results, origin)
    if as_json:
        runs = [result.as_object() for result in results]
        file_names = [str(path) for path in files]
        schema.echo("demo cue-accumulation", {"runs": runs, "files": file_names, "origin": origin.as_json()})
        return
    for name, text in report.figures(results).items():
        click.echo(f"{name:20} {text}")
    click.echo(f"{'report':20} {files[-1]}")


@command.command("gungnir")
@click.option(
    "--seed", "seeds", metavar="N", type=SEED, multiple=True, help="Start value of all random choices; may be repeated."
)
@click.option("--images", metavar="N", type=IMAGES, help="Learn only N digits, a fifth of them for the test.")
@click.option(
    "--sequences", metavar="N", type=click.IntRange(min=1), default=500, show_default=True, help="Training sequences."
)
@_results("gungnir")
def gungnir(seeds: tuple[int, ...], images: int | None, sequences: int, out: Path, as_json: bool) -> None:
    """Gungnir learns digits by SDSP, cues by e-prop, and sequences of digits by both, beside ODIN and ReckOn.

    Without --seed there are five seeds, and all of it takes some minutes. The report, with the learning curves, goes to
    build/demo/gungnir.

    \b
    Example: draupnir demo gungnir
             draupnir demo gungnir --seed 1 --images 400 --sequences 200
    """
    outputs.check({}, folders={"--report": out})
    # Imported here, because --help needs none of it.
    from draupnir.tools.experiments.sequences import report
    from draupnir.tools.experiments.sequences.experiment import LearningResults, experiments

    seeds = seeds or tuple(range(1, 6))
    results, all_seeds = LearningResults(), experiments(seeds, sequences, images)
    with progress("gungnir", sum(one.n_samples for one in all_seeds), "samples") as advance:
        for one in all_seeds:
            one.run(results, advance)
    origin = provenance.origin(seeds)
    files = report.write(out, results, origin)
    if as_json:
        schema.echo(report.COMMAND, {**report.as_object(results), "origin": origin.as_json()})
        return
    figures.show_texts([*report.figures(results).items(), ("report", str(files[-1]))])


@command.command("izhikevich")
@_results("izhikevich")
def izhikevich(out: Path, as_json: bool) -> None:
    """ODIN's neuron shows the 20 behaviours of Izhikevich, from tonic spiking to inhibition-induced bursting.

    The report, in build/demo/izhikevich, has a picture in the layout of Izhikevich's figure, the criterion that each
    behaviour meets, and two files for each: the parameters of its neuron, and its input for draupnir run.

    \b
    Example: draupnir demo izhikevich
    """
    outputs.check({}, folders={"--report": out})
    # Imported here, because --help needs none of it.
    from draupnir.golden.recipes.odin_behaviours import BEHAVIOURS
    from draupnir.tools.experiments.izhikevich import report
    from draupnir.tools.experiments.izhikevich.exhibit import exhibit

    exhibits = []
    with progress("izhikevich", len(BEHAVIOURS), "behaviours") as advance:
        for behaviour in BEHAVIOURS:
            exhibits.append(exhibit(behaviour))
            advance(1)
    origin = provenance.origin()
    files = report.write(out, exhibits, origin)
    if as_json:
        schema.echo("demo izhikevich", {**report.as_object(exhibits, files), "origin": origin.as_json()})
        return
    figures.show_texts([*report.figures(exhibits).items(), ("report", str(files[-1]))])
