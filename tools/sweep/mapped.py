"""Samples of a mapped network in a sweep: the events of each, and the label that the chip gives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.crossbar.network import addresses
from draupnir.emulator.crossbar.operations import Operations
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.levels import HOST
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.tools.mapping import folder
from draupnir.tools.mapping.answers import decide
from draupnir.tools.mapping.crossbar.samples import inputs
from draupnir.tools.mapping.samples import read_samples
from draupnir.tools.trials.job import folder_of


def n_samples(chip: Chip, config: Path, samples: Path) -> int:
    """Return the number of samples of a file. Raises InputError for a chip that takes none, and for wrong files."""
    if HOST.load(chips.package(chip.name)) is not None:
        raise InputError(f"{chip.name}: its host leads it; right is events")
    mapped = folder.read(folder_of(config), chip.name)
    return read_samples(samples, mapped.network.n_inputs).n


@dataclass(frozen=True)
class MappedSamples:
    """The samples of a mapped network; config : the folder that `draupnir map` wrote"""

    chip: Chip
    config: Path
    path: Path

    @cached_property
    def _mapped(self) -> Any:
        return folder.read(folder_of(self.config), self.chip.name)

    @cached_property
    def _samples(self) -> Any:
        return read_samples(self.path, self._mapped.network.n_inputs)

    @property
    def configuration(self) -> Any:
        """The configuration of the chip."""
        return self._mapped.configuration

    def events(self, sample: int) -> np.ndarray:
        """Return the events of a sample, each with AT_REST: (n, 2) int64."""
        addrs = addresses(self.chip, inputs(self._mapped.plan, self._samples.one(sample)))
        return np.column_stack([np.full(len(addrs), AT_REST), addrs]).astype(np.int64)

    def label(self, spikes: np.ndarray, neurons: np.ndarray) -> int:
        """Return the label of a run; spikes : the addresses, in order; neurons : the memory at the end"""
        plan = self._mapped.plan
        return decide(plan, spikes, Operations(self.chip).potentials(neurons)[plan.output_neurons])

    def right(self, sample: int) -> int:
        """Return the label that the file gives for a sample, or -1."""
        labels = self._samples.labels
        return -1 if labels is None else int(labels[sample])
