"""The space of a sweep: what `draupnir sweep` reads from a TOML file."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.levels import ENGINE
from draupnir.tools.compile.toml.source import Key, TomlSource, closest, read, show
from draupnir.tools.sweep import axes
from draupnir.tools.sweep.axes import EVENTS, FAULT, SAMPLE, SpaceAxis

KEYS = ("chip", "config", "events", "samples", "timesteps", "measure", "runs", "seed", "delays", "stop", "axes")
DELAYS = ("gap", "hold", "ack_delay", "ack_hold")
MOST_RUNS = 1_000_000_000
MOST_CLOCKS = (1 << 62) - 1
_CONDITION = re.compile(r"(\w+) *(>=|<=|==|!=|>|<) *(-?\d{1,18})")
_OPERATIONS = {
    ">=": np.greater_equal,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
}


@dataclass(frozen=True)
class StopRule:
    """The rule by which a sweep stops.

    max_cycles : clocks of each run; column, operation, number : what holds for the last run
    """

    max_cycles: int | None = None
    column: str = ""
    operation: str = ""
    number: int = 0

    def first(self, columns: Mapping[str, np.ndarray]) -> int | None:
        """Return the number of the first run among some for which the condition holds, or None."""
        if not self.column:
            return None
        holds = np.flatnonzero(_OPERATIONS[self.operation](columns[self.column], self.number))
        return int(holds[0]) if len(holds) else None


@dataclass(frozen=True)
class SweepSpace:
    """A space.

    source : the file; config, samples : other files; measure : names of columns and places, empty for all figures
    axes : the last one changes fastest from run to run
    n_drawn : the number of points that are drawn at random from the space with ``seed``; None for all points
    """

    source: TomlSource
    chip: Chip
    config: Path
    samples: Path | None
    timesteps: int | None
    axes: tuple[SpaceAxis, ...]
    measure: tuple[str, ...]
    delays: Mapping[str, int]
    stop: StopRule
    n_drawn: int | None
    seed: int
    text: str = field(repr=False)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The number of values of each axis."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def n_runs(self) -> int:
        """The number of runs."""
        return math.prod(self.sizes) if self.n_drawn is None else self.n_drawn

    def points(self, first: int, last: int) -> dict[str, np.ndarray]:
        """Return for each axis the numbers of the values of some runs."""
        names = [axis.name for axis in self.axes]
        if self.n_drawn is None:
            numbers = np.unravel_index(np.arange(first, last), self.sizes or (1,))
        else:
            rows = [np.random.default_rng([self.seed, run]).integers(self.sizes) for run in range(first, last)]
            numbers = tuple(np.array(rows, np.int64).reshape(last - first, len(names)).T)
        return dict(zip(names, numbers, strict=False))

    def axis(self, name: str) -> SpaceAxis | None:
        """Return the axis with a name, or None."""
        return next((axis for axis in self.axes if axis.name == name), None)

    def files(self) -> list[Path]:
        """Return all files that the runs read."""
        events = self.axis(EVENTS)
        paths = [self.source.file(("axes", EVENTS), name) for name in events.values] if events else []
        folder = sorted(path for path in self.config.iterdir() if path.is_file()) if self.config.is_dir() else []
        beside = sorted(path for path in self.config.parent.iterdir() if path.suffix in (".hex", ".npy", ".csv"))
        return [*(folder or [self.config, *beside]), *([self.samples] if self.samples else []), *paths]


def load(path: Path) -> SweepSpace:
    """Read a space. Raises InputError, with file, line and key, for each mistake."""
    return parsed(read(path), path.read_text())


def parsed(source: TomlSource, text: str) -> SweepSpace:
    """Return the space of a file that has been read; text : its content"""
    tree = source.tree
    for name in tree:
        if name not in KEYS:
            raise source.error((name,), f"unknown: {closest(name, KEYS)}")
    chip = _chip(source)
    if ("events" in tree) == ("samples" in tree) and EVENTS not in _table(source, "axes"):
        raise source.error(("events",), "right is one of events and samples, or an axis events")
    samples = source.file(("samples",), tree["samples"]) if "samples" in tree else None
    config = source.file(("config",), tree.get("config"))
    every_axis = [axes.read(source, ("axes", name), name, chip) for name in _table(source, "axes")]
    if samples:
        every_axis = _with_samples(source, every_axis, samples, config, chip)
    if "events" in tree:
        source.file(("events",), tree["events"])
        every_axis = [SpaceAxis(EVENTS, [tree["events"]]), *(axis for axis in every_axis if axis.name != EVENTS)]
    space = SweepSpace(
        source,
        chip,
        config,
        samples,
        _optional(source, ("timesteps",), tree, 1, 1 << 31),
        tuple(every_axis),
        _measure(source),
        {name: _delay(source, name, n) for name, n in _table(source, "delays").items()},
        _stop(source),
        _optional(source, ("runs",), tree, 1, MOST_RUNS),
        _optional(source, ("seed",), tree, 0, (1 << 32) - 1) or 0,
        text,
    )
    if space.n_runs > MOST_RUNS:
        raise source.error(("axes",), f"{space.n_runs:,} runs; right is at most {MOST_RUNS:,}, or runs = n of them")
    return space


def _chip(source: TomlSource) -> Chip:
    """The chip of a space, which must have an event level."""
    name = source.tree.get("chip")
    if not isinstance(name, str):
        raise source.error(("chip",), f"{show(name)} is not the name of a chip")
    try:
        package = chips.package(name)
        ENGINE.require(package)
        if package.host is not None and FAULT in _table(source, "axes"):
            raise InputError(f"{name}: its host leads it; right is without faults")
    except InputError as error:
        raise source.error(("chip",), str(error)) from error
    return chips.declaration(name)


def _with_samples(
    source: TomlSource, every_axis: list[SpaceAxis], samples: Path, config: Path, chip: Chip
) -> list[SpaceAxis]:
    """The axes with one for the samples: all of them, if the file names none."""
    from draupnir.tools.sweep.mapped import n_samples

    try:
        n = n_samples(chip, config, samples)
    except InputError as error:
        raise source.error(("samples",), str(error)) from error
    of_samples = [axis for axis in every_axis if axis.name == SAMPLE]
    for axis in of_samples:
        if wrong := [one for one in axis.values if not 0 <= int(one) < n]:
            raise source.error(("axes", SAMPLE), f"{wrong[0]} is not within 0..{n - 1}")
    return every_axis if of_samples else [*every_axis, SpaceAxis(SAMPLE, range(n))]


def _table(source: TomlSource, name: str) -> dict[str, Any]:
    table = source.tree.get(name, {})
    if not isinstance(table, dict):
        raise source.error((name,), f"{show(table)} is not a table; right is [{name}]")
    return table


def _optional(source: TomlSource, key: Key, table: Mapping[str, Any], low: int, high: int) -> int | None:
    number = table.get(str(key[-1]))
    if number is not None and (isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high):
        raise source.error(key, f"{show(number)}: right is an integer, {low}..{high}")
    return number


def _delay(source: TomlSource, name: str, clocks: Any) -> int:
    if name not in DELAYS:
        raise source.error(("delays", name), f"unknown: {closest(name, DELAYS)}")
    return _optional(source, ("delays", name), {name: clocks}, 0, 1 << 20) or 0


def _measure(source: TomlSource) -> tuple[str, ...]:
    names = source.tree.get("measure", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise source.error(("measure",), f"{show(names)} is not a list of names")
    if len(set(names)) < len(names):
        raise source.error(("measure",), "a name stands twice")
    return tuple(names)


def _stop(source: TomlSource) -> StopRule:
    table = _table(source, "stop")
    for name in table:
        if name not in ("max_cycles", "when"):
            raise source.error(("stop", name), f"unknown: {closest(name, ('max_cycles', 'when'))}")
    max_cycles = _optional(source, ("stop", "max_cycles"), table, 0, MOST_CLOCKS)
    if "when" not in table:
        return StopRule(max_cycles)
    form = _CONDITION.fullmatch(table["when"]) if isinstance(table["when"], str) else None
    if form is None:
        raise source.error(("stop", "when"), f"{show(table['when'])}: right is, for instance, 'n_spikes >= 100'")
    return StopRule(max_cycles, form[1], form[2], int(form[3]))
