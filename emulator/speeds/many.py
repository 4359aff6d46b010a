"""Many runs of one chip in one call of compiled code: the same results as ``events.EventLevel.run``, run by run.

Python around a run takes longer than a short run itself. So a thread prepares a chip once, and compiled code then sets
the chip to the first state of a run, changes some bits, runs it, and goes on with the next run.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.kernel.jit import entry, kernel, module_of
from draupnir.emulator.speeds import pieces
from draupnir.emulator.speeds.loop import MOST_SHOWN, Columns, Terms

REGISTERS = 0  # the number of the registers among a chip's arrays; 1 is the first memory
N_COLUMNS = 4
ARRAY, PLACE, KEPT, INVERTED = range(N_COLUMNS)  # the columns of changes
N_FIGURES = 4
N_SENT, N_CYCLES, N_SPIKES, IS_DONE = range(N_FIGURES)  # the columns of figures
RUN, IS_BEGUN = range(2)  # the places in a position
MOST_CLOCKS = 1 << 22  # clocks of a call, about: few enough that it ends within a second
N_BUS_SENT = 2  # the place of the number of sent events among the words of ``runs.keep``


class ManyInputs(NamedTuple):
    """The input of n runs.

    events : (e,) int64, addresses, or (e, 2), operations of a host; bounds : (n, 2) int64, for each run its first event
        and the one after its last
    not_before : (e,) int64, as for ``runs.RunInputs``, or empty
    max_cycles : (n,) int64, clocks of each run, at most
    finish, stretch : as for ``loop.Terms``
    """

    events: np.ndarray
    bounds: np.ndarray
    not_before: np.ndarray
    max_cycles: np.ndarray
    delays: Any
    finish: bool
    stretch: bool


class ManyStates(NamedTuple):
    """States of a chip, one in each row; or the arrays of one chip, without the first dimension.

    registers : (rows, integers) int64; memories : (rows, limbs) uint32 of each memory
    """

    registers: np.ndarray
    memories: tuple[np.ndarray, ...]


class Beginnings(NamedTuple):
    """The first states of n runs.

    starts : some states; rows : (n,) int64, for each run the row of its state
    changes : (m, 4) int64: array, place in it, bits to keep, bits to invert afterwards; the changes of run i are those
        from ``change_ends[i]`` to ``change_ends[i + 1]``
    """

    starts: ManyStates
    rows: np.ndarray
    changes: np.ndarray
    change_ends: np.ndarray


class OwnArrays(NamedTuple):
    """The arrays of the level's own state, and their content before a run, as bytes: (n,) uint8 each."""

    arrays: tuple[np.ndarray, ...]
    fresh: tuple[np.ndarray, ...]


class ManyOutcomes(NamedTuple):
    """The arrays that n runs fill.

    figures : (n, 4) int64: events sent, clocks, spikes, and 1 if the run is complete; all 0 before
    counts : (n, counters) int64; buses : (n, N_BUS_WORDS) int64, the buses before and after each run
    ends : the states at the end, with n rows, or with none
    columns : the spikes of all runs of a call, one run after the other
    """

    figures: np.ndarray
    counts: np.ndarray
    buses: np.ndarray
    ends: ManyStates
    columns: Columns


@kernel
def _copy(target: np.ndarray, source: np.ndarray) -> None:
    """Copy an array. Numba's assignment to a slice would allocate, in case that the two share memory."""
    for i in range(len(target)):
        target[i] = source[i]


@kernel
def _put(array: np.ndarray, change: np.ndarray) -> None:
    """Write one change into its array."""
    array[change[PLACE]] = (np.int64(array[change[PLACE]]) & change[KEPT]) ^ change[INVERTED]


@kernel
def _set(chip: ManyStates, starts: ManyStates, row: int, changes: np.ndarray) -> None:
    """Set a chip to one of the states, and write changes into it, in their order; changes : as in ``Beginnings``"""
    _copy(chip.registers, starts.registers[row])
    for i in range(len(chip.memories)):
        _copy(chip.memories[i], starts.memories[i][row])
    for k in range(len(changes)):
        array = changes[k, ARRAY]
        if array == REGISTERS:
            _put(chip.registers, changes[k])
        else:
            _put(chip.memories[array - 1], changes[k])


@entry
def set_chip(chip: ManyStates, starts: ManyStates, row: int, changes: np.ndarray) -> None:
    """Set a chip to the state in a row, and write changes into it, in their order; changes : as in ``Beginnings``"""
    _set(chip, starts, row, changes)


