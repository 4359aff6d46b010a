"""Samples as inputs of an integer network on a crossbar, and what comes out of it as an answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.crossbar.network import TIME_REFERENCE
from draupnir.tools.mapping.plan import Integers, Plan


def inputs(plan: Plan, spikes: NDArray[np.uint8]) -> Integers:
    """The inputs of a sample, in the order in which they are sent: (k,) int64, rows and TIME_REFERENCE.

    spikes : (timesteps, inputs) of 0 and 1
    """
    return np.concatenate([np.zeros(0, np.int64), *_pieces(plan, spikes)])


def timesteps(plan: Plan, spikes: NDArray[np.uint8]) -> Integers:
    """(k,) int64, the timestep of each input of a sample; a time reference belongs to the one that it begins."""
    lengths = [len(numbers) + (t > 0 and plan.time_reference) for t, numbers in enumerate(_rows(plan, spikes))]
    return np.repeat(np.arange(len(lengths)), lengths)


def _rows(plan: Plan, spikes: NDArray[np.uint8]) -> Iterator[Integers]:
    """(k,) int64, the rows that are stimulated in each timestep."""
    for timestep in spikes:
        rows = plan.inputs[timestep != 0].ravel()
        yield np.concatenate((plan.bias_rows, rows[rows >= 0]))


def _pieces(plan: Plan, spikes: NDArray[np.uint8]) -> Iterator[Integers]:
    for t, rows in enumerate(_rows(plan, spikes)):
        if t and plan.time_reference:
            yield np.array([TIME_REFERENCE])
        yield rows
