"""The work of one thread in one launch: one chip goes on for a while.

The same function runs on a GPU and, for a test, on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.speeds import many
from draupnir.emulator.speeds.loop import Columns
from draupnir.emulator.speeds.many import ManyInputs
from draupnir.emulator.speeds.many_level import ManyLevel


class LaunchOutcomes(NamedTuple):
    """The arrays that the launches fill.

    figures : (n, 4) int64, as in ``many.ManyOutcomes``; buses : (n, ``runs.N_BUS_WORDS``) int64
    is_over : (n,) int64, 1 if a run has ended; n_new : (n,) int64, the spikes of each run in this launch
    cycles, addrs : (n, room) int64, these spikes
    """

    figures: np.ndarray
    buses: np.ndarray
    is_over: np.ndarray
    n_new: np.ndarray
    cycles: np.ndarray
    addrs: np.ndarray


@cache
def stepper(level: ManyLevel) -> Callable[..., None]:
    """Make the function that lets chip ``i`` of several go on; budget : the work of a launch, see ``pieces.WORK``"""
    go_on = many.stepper(level.chips)

    @kernel
    def step(i: int, arrays: Any, inputs: ManyInputs, outcomes: LaunchOutcomes, budget: int) -> None:
        outcomes.n_new[i] = 0
        if outcomes.is_over[i]:
            return
        room = Columns(outcomes.cycles[i], outcomes.addrs[i], outcomes.addrs[i][:0])
        spikes, _, is_over = go_on(arrays, i, inputs, i, outcomes.figures[i], outcomes.buses[i], room, budget)
        outcomes.n_new[i] = spikes
        outcomes.is_over[i] = int(is_over)

    return step
