"""`draupnir run`: send events to a chip at event level, and write its spikes with their cycle numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from draupnir.emulator import chips
from draupnir.emulator.speeds import limits
from draupnir.tools.lint import report
from draupnir.tools.report import figures, schema
from draupnir.tools.run.options import RunOptions, run_options
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import AliasedOption, chip_argument, declaration_of, json_option, set_option
from draupnir.tools.terminal.progress import progress
from draupnir.tools.terminal.waves import WaveOptions, wave_options
from draupnir.tools.trials.options import SampleOptions, sample_options

if TYPE_CHECKING:
    from draupnir.emulator.configuration import Configuration
    from draupnir.golden.waves.watch import WaveView
    from draupnir.tools.lint.findings import Finding
    from draupnir.tools.run.saving import Outputs
    from draupnir.tools.run.session import RunOutcome
    from draupnir.tools.run.waves import RunTap

NOT_WITH_SAMPLES = "not with --samples; right is --export 0=events.csv, and a run of these events"
BY_TIMESTEPS = "runs by timesteps here, without clocks; right is replay of a recording of its pins"


@click.command("run")
@chip_argument
@run_options
@click.option(
    "--plain-clock",
    "--clock-level",
    "plain_clock",
    cls=AliasedOption,
    aliases=("--clock-level",),
    is_flag=True,
    help="Run every clock by itself: slower, with the same results.",
)
@wave_options
@sample_options
@report.options
@set_option
@json_option
def command(
    chip: str,
    options: RunOptions,
    plain_clock: bool,
    wave_options: WaveOptions,
    trial: SampleOptions,
    strict: bool,
    allow: tuple[str, ...],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Send events to a configured chip, and write its spikes, each with the cycle in which its REQ is seen.

    The events are a CSV with the header addr or cycle,addr, or a .npy of one or two columns of integers. Cycle 0 is the
    first clock after the reset. Events follow each other as quickly as the handshake allows, but none is sent before
    its cycle. With the word rest as its cycle (-1 in a .npy) an event is sent when the chip is at rest. A CSV with the
    header op,operand has operations: EVENT, WAIT, REST, RESET of the neurons, and READ of potentials (docs/network.md).

    A chip that its host leads takes other files. A CSV with the header time,addr has the input spikes of one sample, by
    timestep. A CSV with the header op,operand has the operations of the host, in order; the message for a wrong
    operation lists the right ones.

    A chip that is programmed layer by layer takes a CSV with the columns time, channel, row and column; its output has
    the same columns, so it is the input of the next layer.

    A chip that runs by its own timesteps takes the files of its own simulator, and -o is the simulator's output file.

    With --waves the pins and the registers of the clocks of --window go to a waveform (docs/waves.md).

    With --samples, CONFIG is the folder of a network that draupnir map wrote. Each sample begins with the chip as it is
    configured. The output is then a CSV with the label of each sample.

    \b
    Example: draupnir run odin --config net.toml --events events.csv -o spikes.csv
             draupnir run odin --config net.toml --events events.npy --save synapses=learned.hex --json
             draupnir run odin --config net.toml --events events.csv --waves out.fst --window 0:5000 --watch neurons=3
             draupnir run reckon --config net.toml --events sample.csv --timesteps 2250
             draupnir run ranc --config config.json --events input.json --timesteps 100 -o output.txt
             draupnir run tinyodin --config build/map/tinyodin --samples test.npz -o labels.csv --export 0=events.csv
    """
    if trial.samples:
        wave_options.refuse(NOT_WITH_SAMPLES)
        _trial(chip, options, trial, trial.samples, as_json)
        return
    trial.refuse_without_samples()
    if chips.package(chip).ticks is not None:
        wave_options.refuse(f"{chip} {BY_TIMESTEPS}")
        _by_timesteps(chip, options, settings, as_json)
        return
    declaration = declaration_of(chip, settings)
    view = wave_options.view(declaration)
    _require_files(options)
    if chips.package(chip).layers is not None:
        _by_layer(chip, options, wave_options.waves, view, as_json)
        return
    saves = options.checked_saves(declaration, wave_options.files())
    from draupnir.tools.run import levels  # imported here, because --help needs none of it

    levels.engine(chip)
    _, configuration, config_findings = options.configuration(declaration, strict, allow)
    assert configuration is not None
    model = chips.model(chip, declaration.sizes)(options.seed)
    model.stretch = not plain_clock
    configuration.apply(model)
    outcome = _saved(model, configuration, options, saves, wave_options.waves, view)
    _tell(model, outcome, options, config_findings, as_json)


def _saved(
    model: Any,
    configuration: Configuration,
    options: RunOptions,
    saves: Mapping[str, Path],
    waves: Path | None,
    view: WaveView | None,
) -> RunOutcome:
    """Run a configured model, and write all files."""
    from draupnir.tools.run.saving import saving

    with (
        saving(options.output, saves, model.chip, options.potentials) as files,
        _tapped(model, waves, view) as tap,
    ):
        outcome = _run(model, configuration, options, files, tap)
        for name in saves:
            files.save(name, model.memories[name])
    return outcome


def _tapped(model: Any, waves: Path | None, view: WaveView | None) -> AbstractContextManager[RunTap | None]:
    """Open the waveform of a run; without one, nothing that writes waveforms is imported."""
    if waves is None or view is None:
        return nullcontext()
    from draupnir.tools.run.waves import tapped

    return tapped(model, waves, view)


