"""A whole job of ``draupnir train``: a mapped network goes on learning with the chip in the forward pass."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping import folder
from draupnir.tools.mapping.plan import Integers, Mapped
from draupnir.tools.mapping.samples import SpikeSamples, read_samples
from draupnir.tools.report import provenance, schema
from draupnir.tools.terminal.progress import progress
from draupnir.tools.training.curve import Curve
from draupnir.tools.training.split import TrainingOptions, split

CURVE, PICTURE = "training.json", "training.png"


@dataclass(frozen=True, eq=False)
class TrainingOutcome:
    """The network after training, and the learning curve."""

    mapped: Mapped
    curve: Curve

    def notes(self) -> list[str]:
        """A line if no epoch was better than the start."""
        if self.curve.best or not self.curve.n_validation:
            return []
        text = "no epoch has more right labels on the validation part than the network had before, so it stays as it is"
        return [f"{text}; if it was trained with these samples, --validate 0 keeps the last epoch"]

    def as_json(self, options: TrainingOptions) -> dict[str, Any]:
        """The outcome for JSON."""
        return {"chip": self.mapped.chip, "options": asdict(options), **self.curve.as_json()}


def run(network: Path, samples: Path, options: TrainingOptions, output: Path) -> TrainingOutcome:
    """Train the network in a folder, and write another folder of the same kind, with the learning curve.

    Raises InputError with nothing written.
    """
    mapped = folder.read(network)
    labelled = read_samples(samples, mapped.network.n_inputs)
    labels = _labels(mapped, labelled)
    parts = split(labels, options.validate, options.seed)
    if not len(parts.training):
        raise InputError(f"--validate {options.validate:g}: no sample of {labelled.n} is left to train with")
    require_torch()
    # Imported here, because not everybody has PyTorch.
    import torch

    from draupnir.tools.training.fit import fit
    from draupnir.tools.training.layer import ChipLayer

    torch.set_num_threads(1)  # which is quickest for tensors as small as these, and gives the same sums everywhere
    layer = ChipLayer(mapped)
    with progress("training", options.epochs * len(parts.training), "samples") as advance:
        curve = fit(layer, labelled.all(), labels, parts, options, advance)
    outcome = TrainingOutcome(layer.mapped(), curve)
    content = {**outcome.as_json(options), "samples": str(samples), "command": provenance.command_line()}
    text = schema.text("train", content) + "\n"
    folder.write(outcome.mapped, output, network, {CURVE: text.encode(), PICTURE: curve.picture()})
    return outcome


def require_torch() -> None:
    """Raise InputError without PyTorch."""
    if find_spec("torch") is None:
        raise InputError("draupnir train needs PyTorch: pip install 'draupnir[train]'")


def _labels(mapped: Mapped, samples: SpikeSamples) -> Integers:
    """The labels of all samples. Raises InputError for none, and for one that no output neuron stands for."""
    if samples.labels is None:
        right = "an array 'labels' in an .npz, with a whole number for each sample"
        raise InputError(f"{samples.path}: it has no labels to learn from; right is {right}")
    most, n_outputs = int(samples.labels.max()), len(mapped.plan.output_neurons)
    if most >= n_outputs:
        index = int(samples.labels.argmax())
        right = f"0..{n_outputs - 1}, because the network has {n_outputs} outputs"
        raise InputError(f"{samples.path}: labels[{index}] is {most}; right is {right}")
    return samples.labels
