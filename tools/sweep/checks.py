"""Checks of a space before its first run: places, values, files, and what is to be measured."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from draupnir.emulator.errors import InputError
from draupnir.emulator.places import ChipPlace, parse
from draupnir.emulator.speeds.many_jobs import ChipStates
from draupnir.many import is_before_reset, starts_of
from draupnir.tools.compile.toml.source import Key
from draupnir.tools.sweep.axes import EVENTS, FAULT, SAMPLE
from draupnir.tools.sweep.block import SweepSubject
from draupnir.tools.sweep.space import SweepSpace

T = TypeVar("T")


def check(swept: SweepSpace) -> None:
    """Raise InputError, with file, line and key, for the first mistake."""
    subject = _located(swept, ("config",), lambda: SweepSubject(swept))
    (states, _) = starts_of(subject.base, [{}])
    for axis in swept.axes:
        if axis.name == EVENTS:
            key: Key = ("events",) if "events" in swept.source.tree else ("axes", EVENTS)
            for number in range(len(axis.values)):
                _located(swept, key, partial(subject.events, number))
        elif axis.name not in (FAULT, SAMPLE):
            numbers = [int(one) for one in axis.values]
            for content in sorted({min(numbers), max(numbers)}):
                _located(swept, ("axes", axis.name), partial(_try, subject, states, axis.name, content))
    _check_overlaps(swept, subject, states)
    probe = _located(swept, ("measure",), lambda: subject.run(0, 1))
    if repeated := [axis.name for axis in swept.axes if axis.name in probe["columns"]]:
        raise swept.source.error(("measure",), f"{repeated[0]} is an axis, which the table has already")
    if swept.stop.column and swept.stop.column not in probe["columns"]:
        names = ", ".join(probe["columns"])
        raise swept.source.error(("stop", "when"), f"{swept.stop.column} is not measured as one number; {names} are")


def _located(swept: SweepSpace, key: Key, call: Callable[[], T]) -> T:
    """Call a function; an error gets the place in the file."""
    try:
        return call()
    except InputError as error:
        text = str(error)
        if text.startswith(f"{swept.source.path}:"):
            raise
        raise swept.source.error(key, text.removeprefix(f"{key[-1]}: ")) from error


def _try(subject: SweepSubject, states: ChipStates, name: str, content: int) -> None:
    if is_before_reset(name):
        starts_of(subject.base, [{name: content}])
    else:
        _place(subject, states, name).changes(content)


def _place(subject: SweepSubject, states: ChipStates, name: str) -> ChipPlace:
    memories = {memory: words[0] for memory, words in states.memories.items()}
    return parse(subject.chip, states.registers, memories, name)


def _check_overlaps(swept: SweepSpace, subject: SweepSubject, states: ChipStates) -> None:
    """Raise InputError if two axes change one bit: the order of the axes would decide."""
    owners: dict[tuple[int, int], list[tuple[int, str]]] = {}
    for axis in swept.axes:
        if axis.name in (FAULT, SAMPLE, EVENTS) or is_before_reset(axis.name):
            continue
        for array, place, keep_mask, _ in _place(subject, states, axis.name).changes(int(axis.values[0])).tolist():
            for other_mask, name in owners.setdefault((array, place), []):
                if ~other_mask & ~keep_mask:
                    raise swept.source.error(
                        ("axes", axis.name), f"{name} changes the same bits; right is one of the two"
                    )
            owners[array, place].append((keep_mask, axis.name))
