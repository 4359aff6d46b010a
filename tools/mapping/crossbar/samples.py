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
    return np.concatenate([np.zeros(0, np.int64), *_timesteps(plan, spikes)])


def _timesteps(plan: Plan, spikes: NDArray[np.uint8]) -> Iterator[Integers]:
    for t, timestep in enumerate(spikes):
        if t and plan.time_reference:
            yield np.array([TIME_REFERENCE])
        yield plan.bias_rows
        rows = plan.inputs[timestep != 0].ravel()
        yield rows[rows >= 0]
