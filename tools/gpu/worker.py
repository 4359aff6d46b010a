"""Many runs of one chip in launches, each of which lets all chips go on; for ``emulator/speeds/many_runs.py``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from draupnir.emulator.speeds import many, pieces
from draupnir.emulator.speeds.events import EventLevel
from draupnir.emulator.speeds.loop import MOST_SHOWN
from draupnir.emulator.speeds.many_jobs import ChipStates, ManyJobs, integers
from draupnir.emulator.speeds.many_workers import NO_LIMITS, CompiledWorker, change, clock_limits
from draupnir.tools.gpu import step
from draupnir.tools.gpu.arrays import repeated
from draupnir.tools.gpu.devices import LaunchDevice
from draupnir.tools.gpu.step import LaunchInputs, LaunchOutcomes, stepper

ROOM = 4 * MOST_SHOWN  # spikes of a chip in one launch
FIRST_BUDGET = 1 << 14  # work of a chip in the first launch, see ``pieces.WORK``
SHORTEST, LONGEST = 0.1, 0.5  # seconds of a launch, between which its budget stays


class LaunchWorker(CompiledWorker):
    """Chips that run together, in launches on a device; parameters as for ``CompiledWorker``."""

    def __init__(self, jobs: ManyJobs, level: EventLevel, ends: ChipStates, device: LaunchDevice) -> None:
        super().__init__(jobs, level, ends)
        self._device = device
        self._launch = device.launcher(stepper(level))

    def _run(self, begin: int, end: int, figures: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
        """Run some runs that are alike, and fill their figures. Returns the columns of spikes, run after run."""
        jobs = self._jobs
        change(self._chip.registers, self._starts.registers[jobs.rows[begin]], self._of_registers(begin))
        one, _ = self._level.prepare(self._model, jobs.environment)
        arrays = repeated(one, end - begin)
        self._begin(arrays, begin, end)
        inputs = LaunchInputs(
            jobs.events,
            np.ascontiguousarray(jobs.bounds[begin:end]),
            NO_LIMITS if jobs.not_before is None else jobs.not_before,
            np.array(clock_limits(jobs, begin, end)),
            NO_LIMITS,
            jobs.environment.delays,
            jobs.finish,
            self._model.stretch,
        )
        arrays, outcomes, spikes = self._launches(arrays, inputs, self._buses(begin, end))
        figures[:] = outcomes.figures
        counts[:] = integers(arrays.counts)
        self._keep(arrays, outcomes.buses, begin, end)
        return spikes

    def _begin(self, arrays: Any, begin: int, end: int) -> None:
        """Set the chips to their first states, with the changes of each run."""
        rows = self._jobs.rows[begin:end]
        targets = [integers(arrays.r), *(memory.reshape(end - begin, -1) for memory in arrays.memories)]
        for target, source in zip(targets, (self._starts.registers, *self._starts.memories), strict=True):
            target[:] = source[rows]
        for i, run in enumerate(range(begin, end)):
            changes = self._jobs.changes_of(run)
            for number in set(changes[:, many.ARRAY].tolist()):
                step.change(targets[number][i], changes[changes[:, many.ARRAY] == number])

    def _launches(
        self, arrays: Any, inputs: LaunchInputs, buses: np.ndarray
    ) -> tuple[Any, LaunchOutcomes, list[np.ndarray]]:
        """Launch until all runs have ended. Returns the arrays, the outcomes, and the columns of spikes by run."""
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
        return device.get(arrays), device.get(outcomes), [by_run[1:]]

    def _keep(self, arrays: Any, buses: np.ndarray, begin: int, end: int) -> None:
        """Keep the last states, if there is room for them."""
        if not len(self._ends):
            return
        self._ends.registers[begin:end] = arrays.r
        for room, memory in zip(self._ends.memories.values(), arrays.memories, strict=True):
            room[begin:end] = memory
        if self._ends.buses is not None:
            self._ends.buses[begin:end] = buses


def _new_spikes(n_new: np.ndarray, cycles: np.ndarray, addrs: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the spikes of a launch as (3, n) int64: the number of the run, the cycle, the address."""
    is_new = np.arange(cycles.shape[1]) < n_new[:, np.newaxis]
    if is_new.any():
        yield np.stack([np.nonzero(is_new)[0], cycles[is_new], addrs[is_new]])
