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
from draupnir.emulator.speeds.runs import Buses, RunInputs, buses_of

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

    rows : (n,) int64, for each run the row of ``ManyStates`` in which it begins
    changes : (m, 4) int64: array, place in it, bits to keep, bits to invert afterwards; the changes of run i are those
        from ``change_ends[i]`` to ``change_ends[i + 1]``
    events : (e,) int64, addresses; the events of run i are those from ``bounds[i, 0]`` to ``bounds[i, 1]``
    not_before : (e,) int64, as for ``RunInputs``, or empty
    max_cycles : (n,) int64, clocks of each run, at most
    finish, stretch : as for ``loop.Terms``
    """

    rows: np.ndarray
    changes: np.ndarray
    change_ends: np.ndarray
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
def _begin(chip: ManyStates, scratch: OwnArrays, inputs: ManyInputs, starts: ManyStates, run: int) -> None:
    """Set a chip to the first state of a run, and change it."""
    row = inputs.rows[run]
    for i in range(len(scratch.arrays)):
        _copy(scratch.arrays[i], scratch.fresh[i])
    _copy(chip.registers, starts.registers[row])
    for i in range(len(chip.memories)):
        _copy(chip.memories[i], starts.memories[i][row])
    for k in range(inputs.change_ends[run], inputs.change_ends[run + 1]):
        array, place = inputs.changes[k, ARRAY], inputs.changes[k, PLACE]
        keep_mask, flip_mask = inputs.changes[k, KEPT], inputs.changes[k, INVERTED]
        if array == REGISTERS:
            chip.registers[place] = (chip.registers[place] & keep_mask) ^ flip_mask
        else:
            limbs = chip.memories[array - 1]
            limbs[place] = np.uint32((np.int64(limbs[place]) & keep_mask) ^ flip_mask)


@kernel
def _end(chip: ManyStates, ends: ManyStates, run: int) -> None:
    """Keep the last state of a run, if there is room for it."""
    if len(ends.registers):
        _copy(ends.registers[run], chip.registers)
        for i in range(len(chip.memories)):
            _copy(ends.memories[i][run], chip.memories[i])


def runner(pins: ModuleType, name: str, opened: Callable[..., Any]) -> Callable[..., int]:
    """Return a compiled function that runs many runs; ``pins`` and ``opened`` are those of ``loop.looper``.

    Its arguments: ``state`` and ``burst`` of ``opened``; ``chip`` and ``scratch``, whose arrays share their memory with
    these two; ``counts``, the counters of ``state`` as integers; the inputs, first states and outcomes of the runs; and
    ``position``, the number of the present run, and 1 if it has begun, else 0.

    It returns the number of spikes in the columns: when the last run has ended, when there is no room for more spikes,
    and after some time. Call it again with the same position, and it goes on.
    """
    loops = module_of(pins, f"{__name__}.loops({name})", opened=opened)

    @entry
    def run_many(
        state: Any,
        burst: np.recarray,
        chip: ManyStates,
        scratch: OwnArrays,
        counts: np.ndarray,
        inputs: ManyInputs,
        starts: ManyStates,
        outcomes: ManyOutcomes,
        position: np.ndarray,
    ) -> int:
        figures, columns, n_spikes, n_clocks = outcomes.figures, outcomes.columns, 0, 0
        no_rows = columns.rows
        while position[RUN] < len(inputs.rows) and n_clocks < MOST_CLOCKS:
            run = position[RUN]
            if len(columns.cycles) - n_spikes < 2 * MOST_SHOWN:
                break
            if position[IS_BEGUN] == 0:
                _begin(chip, scratch, inputs, starts, run)
                position[IS_BEGUN] = 1
            first, last = inputs.bounds[run, 0] + figures[run, N_SENT], inputs.bounds[run, 1]
            limits = inputs.not_before[first:last]  # empty if there are none
            words = outcomes.buses[run]
            bus: Buses = buses_of(words)
            piece = RunInputs(inputs.events[first:last], limits, inputs.delays, bus)
            room = Columns(columns.cycles[n_spikes:], columns.addrs[n_spikes:], no_rows)
            clocks_left = inputs.max_cycles[run] - figures[run, N_CYCLES]
            terms = Terms(clocks_left, inputs.finish, inputs.stretch, False, pieces.WORK)
            spikes, clocks, is_complete = loops.opened(state, burst, piece, terms, room, words)
            figures[run, N_SENT] += words[N_BUS_SENT]
            words[N_BUS_SENT] = 0
            figures[run, N_CYCLES] += clocks
            figures[run, N_SPIKES] += spikes
            n_spikes, n_clocks = n_spikes + spikes, n_clocks + clocks
            if is_complete or figures[run, N_CYCLES] >= inputs.max_cycles[run]:
                figures[run, IS_DONE] = int(is_complete)
                _copy(outcomes.counts[run], counts)
                _end(chip, outcomes.ends, run)
                position[RUN], position[IS_BEGUN] = run + 1, 0
        return n_spikes

    return run_many
