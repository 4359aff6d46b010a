"""A whole job of ``draupnir run --samples``: a mapped network and samples become figures, labels and a report."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from draupnir.emulator.errors import InputError
from draupnir.golden.files import replacing, replacing_all
from draupnir.tools.mapping import folder
from draupnir.tools.mapping.answers import NO_LABEL, SampleAnswer
from draupnir.tools.mapping.energy import Energy
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.mapping.plan import Mapped
from draupnir.tools.mapping.samples import SpikeSamples, read_samples
from draupnir.tools.report import provenance
from draupnir.tools.terminal.progress import progress
from draupnir.tools.trials import report, trial
from draupnir.tools.trials import study as studies
from draupnir.tools.trials.figures import TrialFigures


@dataclass(frozen=True)
class TrialOptions:
    """The options of a trial, which ``draupnir run`` explains.

    config : a folder that ``draupnir map`` wrote, or its net.toml; output : the file for labels
    exports : number of a sample -> the event file for it
    report : the folder for a report; megahertz : the chip's clock, None for the paper's
    """

    config: Path
    samples: Path
    output: Path | None
    exports: Mapping[int, Path]
    report: Path | None
    megahertz: float | None


@dataclass(frozen=True)
class TrialOutcome:
    """The figures of a trial, and how energy is estimated, None if nobody has measured it."""

    figures: TrialFigures
    energy: Energy | None


def run(chip: str, options: TrialOptions) -> TrialOutcome:
    """Run all samples, and write a label for each if there is an output. Raises InputError with nothing written."""
    mapped = folder.read(folder_of(options.config), chip)
    samples = read_samples(options.samples, mapped.network.n_inputs)
    mapper = mapper_of(chip)
    _export(mapped, samples, options.exports)
    with ExitStack() as stack:
        advance = stack.enter_context(progress(options.samples.name, samples.n, "samples"))
        file = None
        if options.output:
            file = stack.enter_context(stack.enter_context(replacing(options.output)).open("w"))
        figures = trial.run(mapper.chip_run(mapped), samples, Labels(file).take, advance)
    if options.report:
        with progress("report", min(samples.n, studies.MOST_SAMPLES), "samples") as advance:
            study = studies.study(mapped, samples, advance)
        origin = provenance.origin()
        report.write(options.report, mapped, figures, study, options.megahertz, origin)
    return TrialOutcome(figures, mapper.energy)


def _export(mapped: Mapped, samples: SpikeSamples, exports: Mapping[int, Path]) -> None:
    """Write samples as event files, all or none. Raises InputError for a sample that does not exist."""
    for number, path in exports.items():
        if number >= samples.n:
            raise InputError(f"--export {number}={path}: {samples.path} has samples 0..{samples.n - 1}")
    event_file = mapper_of(mapped.chip).event_file
    with replacing_all(list(exports.values())) as temporaries:
        for number, temporary in zip(exports, temporaries, strict=True):
            temporary.write_text("".join(f"{line}\n" for line in event_file(mapped, samples.one(number))))


def folder_of(config: Path) -> Path:
    """The folder of a mapped network, from itself or from the net.toml in it. Raises InputError for anything else."""
    place = config if config.is_dir() else config.parent
    if not (place / folder.PLAN).is_file():
        raise InputError(f"{config}: there is no {folder.PLAN}; right is a folder that draupnir map wrote")
    return place


class Labels:
    """A CSV file with the number and the label of each sample, empty for none; nothing at all if ``file`` is None."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        if file:
            file.write("sample,label\n")

    def take(self, index: int, answer: SampleAnswer) -> None:
        """Write a line."""
        if self._file:
            self._file.write(f"{index},{'' if answer.label == NO_LABEL else answer.label}\n")


def as_json(outcome: TrialOutcome) -> dict[str, Any]:
    """The outcome for JSON."""
    picojoules = outcome.energy.picojoules if outcome.energy else None
    return {**outcome.figures.as_json(), "picojoules_per_operation": picojoules, "estimate": str(outcome.energy or "")}