def _require_files(options: RunOptions) -> None:
    """Raise UsageError for a missing option that names a file to read."""
    for name in ("config", "events"):
        if getattr(options, name) is None:
            raise click.UsageError(f"Missing option '--{name}'", click.get_current_context())


def _by_timesteps(chip: str, options: RunOptions, settings: Sequence[str], as_json: bool) -> None:
    """Run a network of a chip that runs by its own timesteps, and print the figures."""
    from draupnir.tools.run import ticks

    outcome = ticks.run(chip, options, settings)
    if as_json:
        schema.echo("run timesteps", {"chip": chip, **asdict(outcome)})
    else:
        figures.show(outcome.rows())


def _by_layer(chip: str, options: RunOptions, waves: Path | None, view: WaveView | None, as_json: bool) -> None:
    """Run a layer of a chip that is programmed layer by layer, and print the figures."""
    from draupnir.tools.run import layers

    outcome = layers.run(chip, options, waves, view)
    if as_json:
        schema.echo("run layer", {"chip": chip, **asdict(outcome)})
    else:
        figures.show(layers.rows(outcome))
    for warning in layers.warnings(outcome):
        click.echo(f"warning: {warning}", err=True)
    options.warn_if_empty(outcome.n_events, outcome.done)


def _trial(chip: str, options: RunOptions, trial: SampleOptions, samples: Path, as_json: bool) -> None:
    """Run all samples on a network that ``draupnir map`` wrote, and print the figures."""
    from draupnir.tools.trials import job

    if options.config is None:
        raise click.UsageError("Missing option '--config'", click.get_current_context())
    options.refuse_beside("--samples", "onto", "events", "timesteps", "potentials", "save", "max_cycles", "seed")
    exports = trial.exports()
    files = {"-o": options.output, **{f"--export {number}=": file for number, file in exports.items()}}
    outputs.check({"--config": options.config, "--samples": samples}, files, {"--report": trial.report})
    outcome = job.run(
        chip, job.TrialOptions(options.config, samples, options.output, exports, trial.report, trial.clock)
    )
    warnings = outcome.figures.warnings()
    if as_json:
        schema.echo("run samples", {"chip": chip, **job.as_json(outcome), "warnings": warnings})
    else:
        figures.show_texts(outcome.figures.rows(outcome.energy, trial.clock))
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def _tell(
    model: Any, outcome: RunOutcome, options: RunOptions, config_findings: Sequence[Finding], as_json: bool
) -> None:
    """Print the outcome and its warnings."""
    chip = model.chip.name
    if as_json:
        warnings = [*dropped(outcome), *model.warnings()]
        remarks = {"warnings": warnings, "findings": [finding.as_json() for finding in config_findings]}
        schema.echo("run", {"chip": chip, **asdict(outcome), **remarks})
    else:
        figures.show(rows(outcome))
    if not outcome.done and options.max_cycles is None:
        reason = limits.not_at_rest(outcome.n_cycles, outcome.n_spikes)
        click.echo(f"warning: {reason}; --max-cycles N gives another", err=True)
    options.warn_if_empty(outcome.n_events, outcome.done)
    report.explain(config_findings, chip, outcome.n_spikes == 0, not outcome.done)
    for warning in (*dropped(outcome), *model.warnings()):
        click.echo(f"warning: {warning}", err=True)


def dropped(outcome: RunOutcome) -> list[str]:
    """A warning if spikes were dropped; none from a chip whose engine has no FIFO that could drop any."""
    n = (outcome.statistics or {}).get("dropped_spikes", 0)
    return [f"{n:,} spike(s) found the scheduler's FIFO full and were dropped: they stimulated nobody"] if n else []


def _run(
    model: Any, configuration: Configuration, options: RunOptions, files: Outputs, tap: RunTap | None
) -> RunOutcome:
    """Send the events block by block, or carry out operations, or let the host of the chip lead it, if it has one."""
    from draupnir.emulator.parts.handshake import Environment
    from draupnir.tools.run import events as event_files
    from draupnir.tools.run import hosted, operations, session

    events, chip, take = options.events, model.chip.name, files.take
    assert events is not None
    has_operations = operations.is_file(events, model.chip)
    options.check_potentials(has_operations)
    if hosted.is_hosted(chip):
        return hosted.run(model, events, options.timesteps, options.delays, options.max_cycles, take, tap)
    options.check_timesteps(chip)
    environment = Environment(**options.delays)
    if has_operations:
        ops = operations.read(events, model.chip, options.potentials)
        limit = options.max_cycles
        return operations.run(model, configuration, ops, environment, limit, take, files.take_potentials, tap)
    with progress(events.name, event_files.count(events), "events") as advance:
        blocks = event_files.blocks(events, model.chip)
        return session.run(model, blocks, environment, options.max_cycles, take, advance, tap)


def rows(outcome: RunOutcome) -> Iterator[tuple[str, str]]:
    """The figures of a run: a name for people, and its text."""
    yield "events", f"{outcome.n_events:,}"
    yield "spikes", f"{outcome.n_spikes:,}"
    yield "clocks", f"{outcome.n_cycles:,}" + ("" if outcome.done else ", then stopped")
    yield from _statistics(outcome.statistics or {})
    yield "clocks a second (the run alone)", f"{outcome.n_cycles / max(outcome.seconds, 1e-9):,.0f}"


def _statistics(statistics: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, count in statistics.items():
        words = figures.words(name)
        if isinstance(count, dict):
            yield from ((f"{words} in {part}", f"{n:,}") for part, n in count.items() if n)
        else:
            yield words, f"{count:,}"
