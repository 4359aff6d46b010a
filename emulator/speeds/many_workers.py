"""The chip of one thread among those that share many runs: in compiled code, or run by run (see ``many_runs.py``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.speeds import limits, many, pieces
from draupnir.emulator.speeds.levels import ENGINE, HOST
from draupnir.emulator.speeds.loop import ROOM, Columns
from draupnir.emulator.speeds.many_arrays import arrays_in, scalars_in
from draupnir.emulator.speeds.many_jobs import NO_CHANGES, SPIKE, ChipStates, ManyJobs, figures_of, integers
from draupnir.emulator.speeds.many_level import ManyLevel

NO_LIMITS = np.zeros(0, np.int64)


class CompiledWorker:
    """A chip whose event level has a ``ManyLevel``.

    ends : room for the state of each run at its end, or for none
    """

    def __init__(self, jobs: ManyJobs, level: ManyLevel, ends: ChipStates) -> None:
        self._jobs, self._level, self._ends, self._model = jobs, level, ends, jobs.model()
        self._chip, self._starts = _arrays_of(self._model), jobs.starts.arrays
        self._columns = Columns(np.empty(ROOM, np.int64), np.empty(ROOM, np.int64), np.empty(0, np.int64))

    def run(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Run some runs. Returns the figures, a record for each, and the spikes."""
        figures = np.zeros((last - first, many.N_FIGURES), np.int64)
        counts = np.zeros((last - first, self._level.n_counts), np.int64)
        spikes: list[np.ndarray] = []
        for begin, end in self._alike(first, last):
            part = slice(begin - first, end - first)
            spikes += self._run(begin, end, figures[part], counts[part])
        columns = np.concatenate(spikes, axis=1) if spikes else np.zeros((2, 0), np.int64)
        numbers = np.repeat(np.arange(first, last), figures[:, many.N_SPIKES])
        return figures_of(figures, self._level.named_counts(counts)), spikes_of(numbers, *columns)

    def _alike(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The runs in parts for which the level prepares a chip in the same way."""
        begin, key, kind = first, b"", None
        for run in range(first, last):
            previous_key, previous_kind = key, kind
            key = self._jobs.rows[run].tobytes() + self._of_registers(run).tobytes()
            if key != previous_key:
                kind = self._kind(run)
            if kind != previous_kind and run > first:
                yield begin, run
                begin = run
        if begin < last:
            yield begin, last

    def _kind(self, run: int) -> tuple[Any, ...]:
        """All that depends on the registers of a run when a chip is prepared for it."""
        scalars = tuple(scalars_in(self._prepared(run)))
        if self._jobs.starts.buses is not None:
            return scalars
        return (*scalars, self._level.words(self._model, self._jobs.environment).tobytes())

    def _of_registers(self, run: int) -> np.ndarray:
        """The changes of registers before a run."""
        if not self._jobs.changes_registers:
            return NO_CHANGES
        changes = self._jobs.changes_of(run)
        of_registers: np.ndarray = changes[changes[:, many.ARRAY] == many.REGISTERS]
        return of_registers

    def _run(self, begin: int, end: int, figures: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
        """Run some runs that are alike, and fill their figures. Returns the columns of spikes."""
        jobs = self._jobs
        arrays = self._prepared(begin)
        changes = [jobs.changes_of(run) for run in range(begin, end)] if jobs.changes is not None else []
        lengths = [len(one) for one in changes] or [0] * (end - begin)
        beginnings = many.Beginnings(
            self._starts,
            jobs.rows[begin:end],
            np.concatenate(changes) if changes else NO_CHANGES,
            np.concatenate([[0], np.cumsum(lengths)]),
        )
        buses, ends = self._buses(begin, end), self._ends.arrays
        if len(self._ends):
            ends = many.ManyStates(ends.registers[begin:end], tuple(memory[begin:end] for memory in ends.memories))
        outcomes = many.ManyOutcomes(figures, counts, buses, ends, self._columns)
        spikes = self._pieces(arrays, beginnings, self._inputs(begin, end), outcomes)
        if self._ends.buses is not None and len(self._ends):
            self._ends.buses[begin:end] = buses
        return spikes

    def _prepared(self, run: int) -> Any:
        """The level's arrays for a chip with the registers of a run."""
        many.set_chip(self._chip, self._starts, self._jobs.rows[run], self._of_registers(run))
        return self._level.prepare(self._model, self._jobs.environment)

    def _inputs(self, begin: int, end: int) -> many.ManyInputs:
        jobs = self._jobs
        return many.ManyInputs(
            jobs.events,
            np.ascontiguousarray(jobs.bounds[begin:end]),
            NO_LIMITS if jobs.not_before is None else jobs.not_before,
            np.array(clock_limits(jobs, begin, end)),
            jobs.environment.delays,
            jobs.finish,
            self._model.stretch,
        )

    def _pieces(
        self, arrays: Any, beginnings: many.Beginnings, inputs: many.ManyInputs, outcomes: many.ManyOutcomes
    ) -> list[np.ndarray]:
        position, spikes = np.zeros(2, np.int64), []
        scratch, counts = self._scratch(arrays), integers(arrays.counts)[0]
        arguments = arrays, self._chip, scratch, counts, beginnings, inputs, outcomes, position
        while position[many.RUN] < len(inputs.bounds):
            try:
                n = self._level.run(*arguments)
            except SystemError as error:
                raise pieces.raised_by_signal(error) from None
            spikes.append(np.stack([self._columns.cycles[:n], self._columns.addrs[:n]]))
            pieces.check_stop()
        return spikes

    def _scratch(self, arrays: Any) -> many.OwnArrays:
        """The arrays of a level that are not the chip's; they are as before a run."""
        of_chip = [self._model.registers, *self._model.memories.values()]
        own = [array for array in arrays_in(arrays) if not any(np.shares_memory(array, one) for one in of_chip)]
        as_bytes = tuple(array.view(np.ndarray).reshape(-1).view(np.uint8) for array in own)
        return many.OwnArrays(as_bytes, tuple(array.copy() for array in as_bytes))

    def _buses(self, begin: int, end: int) -> np.ndarray:
        """The buses, or the host, before each run; see ``ManyLevel``."""
        jobs = self._jobs
        if jobs.starts.buses is not None:
            present: np.ndarray = jobs.starts.buses[jobs.rows[begin:end]]
            return present
        return np.tile(self._level.words(self._model, jobs.environment), (end - begin, 1))


class OneByOneWorker:
    """A chip whose event level has none; parameters as for ``CompiledWorker``."""

    def __init__(self, jobs: ManyJobs, level: Any, ends: ChipStates) -> None:
        self._jobs, self._ends, self._model = jobs, ends, jobs.model()
        self._starts = jobs.starts.arrays

    def run(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Run some runs; see ``CompiledWorker``."""
        ran = [self._run(run) for run in range(first, last)]
        figures = np.array([[n_sent, one.n_cycles, len(one.cycles), one.done] for n_sent, one in ran], np.int64)
        counts = [flat(vars(one.statistics)) if hasattr(one, "statistics") else {} for _, one in ran]
        columns = {name: np.array([one[name] for one in counts], np.int64) for name in (counts[0] if counts else {})}
        cycles = [one.cycles for _, one in ran]
        out = [one.addrs if hasattr(one, "addrs") else one.received for _, one in ran]
        numbers = np.repeat(np.arange(first, last), [len(one) for one in cycles])
        joined = (np.concatenate(one) if one else NO_LIMITS for one in (cycles, out))
        return figures_of(figures.reshape(-1, many.N_FIGURES), columns), spikes_of(numbers, *joined)

    def _run(self, run: int) -> tuple[int, Any]:
        """Run one run. Returns the number of its events, and the outcome."""
        jobs, model = self._jobs, self._model
        many.set_chip(_arrays_of(model), self._starts, jobs.rows[run], jobs.changes_of(run))
        first, last = jobs.bounds[run]
        limit = int(clock_limits(jobs, run, run + 1)[0])
        ran = ENGINE.require(chips.package(jobs.chip.name)).run(model, jobs.events[first:last], jobs.environment, limit)
        if len(self._ends):
            self._ends.registers[run] = model.registers[0]
            for name, memory in model.memories.items():
                self._ends.memories[name][run] = memory
        return int(last - first) if ran.done else 0, ran


def _arrays_of(model: Any) -> many.ManyStates:
    """The arrays of a model."""
    return many.ManyStates(integers(model.registers)[0], tuple(one.reshape(-1) for one in model.memories.values()))


def spikes_of(numbers: np.ndarray, cycles: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return spikes as records of SPIKE."""
    spikes = np.empty(len(numbers), SPIKE)
    spikes["run"], spikes["cycle"], spikes["out"] = numbers, cycles, out
    return spikes


def flat(counts: Mapping[str, Any]) -> dict[str, int]:
    """Return the counts of a run by name; those that have one for each of several kinds as "name_KIND"."""
    columns: dict[str, int] = {}
    for name, count in counts.items():
        columns |= {f"{name}_{kind}": n for kind, n in count.items()} if isinstance(count, dict) else {name: count}
    return columns


def clock_limits(jobs: ManyJobs, first: int, last: int) -> np.ndarray:
    """Return the largest number of clocks of each run."""
    if jobs.max_cycles is not None:
        return jobs.max_cycles[first:last]
    e, host = jobs.environment, HOST.load(chips.package(jobs.chip.name))
    if host is not None:
        return np.array([host.clock_limit(jobs.events[slice(*jobs.bounds[run])], e) for run in range(first, last)])
    waits = 0 if jobs.not_before is None else int(jobs.not_before.max(initial=0))
    lengths = np.diff(jobs.bounds[first:last], axis=1).reshape(-1).tolist()
    limits_by_length = {n: limits.clock_limit(n, waits, e.gap + e.hold, e.ack_delay + e.ack_hold) for n in set(lengths)}
    return np.array([limits_by_length[n] for n in lengths], np.int64)
