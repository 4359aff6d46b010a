"""ODIN learns handwritten digits: the workload of single-neuron events, for many chips at once."""

from __future__ import annotations

from functools import partial

import numpy as np

from draupnir.emulator import columns
from draupnir.emulator.odin.layout import CHIP, NEURONS, SYN_WEIGHT, SYNAPSES
from draupnir.emulator.odin.port import PORT
from draupnir.tools.bench.workloads import Workload
from draupnir.tools.bench.workloads.spi import configure
from draupnir.tools.experiments.digits.experiment import DigitsExperiment

FIRST_WEIGHTS = 1, 4  # the first weights are random in this range, so that each network has its own


def digits(n_events: int) -> Workload:
    """Ten neurons that learn digits (SDSP), with a teacher: virtual events, and spikes. n_events : at least 1"""
    experiment, rng = DigitsExperiment(), np.random.default_rng(4)
    entries = columns.unpack(experiment.synapses(), SYNAPSES)
    is_mapped = entries > 0
    mapping = 1 << SYN_WEIGHT.width
    entries[is_mapped] = mapping | rng.integers(*FIRST_WEIGHTS, int(is_mapped.sum()), dtype=np.uint32)
    memories = {NEURONS.name: experiment.neurons(train=True), SYNAPSES.name: columns.pack(entries, SYNAPSES)}
    registers = {"SPI_OPEN_LOOP": 1}
    rows, stream = configure(PORT, registers), partial(lessons, n_events)
    return Workload(CHIP, "digits", "digits that are learned (SDSP)", memories, *rows, stream(1), stream=stream)


def lessons(n_events: int, seed: int) -> np.ndarray:
    """Return the events of images in an order of their own, with their lessons; seed : at least 0"""
    experiment, events = DigitsExperiment(seed), list[int]()
    for image in experiment.train_images.tolist():
        if len(events) >= n_events:
            break
        events += experiment.events(image)
    return np.array(events[:n_events])
