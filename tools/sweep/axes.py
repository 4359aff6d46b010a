"""Axes of a space: the values that one thing has in a sweep.

An axis is a list, ``{ range = [first, last, step] }``, ``{ log = [first, last, n] }``, ``{ seeds = n }`` or, for
faults, ``{ flips = n, before = clock }``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator import chips, state
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.tools.compile.toml.source import Key, TomlSource, show
from draupnir.tools.faults.sites import FaultSite, Sites

FAULT, SEED, EVENTS, SAMPLE = "fault", "seed", "events", "sample"
NO_FAULT = "none"
MOST_VALUES = 10_000_000
_FLIP = re.compile(r"(\w+)\[(\d{1,9})\] bit (\d{1,4}) at clock (\d{1,18})")
_RIGHT = "right is a list, { range = [first, last, step] }, { log = [first, last, n] } or { seeds = n }"


@dataclass(frozen=True)
class SpaceAxis:
    """An axis; name : the place in the chip, or FAULT, SEED, EVENTS or SAMPLE; values : integers, or texts"""

    name: str
    values: Sequence[int] | Sequence[str]


@dataclass(frozen=True)
class TimedFlip:
    """A bit that is inverted at a clock of the run. ``str()`` is as `draupnir inject` names it."""

    site: FaultSite
    clock: int

    def __str__(self) -> str:
        return f"{self.site.name}[{self.site.element}] bit {self.site.bit} at clock {self.clock}"


def read(source: TomlSource, key: Key, name: str, chip: Chip) -> SpaceAxis:
    """Return an axis of a file. Raises InputError, with the line, for a mistake."""
    entry: Any = source.tree
    for part in key:
        entry = entry[part]
    if isinstance(entry, dict):
        values: Sequence[Any] = _of_table(source, key, name, chip, entry)
    elif isinstance(entry, list):
        values = entry
    else:
        raise source.error(key, f"{show(entry)} is no axis; {_RIGHT}")
    if not 0 < len(values) <= MOST_VALUES:
        raise source.error(key, f"{len(values)} values; right is 1..{MOST_VALUES:,}")
    is_text = name in (FAULT, EVENTS)
    for number, one in enumerate(values):
        if isinstance(one, bool) or not isinstance(one, str if is_text else int):
            raise source.error((*key, number), f"{show(one)}: right is {'a text' if is_text else 'an integer'}")
        if name == FAULT and one != NO_FAULT:
            flip_of(source, (*key, number), chip, str(one))
    return SpaceAxis(name, values)


def _of_table(source: TomlSource, key: Key, name: str, chip: Chip, table: Mapping[str, Any]) -> Sequence[Any]:
    """The values of an axis that is given by a rule."""
    if name == FAULT:
        return _random_flips(source, key, chip, table)
    if list(table) == ["seeds"]:
        return range(_number(source, (*key, "seeds"), table["seeds"], 1, MOST_VALUES))
    if list(table) == ["range"]:
        first, last, *more = _numbers(source, (*key, "range"), table["range"], (2, 3))
        step = more[0] if more else 1
        if step < 1 or last < first:
            raise source.error((*key, "range"), "right is [first, last, step], upwards, with a step of at least 1")
        return range(first, last + 1, step)
    if list(table) == ["log"]:
        first, last, n = _numbers(source, (*key, "log"), table["log"], (3,))
        if first < 1 or last < first or not 2 <= n <= MOST_VALUES:
            raise source.error((*key, "log"), "right is [first, last, n], from 1 upwards, with at least 2 numbers")
        return [int(one) for one in np.unique(np.rint(np.geomspace(first, last, n)).astype(np.int64))]
    raise source.error(key, _RIGHT)


def _numbers(source: TomlSource, key: Key, numbers: Any, lengths: tuple[int, ...]) -> list[int]:
    if not isinstance(numbers, list) or len(numbers) not in lengths:
        raise source.error(key, f"{show(numbers)}: right is {' or '.join(map(str, lengths))} integers")
    return [_number(source, (*key, i), one, -(1 << 62), 1 << 62) for i, one in enumerate(numbers)]


def _number(source: TomlSource, key: Key, number: Any, low: int, high: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise source.error(key, f"{show(number)}: right is an integer, {low}..{high}")
    return number


# --- Faults ------------------------------------------------------------------------------------------------------


def _random_flips(source: TomlSource, key: Key, chip: Chip, table: Mapping[str, Any]) -> list[str]:
    """Faults drawn at random, each place as often as any other, as `draupnir inject` does."""
    names = {"flips", "before", "in", "seed"}
    for name in table:
        if name not in names:
            raise source.error((*key, name), "unknown; right is { flips = n, before = clock, in = [places], seed = n }")
    n = _number(source, (*key, "flips"), table.get("flips"), 1, MOST_VALUES)
    clocks = _number(source, (*key, "before"), table.get("before"), 1, 1 << 62)
    seed = _number(source, (*key, "seed"), table.get("seed", 1), 0, (1 << 32) - 1)
    places = table.get("in", [])
    if not isinstance(places, list) or not all(isinstance(place, str) for place in places):
        raise source.error((*key, "in"), 'right is a list of places, for instance ["registers", "neurons"]')
    try:
        sites = Sites(chip, places)
    except InputError as error:
        raise source.error((*key, "in"), str(error).removeprefix("--in ")) from error
    rng, groups, flips = np.random.default_rng(seed), list(sites.n_bits), []
    for _ in range(n):
        group = groups[rng.integers(len(groups))]
        flips.append(
            str(TimedFlip(sites.site(group, int(rng.integers(sites.n_bits[group]))), int(rng.integers(clocks))))
        )
    return flips


def flip_of(source: TomlSource, key: Key, chip: Chip, text: str) -> TimedFlip:
    """Return the fault with a name. Raises InputError, with the line, for one that the chip cannot have."""
    form = _FLIP.fullmatch(text)
    if form is None:
        raise source.error(key, f"{show(text)}: right is, for instance, 'neurons[17] bit 3 at clock 5000', or 'none'")
    element, bit, clock = (int(form[i]) for i in (2, 3, 4))
    model = chips.model(chip.name, chip.sizes)()
    try:
        elements, width = state.elements(chip, model.registers, model.memories, form[1])
    except InputError as error:
        raise source.error(key, str(error)) from error
    if element >= len(elements) or bit >= width:
        right = f"{form[1]} has elements 0..{len(elements) - 1} of {width} bits"
        raise source.error(key, f"{text}: {right}")
    return TimedFlip(FaultSite("", form[1], element, bit, width), clock)
