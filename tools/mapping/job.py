"""A whole job of ``draupnir map``: read, check, hold against a recording, place, quantise, measure, write."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping import calibration, folder, losses, reference
from draupnir.tools.mapping.calibration import Calibration
from draupnir.tools.mapping.choices import Choices
from draupnir.tools.mapping.conventions import Decay, Reset
from draupnir.tools.mapping.front import Front, load
from draupnir.tools.mapping.losses import Losses
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.mapping.plan import Mapped
from draupnir.tools.mapping.recordings import read_recording
from draupnir.tools.mapping.samples import SpikeSamples, read_samples
from draupnir.tools.terminal.progress import progress


@dataclass(frozen=True)
class MapOptions:
    """The options of ``draupnir map``, which explains each of them.

    fixed : the names of the choices that a calibration leaves as they are
    """

    dt: float | None
    reset: Reset | None
    decay: Decay
    samples: Path | None
    reference: Path | None
    choices: Choices
    calibrate: Path | None = None
    fixed: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class MapOutcome:
    """The outcome of a job.

    calibration : None without samples for it
    equality : what the recording says of the float reference, None without a recording
    losses : None without samples
    """

    mapped: Mapped
    notes: tuple[str, ...]
    equality: str | None
    losses: Losses | None
    calibration: Calibration | None

    def lines(self) -> list[tuple[str, str]]:
        """The outcome for people: pairs of a name and a text."""
        network, plan = self.mapped.network, self.mapped.plan
        sizes = ", ".join(f"'{one.name}' {one.size:,} {one.kind}" for one in network.populations)
        lines = [("network", f"{network.n_inputs:,} inputs, {sizes}")]
        lines += [(place.name, _neurons_text(place.neurons.tolist(), place.twins is not None)) for place in plan.places]
        lines += [("reference", self.equality)] if self.equality else []
        lines += [("calibration", str(self.calibration))] if self.calibration else []
        lines += [("accuracy", self.losses.sentence(self.mapped.chip))] if self.losses else []
        return lines

    def as_json(self) -> dict[str, Any]:
        """The outcome for JSON."""
        report: dict[str, Any] = {"chip": self.mapped.chip, "notes": list(self.notes), "reference": self.equality}
        report |= {"conventions": asdict(self.mapped.conventions), "choices": asdict(self.mapped.choices)}
        if self.calibration:
            report["calibration"] = self.calibration.as_json()
        if self.losses:
            report |= {"n_samples": len(self.losses.on_chip), "accuracy": self.losses.shares()}
            report |= {"has_labels": self.losses.right is not None, "dropped_spikes": self.losses.dropped_spikes}
        return report


def _neurons_text(neurons: list[int], has_twins: bool) -> str:
    return f"neurons {neurons[0]} to {neurons[-1]}" + (", some of them twice" if has_twins else "")


def run(chip: str, path: Path, options: MapOptions, output: Path) -> MapOutcome:
    """Bring the network in a file to a chip, and write its folder.

    Raises InputError, and its subclass BrokenRules, with nothing written.
    """
    mapper = mapper_of(chip)
    front = load(path, options.dt, options.reset, options.decay)
    samples = read_samples(options.samples, front.network.n_inputs) if options.samples else None
    equality = _hold(front, samples, options.reference)
    calibration = _calibrate(chip, front, options)
    mapped = mapper.map(front.network, front.conventions, calibration.choices if calibration else options.choices)
    measured = _measure(mapped, samples)
    notes = (*front.notes, *mapped.notes)
    folder.write(mapped, output, path)
    return MapOutcome(mapped, notes, equality, measured, calibration)


def _calibrate(chip: str, front: Front, options: MapOptions) -> Calibration | None:
    """Choose with the samples for it, if there are any."""
    if options.calibrate is None:
        return None
    samples = read_samples(options.calibrate, front.network.n_inputs)
    free = calibration.candidates(options.choices, mapper_of(chip).calibratable, options.fixed)
    n_runs = len(free.combinations) * min(samples.n, calibration.MOST_SAMPLES)
    with progress("calibration", n_runs, "samples") as advance:
        return calibration.calibrate(front, chip, free, samples, advance)


def _hold(front: Front, samples: SpikeSamples | None, path: Path | None) -> str | None:
    """Hold the float reference against a recording. Raises InputError if it is another network's or reading's."""
    if path is None:
        return None
    if samples is None:
        raise InputError(f"--reference {path}: right is with --samples, the samples that were recorded")
    recording = read_recording(path, front.network, samples)
    verdict = reference.hold(front.network, samples.all(), recording, front.conventions)
    if not verdict.baseline.holds:
        raise InputError(f"--reference {path}: {verdict}")
    return str(verdict)


def _measure(mapped: Mapped, samples: SpikeSamples | None) -> Losses | None:
    if samples is None:
        return None
    with progress("samples", samples.n, "samples") as advance:
        return losses.measure(mapped, samples, advance)
