"""The work of one thread in one launch: one chip goes on for a while.

The same function runs on a GPU and, for a test, on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.speeds.events import EventLevel
from draupnir.emulator.speeds.loop import Columns, Terms
from draupnir.emulator.speeds.many import INVERTED, IS_DONE, KEPT, N_BUS_SENT, N_CYCLES, N_SENT, N_SPIKES, PLACE
from draupnir.emulator.speeds.runs import RunInputs, buses_of


class LaunchInputs(NamedTuple):
    """The input of n runs, the same in all launches.

    events : (e,) int64; bounds : (n, 2) int64, for each run its first event and the one after its last
    not_before : (e,) int64, as for ``RunInputs``, or empty
    max_cycles : (n,) int64, clocks of each run, at most
    no_rows : (0,) int64
    delays, finish, stretch : as for ``many.ManyInputs``
    """

    events: np.ndarray
    bounds: np.ndarray
    not_before: np.ndarray
    max_cycles: np.ndarray
    no_rows: np.ndarray
    delays: Any
    finish: bool
    stretch: bool


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


@entry
def change(target: np.ndarray, changes: np.ndarray) -> None:
    """Write changes into one array of a chip, in their order; changes : as in ``many.ManyInputs``, of this array"""
    for k in range(len(changes)):
        place = changes[k, PLACE]
        target[place] = (np.int64(target[place]) & changes[k, KEPT]) ^ changes[k, INVERTED]


def stepper(level: EventLevel) -> Callable[..., None]:
    """Make the function that lets chip ``i`` of several go on; budget : the work of a launch, see ``pieces.WORK``"""
    chips = level.chips

    @kernel
    def step(i: int, arrays: Any, inputs: LaunchInputs, outcomes: LaunchOutcomes, budget: int) -> None:
        outcomes.n_new[i] = 0
        if outcomes.is_over[i]:
            return
        figures, words = outcomes.figures[i], outcomes.buses[i]
        first, last = inputs.bounds[i, 0] + figures[N_SENT], inputs.bounds[i, 1]
        limits = inputs.not_before[first:last]  # empty if there are none
        piece = RunInputs(inputs.events[first:last], limits, inputs.delays, buses_of(words))
        room = Columns(outcomes.cycles[i], outcomes.addrs[i], inputs.no_rows)
        clocks_left = inputs.max_cycles[i] - figures[N_CYCLES]
        terms = Terms(clocks_left, inputs.finish, inputs.stretch, False, budget)
        spikes, clocks, is_complete = chips.run_one(arrays, i, piece, terms, room, words)
        figures[N_SENT] += words[N_BUS_SENT]
        words[N_BUS_SENT] = 0
        figures[N_CYCLES] += clocks
        figures[N_SPIKES] += spikes
        outcomes.n_new[i] = spikes
        if is_complete or figures[N_CYCLES] >= inputs.max_cycles[i]:
            figures[IS_DONE] = int(is_complete)
            outcomes.is_over[i] = 1

    return step