@kernel
def _begin(chip: ManyStates, scratch: OwnArrays, beginnings: Beginnings, run: int) -> None:
    """Set a chip to the first state of a run."""
    for i in range(len(scratch.arrays)):
        _copy(scratch.arrays[i], scratch.fresh[i])
    changes = beginnings.changes[beginnings.change_ends[run] : beginnings.change_ends[run + 1]]
    _set(chip, beginnings.starts, beginnings.rows[run], changes)


@kernel
def _end(chip: ManyStates, ends: ManyStates, run: int) -> None:
    """Keep the last state of a run, if there is room for it."""
    if len(ends.registers):
        _copy(ends.registers[run], chip.registers)
        for i in range(len(chip.memories)):
            _copy(ends.memories[i][run], chip.memories[i])


def stepper(chips: ModuleType) -> Callable[..., tuple[int, int, bool]]:
    """Return the function that lets one of several chips go on with a run, on the CPU and on a GPU.

    chips : the module with ``run_one`` of ``ManyLevel``
    """

    @kernel
    def step(
        arrays: Any,
        i: int,
        inputs: ManyInputs,
        run: int,
        figures: np.ndarray,
        words: np.ndarray,
        columns: Any,
        work: int,
    ) -> tuple[int, int, bool]:
        """Let chip ``i`` go on with a run, and add to the run's figures.

        words : of the run's buses; columns : as for ``loop.loop``; work : as ``Terms.max_work``
        Returns the number of new spikes, that of the clocks, and True if the run is over.
        """
        first, last = inputs.bounds[run, 0] + figures[N_SENT], inputs.bounds[run, 1]
        limits = inputs.not_before[first:last]  # empty if there are none
        terms = Terms(inputs.max_cycles[run] - figures[N_CYCLES], inputs.finish, inputs.stretch, False, work)
        spikes, clocks, is_complete = chips.run_one(
            arrays, i, inputs.events[first:last], limits, inputs.delays, terms, columns, words
        )
        figures[N_SENT] += words[N_BUS_SENT]
        words[N_BUS_SENT] = 0
        figures[N_CYCLES] += clocks
        figures[N_SPIKES] += spikes
        figures[IS_DONE] = int(is_complete)
        return spikes, clocks, is_complete or figures[N_CYCLES] >= inputs.max_cycles[run]

    return step


def runner(pins: ModuleType, name: str, chips: ModuleType) -> Callable[..., int]:
    """Return a compiled function that runs many runs; pins, name : as for ``ManyLevel``; chips : as for ``stepper``

    Its arguments: ``arrays`` of one chip; ``chip`` and ``scratch``, whose arrays share their memory with these;
    ``counts``, the counters in ``arrays`` as integers; the first states, inputs and outcomes of the runs; and
    ``position``, the number of the present run, and 1 if it has begun, else 0.

    It returns the number of spikes in the columns: when the last run has ended, when there is no room for more spikes,
    and after some time. Call it again with the same position, and it goes on.
    """
    steps = module_of(pins, f"{__name__}.steps({name})", step=stepper(chips))

    @entry
    def run_many(
        arrays: Any,
        chip: ManyStates,
        scratch: OwnArrays,
        counts: np.ndarray,
        beginnings: Beginnings,
        inputs: ManyInputs,
        outcomes: ManyOutcomes,
        position: np.ndarray,
    ) -> int:
        columns, n_spikes, n_clocks = outcomes.columns, 0, 0
        while position[RUN] < len(inputs.bounds) and n_clocks < MOST_CLOCKS:
            run = position[RUN]
            if len(columns.cycles) - n_spikes < 2 * MOST_SHOWN:
                break
            if position[IS_BEGUN] == 0:
                _begin(chip, scratch, beginnings, run)
                position[IS_BEGUN] = 1
            room = Columns(columns.cycles[n_spikes:], columns.addrs[n_spikes:], columns.rows)
            figures, words = outcomes.figures[run], outcomes.buses[run]
            spikes, clocks, is_over = steps.step(arrays, 0, inputs, run, figures, words, room, pieces.WORK)
            n_spikes, n_clocks = n_spikes + spikes, n_clocks + clocks
            if is_over:
                _copy(outcomes.counts[run], counts)
                _end(chip, outcomes.ends, run)
                position[RUN], position[IS_BEGUN] = run + 1, 0
        return n_spikes

    return run_many
