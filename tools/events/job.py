"""A whole job of ``draupnir convert``: recordings become samples, or an event file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.tools.events import library
from draupnir.tools.events.binning import BinnedSpikes, EventCounts, bin_recording, counts_rows
from draupnir.tools.events.files import read
from draupnir.tools.events.options import ConvertOptions
from draupnir.tools.events.recording import EventRecording, SensorSize
from draupnir.tools.events.samples_file import SampleSpool
from draupnir.tools.events.sources import EventSources, number_of, sources
from draupnir.tools.terminal.progress import progress

SAMPLES, EVENT_FILES = ".npz", (".csv", ".npy")


@dataclass(frozen=True)
class Conversion:
    """The outcome of a job.

    n_samples : recordings; n_timesteps : of a sample; n_rows : inputs of a sample
    classes : the names of the labels, empty if they are numbers or if there are none
    n_silent : samples without a spike; notes : what is worth saying of the files
    """

    n_samples: int
    n_timesteps: int
    n_rows: int
    has_labels: bool
    classes: tuple[str, ...]
    n_silent: int
    counts: EventCounts
    notes: tuple[str, ...]

    def rows(self) -> Iterator[tuple[str, str]]:
        """The outcome for people: a name and a figure each."""
        yield "recordings", f"{self.n_samples:,}"
        yield "timesteps", f"{self.n_timesteps:,}"
        yield "inputs", f"{self.n_rows:,}"
        yield from ((name, f"{n:,}") for name, n in counts_rows(self.counts))

    def warnings(self) -> list[str]:
        """The warnings for the user."""
        if not self.n_silent:
            return []
        return [f"{self.n_silent:,} of {self.n_samples:,} recordings have no spike: all of their events are lost"]

    def as_json(self) -> dict[str, Any]:
        """The outcome for JSON."""
        return {**asdict(self), "warnings": self.warnings()}


def run(paths: Sequence[Path], options: ConvertOptions) -> Conversion:
    """Convert recordings, and write the output. Raises InputError with nothing written."""
    _check_output(options)
    try:
        files = sources(paths)
        return _event_file(files, options) if options.chip else _samples(files, options)
    finally:
        library.end()


def _check_output(options: ConvertOptions) -> None:
    """Raise InputError for a file name of another kind, and for an option that is only for event files."""
    path = options.output
    if path.suffix == SAMPLES:
        if options.chip:
            raise InputError(f"-o {path}: --chip writes an event file; right is {' or '.join(EVENT_FILES)}")
        for name in ("first_row", "clock"):
            if getattr(options, name):
                raise InputError(f"--{name.replace('_', '-')}: right is with --chip")
    elif path.suffix not in EVENT_FILES:
        raise InputError(f"-o {path}: right is {SAMPLES} for samples, {' or '.join(EVENT_FILES)} for an event file")
    elif not options.chip:
        raise InputError(f"-o {path}: an event file needs --chip CHIP; samples are written to {SAMPLES}")


def _samples(files: EventSources, options: ConvertOptions) -> Conversion:
    counts = EventCounts()
    with tempfile.TemporaryFile(dir=options.output.absolute().parent) as file:
        spool = SampleSpool(file, options.timesteps)
        for sample in _binned(files, options):
            spool.add(sample)
            counts.add(sample.counts)
        if not counts.n_events:
            raise InputError(f"{files.names()}: there is no recording; right is at least one")
        spool.write(options.output, files.classes())
    return Conversion(*spool.shape, spool.has_labels, files.classes(), spool.n_silent, counts, files.notes)


def _binned(files: EventSources, options: ConvertOptions) -> Iterator[BinnedSpikes]:
    """The samples of all files, in order."""
    classes = files.classes()
    with progress("recordings", len(files.files), "files") as advance:
        for source in files.files:
            number = number_of(source.label, classes)
            for recording in read(source.path, options.files):
                _check_size(recording, options.size)
                sample = bin_recording(recording, options.fit, options.steps, source.span)
                yield sample if number is None else replace(sample, label=number)
            advance(1)


def _check_size(recording: EventRecording, size: SensorSize | None) -> None:
    """Raise InputError if the user's size is not that of the file."""
    if size and recording.size != size:
        text = f"--size {size.width}x{size.height}: {recording.name} has {recording.size} pixels"
        raise InputError(f"{text}; right is to leave it out")


def _event_file(files: EventSources, options: ConvertOptions) -> Conversion:
    from draupnir.tools.events import stimulus  # imported here, because it brings Numba, which samples do not need

    assert options.chip is not None
    target = stimulus.StimulusTarget(chips.declaration(options.chip), options.first_row, options.clock)
    target.check(options.output)
    samples = _binned(files, options)
    sample = next(samples, None)
    if sample is None:
        raise InputError(f"{files.names()}: there is no recording; right is one")
    if next(samples, None) is not None:
        raise InputError(f"--chip {options.chip}: an event file is of one recording; right is one file that has one")
    n_timesteps = stimulus.write(options.output, sample, target, options.steps)
    silent = int(not sample.counts.n_spikes)
    return Conversion(1, n_timesteps, sample.n_rows, False, (), silent, sample.counts, files.notes)
