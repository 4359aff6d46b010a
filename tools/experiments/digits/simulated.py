"""The digits under cocotb: a file with the images for the bench, and the results from the record of the bench.

The bench has no code for images. It reads ``IMAGES``, which this module makes, and writes a record of the chip's
spikes. Results and report come from both files.

``python -m draupnir.tools.experiments.digits.simulated`` writes ``IMAGES`` anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.odin.layout import CHIP
from draupnir.golden.files import replacing
from draupnir.tools.experiments.digits.experiment import N_IMAGES_MIN, DigitsExperiment
from draupnir.tools.experiments.digits.results import Answer, DigitsResults, weights
from draupnir.tools.report.provenance import Origin

EXPERIMENT = DigitsExperiment(n_images=N_IMAGES_MIN)
IMAGES = Path(__file__).parents[3] / "cocotb_tests" / "odin" / "digits.npz"


def images() -> dict[str, Any]:
    """The configuration, and the events of each image, as arrays by name.

    neurons, test_neurons : (256, 4) uint32, in training and in the test; synapses : (8192, 1) uint32
    registers : (n, 16) int64, in the order of their declaration; the addresses that a register lacks are 0
    train, test : the indices of the images, in the order of their presentation
    presentation_N, lesson_N : AERIN_ADDR of the events for image N; a test image has no lesson
    """
    configuration = EXPERIMENT.configuration()
    registers = np.zeros((len(CHIP.registers), max(r.n_addrs for r in CHIP.registers)), np.int64)
    for row, register in zip(registers, CHIP.registers, strict=True):
        row[: register.n_addrs] = configuration.registers[register.name]
    arrays = {
        "neurons": configuration.neurons,
        "test_neurons": EXPERIMENT.neurons(train=False),
        "synapses": configuration.synapses,
        "registers": registers,
        "train": EXPERIMENT.train_images,
        "test": EXPERIMENT.test_images,
    }
    for image in EXPERIMENT.train_images.tolist():
        arrays[f"presentation_{image}"] = np.array(EXPERIMENT.presentation(image), np.int64)
        arrays[f"lesson_{image}"] = np.array(EXPERIMENT.lesson(image), np.int64)
    for image in EXPERIMENT.test_images.tolist():
        arrays[f"presentation_{image}"] = np.array(EXPERIMENT.presentation(image, train=False), np.int64)
    return arrays


def results(record: Mapping[str, np.ndarray], simulator: str) -> DigitsResults:
    """The results from the record of a bench. See ``cocotb_tests.odin.test_digits.Record``."""
    outcome = DigitsResults(
        f"RTL in {simulator}", weights=weights(EXPERIMENT.synapses()), seconds=float(record["seconds"])
    )
    snapshots, first_spike = iter(record["synapses"]), 0
    for image, lesson, n_spikes, n_clocks in record["sent"].tolist():
        train = image in EXPERIMENT.train_images
        events = EXPERIMENT.lesson(image) if lesson else EXPERIMENT.presentation(image, train)
        outcome.count(events, n_spikes, n_clocks)
        if lesson:
            outcome.take_weights(next(snapshots))
        else:
            answer = EXPERIMENT.predict(record["spikes"][first_spike : first_spike + n_spikes])
            (outcome.train if train else outcome.test).append(Answer(image, EXPERIMENT.label(image), answer))
        first_spike += n_spikes
    return outcome


def report(path: Path, simulator: str, origin: Origin) -> dict[str, Any]:
    """Write the report into the folder of a bench's record. Returns its main figures, by name."""
    from draupnir.tools.experiments.digits import report as pictures  # imported here, because the import takes a second

    with np.load(path) as record:
        outcome = results(record, simulator)
    return {
        "images": len(outcome.train) + len(outcome.test),
        "events": outcome.n_events,
        "weight_updates": outcome.n_updates,
        "online_accuracy": outcome.online_accuracy,
        "accuracy": outcome.accuracy,
        "report": str(pictures.write(path.parent, outcome, origin)[-1]),
    }


if __name__ == "__main__":
    with replacing(IMAGES) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **images())
