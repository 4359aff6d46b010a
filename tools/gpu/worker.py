"""Many runs of one chip in launches, each of which lets all chips go on; for ``emulator/speeds/many_runs.py``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.speeds import many, pieces
from draupnir.emulator.speeds.loop import MOST_SHOWN
from draupnir.emulator.speeds.many_arrays import repeated
from draupnir.emulator.speeds.many_jobs import ChipStates, ManyJobs, integers
from draupnir.emulator.speeds.many_level import ManyLevel
from draupnir.emulator.speeds.many_workers import CompiledWorker
from draupnir.tools.gpu.devices import LaunchDevice
from draupnir.tools.gpu.step import LaunchOutcomes, stepper

ROOM = 4 * MOST_SHOWN  # spikes of a chip in one launch
FIRST_BUDGET = 1 << 14  # work of a chip in the first launch, see ``pieces.WORK``
SHORTEST, LONGEST = 0.1, 0.5  # seconds of a launch, between which its budget stays


class LastStates(NamedTuple):
    """The arrays that a run leaves behind; they are some of those of ``ManyLevel.prepare``."""

    r: np.ndarray
    memories: tuple[np.ndarray, ...]
    counts: np.ndarray


class LaunchWorker(CompiledWorker):
    """Chips that run together, in launches on a device; parameters as for ``CompiledWorker``."""

    def __init__(self, jobs: ManyJobs, level: ManyLevel, ends: ChipStates, device: LaunchDevice) -> None:
        super().__init__(jobs, level, ends)
        self._device = device
        self._launch = device.launcher(stepper(level))

    def _run(self, begin: int, end: int, figures: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
        """Run some runs that are alike, and fill their figures. Returns the columns of spikes, run after run."""
        arrays = repeated(self._prepared(begin), end - begin)
        self._begin(arrays, begin, end)
        ends, outcomes, spikes = self._launches(arrays, self._inputs(begin, end), self._buses(begin, end))
        figures[:] = outcomes.figures
        counts[:] = integers(ends.counts)
        self._keep(ends, outcomes.buses, begin, end)
        return spikes

    def _begin(self, arrays: Any, begin: int, end: int) -> None:
        """Set the chips to their first states, with the changes of each run."""
        registers, memories = integers(arrays.r), [memory.reshape(end - begin, -1) for memory in arrays.memories]
        for i, run in enumerate(range(begin, end)):
            chip = many.ManyStates(registers[i], tuple(memory[i] for memory in memories))
            many.set_chip(chip, self._starts, self._jobs.rows[run], self._jobs.changes_of(run))

    def _launches(
        self, arrays: Any, inputs: many.ManyInputs, buses: np.ndarray
    ) -> tuple[LastStates, LaunchOutcomes, list[np.ndarray]]:
        """Launch until all runs have ended. Returns the states, the outcomes, and the columns of spikes by run."""
        n, device = len(buses), self._device
        columns = np.zeros((n, ROOM), np.int64), np.zeros((n, ROOM), np.int64)
        numbers = np.zeros(n, np.int64), np.zeros(n, np.int64)
        outcomes = LaunchOutcomes(np.zeros((n, many.N_FIGURES), np.int64), buses, *numbers, *columns)
        arrays, inputs, outcomes = device.put((arrays, inputs, outcomes))
        spikes: list[np.ndarray] = []
        budget = FIRST_BUDGET
        while True:
            start = time.perf_counter()
            self._launch(arrays, inputs, outcomes, budget)
            elapsed = time.perf_counter() - start
            budget = budget * 2 if elapsed < SHORTEST else max(1, budget // 2) if elapsed > LONGEST else budget
            spikes += _new_spikes(*device.get((outcomes.n_new, outcomes.cycles, outcomes.addrs)))
            if device.get((outcomes.is_over,))[0].all():
                break
            pieces.check_stop()
        joined = np.concatenate(spikes, axis=1) if spikes else np.zeros((3, 0), np.int64)
        by_run = joined[:, np.argsort(joined[0], kind="stable")]
        states = device.get(LastStates(arrays.r, arrays.memories, arrays.counts))
        return states, device.get(outcomes), [by_run[1:]]

    def _keep(self, states: LastStates, buses: np.ndarray, begin: int, end: int) -> None:
        """Keep the last states, if there is room for them."""
        if not len(self._ends):
            return
        self._ends.registers[begin:end] = states.r
        for room, memory in zip(self._ends.memories.values(), states.memories, strict=True):
            room[begin:end] = memory
        if self._ends.buses is not None:
            self._ends.buses[begin:end] = buses


def _new_spikes(n_new: np.ndarray, cycles: np.ndarray, addrs: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the spikes of a launch as (3, n) int64: the number of the run, the cycle, the address."""
    is_new = np.arange(cycles.shape[1]) < n_new[:, np.newaxis]
    if is_new.any():
        yield np.stack([np.nonzero(is_new)[0], cycles[is_new], addrs[is_new]])
