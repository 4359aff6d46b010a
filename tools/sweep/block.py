"""The jobs of `draupnir sweep`: some consecutive runs of a space each."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.places import parse
from draupnir.emulator.speeds.levels import HOST
from draupnir.emulator.speeds.many_jobs import ChipStates
from draupnir.many import starts_of
from draupnir.result import ManyRuns
from draupnir.tools.compile import packed
from draupnir.tools.compile.toml.source import TomlSource
from draupnir.tools.jobs.job import PureJob, chip_hash, file_hash
from draupnir.tools.run import events as event_files
from draupnir.tools.run import hosted
from draupnir.tools.sweep import flips, space
from draupnir.tools.sweep.axes import EVENTS, FAULT, NO_FAULT, SAMPLE, flip_of
from draupnir.tools.sweep.mapped import MappedSamples
from draupnir.tools.sweep.packed_arrays import pack
from draupnir.tools.sweep.space import DELAYS, SweepSpace

RUNS = 256  # of a job, and of a group of rows in the Parquet file, which so does not depend on the workers
LABEL, RIGHT, SPIKES = "label", "right", "spikes"
_Events = np.ndarray  # (n, 2) int64, clocks from the start of the run, or AT_REST, and addresses; (n,) without clocks


def jobs(swept: SweepSpace) -> Iterator[PureJob]:
    """Yield the jobs of a space, in the order of their runs."""
    same = {
        "path": str(swept.source.path.absolute()),
        "text": swept.text,
        "files": file_hash(swept.files()),
        "chip_sources": chip_hash(swept.chip.name),
    }
    for first in range(0, swept.n_runs, RUNS):
        last = min(first + RUNS, swept.n_runs)
        yield PureJob(
            f"{swept.chip.name}, runs {first}..{last - 1}", f"{__name__}:run", {**same, "first": first, "last": last}
        )


def run(path: str, text: str, files: str, chip_sources: str, first: int, last: int) -> dict[str, Any]:
    """Run some runs: a job. Returns the columns, the arrays and the spikes, as ``packed_arrays`` packs them.

    files : the hash of all files that the space names. Raises InputError if this machine has others
    """
    return packed_block(subject_of(path, text, files).run(first, last))


def packed_block(content: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, Any]:
    """Return what ``SweepSubject.run`` returns as a result of a job."""
    return {kind: {name: pack(array) for name, array in arrays.items()} for kind, arrays in content.items()}


@lru_cache(maxsize=2)
def subject_of(path: str, text: str, files: str) -> SweepSubject:
    """Return what runs the runs of a space. A process keeps the last ones."""
    swept = space.parsed(TomlSource(Path(path), tomllib.loads(text), {}), text)
    if file_hash(swept.files()) != files:
        raise InputError(f"{path}: it names other files than those of the client")
    return SweepSubject(swept)


class SweepSubject:
    """A chip, its configuration and its events, for all runs of a space. Raises InputError for files that are wrong."""

    def __init__(self, swept: SweepSpace) -> None:
        self._space, self.chip = swept, swept.chip
        self._mapped = MappedSamples(swept.chip, swept.config, swept.samples) if swept.samples else None
        self._host = HOST.load(chips.package(swept.chip.name))
        self.base: Configuration = self._mapped.configuration if self._mapped else packed.read(swept.config, swept.chip)
        self._events: dict[int, _Events] = {}

    # --- One block ------------------------------------------------------------------------------------------------

    def run(self, first: int, last: int, backend: str = "cpu") -> dict[str, dict[str, np.ndarray]]:
        """Run some runs; backend : as for ``draupnir.run_many``

        Returns "columns", with an element a run, "arrays", with a row a run, and "spikes".
        """
        values = self.values(first, last)
        changes = [
            {name: column[i] for name, column in values.items() if name not in (FAULT, EVENTS, SAMPLE)}
            for i in range(last - first)
        ]
        texts = values.get(FAULT, [NO_FAULT] * len(changes))
        faults = [None if one == NO_FAULT else flip_of(self._space.source, (FAULT,), self.chip, one) for one in texts]
        starts = self._first_cycles(changes)
        events = [self._events_at(int(start), i) for start, i in zip(starts, self._numbers(first, last), strict=True)]
        delays = {**dict.fromkeys(DELAYS, 1), **self._space.delays}  # as `draupnir run` has them
        environment = self._host.Host(**delays) if self._host else Environment(**delays)
        outcome = flips.run(self.base, environment, self._space.stop.max_cycles, events, changes, faults, backend)
        outcome.spikes["cycle"] -= starts[outcome.spikes["run"]]
        return self._measured(outcome, values)

    def values(self, first: int, last: int) -> dict[str, list[Any]]:
        """Return the value of each axis in some runs."""
        points = self._space.points(first, last)
        return {axis.name: [axis.values[number] for number in points[axis.name].tolist()] for axis in self._space.axes}

    def _numbers(self, first: int, last: int) -> list[int]:
        """The number of the events of each run: of its sample, or of its file."""
        name = SAMPLE if self._mapped else EVENTS
        axis, points = self._space.axis(name), self._space.points(first, last)
        assert axis
        return [int(axis.values[i]) if self._mapped else i for i in points[name].tolist()]

    def _first_cycles(self, changes: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """The first clock of each run, which the configuration of the registers may change."""
        states, rows = starts_of(self.base, changes)
        return np.asarray(states.registers["cycle"][rows], np.int64)

    @property
    def is_led(self) -> bool:
        """True if a host leads the chip."""
        return self._host is not None

    def events(self, number: int) -> _Events:
        """Return the events of a sample or of a file; clocks count from the start of the run."""
        if number not in self._events:
            if len(self._events) > RUNS:
                self._events.clear()
            self._events[number] = self._read(number)
        return self._events[number]

    def _events_at(self, start: int, number: int) -> np.ndarray:
        """Events for a run that begins in this clock."""
        events = self.events(number)
        if self._host is not None or events.ndim == 1:
            return events
        clocks = events[:, 0]
        return np.column_stack([np.where(clocks < 0, clocks, clocks + start), events[:, 1]])

    def _read(self, number: int) -> np.ndarray:
        """The events of a sample, or of a file."""
        if self._mapped:
            return self._mapped.events(number)
        axis = self._space.axis(EVENTS)
        assert axis
        path = self._space.source.file(("axes", EVENTS), axis.values[number])
        if self._host is not None:
            model = chips.model(self.chip.name, self.chip.sizes)()
            self.base.apply(model)
            return hosted.read(path, model, self._space.timesteps)
        blocks = list(event_files.blocks(path, self.chip))
        addrs = np.concatenate([np.zeros(0, np.int64), *(block.addrs for block in blocks)])
        if not blocks or blocks[0].cycles is None:
            return addrs
        return np.column_stack([np.concatenate([block.cycles for block in blocks]), addrs])

    # --- What is measured -----------------------------------------------------------------------------------------

    def _measured(self, outcome: ManyRuns, values: Mapping[str, list[Any]]) -> dict[str, dict[str, np.ndarray]]:
        """The columns, arrays and spikes that the space asks for."""
        names = outcome.figures.dtype.names or ()
        chosen_names = self._space.measure or (*names, *((LABEL, RIGHT) if self._mapped else ()))
        columns: dict[str, np.ndarray] = {}
        arrays: dict[str, np.ndarray] = {}
        spikes: dict[str, np.ndarray] = {}
        for name in chosen_names:
            if name in names:
                columns[name] = outcome.figures[name]
            elif name in (LABEL, RIGHT) and self._mapped:
                columns |= self._labels(outcome, values[SAMPLE], name)
            elif name == SPIKES:
                spikes = {part: outcome.spikes[part] for part in ("run", "cycle", "out")}
            else:
                content = self._contents(outcome, name)
                if content[0].size == 1:
                    columns[name] = content.reshape(-1)
                else:
                    arrays[name] = content
        return {"columns": columns, "arrays": arrays, "spikes": spikes}

    def _labels(self, outcome: ManyRuns, samples: Sequence[int], name: str) -> dict[str, np.ndarray]:
        """The labels that the chip gives, or 1 for each that is right and 0 for each other one."""
        assert self._mapped and outcome.states
        neurons = outcome.states.memories["neurons"]
        outs = [outcome.spikes_of(run)["out"] for run in range(len(outcome))]
        labels = np.array([self._mapped.label(out, neurons[run]) for run, out in enumerate(outs)], np.int64)
        if name == LABEL:
            return {LABEL: labels}
        return {RIGHT: labels == np.array([self._mapped.right(sample) for sample in samples], np.int64)}

    def _contents(self, outcome: ManyRuns, name: str) -> np.ndarray:
        """The contents of a place in all runs."""
        assert outcome.states
        first: ChipStates = outcome.states.part([0])
        place = parse(self.chip, first.registers, {memory: words[0] for memory, words in first.memories.items()}, name)
        return place.contents(*outcome.states.arrays)
