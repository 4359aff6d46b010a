"""Spike trains as text, which Neo writes: a line a train, its times between blanks or commas.

A time may have its unit behind it, as in `0.001 s`; without one it is in seconds. Neo itself cannot read the units that
it writes, and keeps times in 32 bits, in which 20.001 s is 20.0009995 s and falls into another timestep. So we read the
text ourselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.tools.events.recording import MOST_TIME, EventRecording, FileOptions, SensorSize, events

MOST_BYTES = 1 << 26
UNITS = {"s": 1e6, "ms": 1e3, "us": 1.0}  # us
SEPARATOR = re.compile(r"[\s,;]+")


def read(path: Path, options: FileOptions) -> Iterator[EventRecording]:
    """Yield the recording of a file: a channel a line. Raises InputError, with the line, for what is no time."""
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path}: {path.stat().st_size:,} bytes; right is at most {MOST_BYTES:,}, or .nwb")
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path}: it is no text; right is a line of times for each channel") from None
    if not lines:
        raise InputError(f"{path}: it is empty; right is a line of times for each channel")
    trains = [_times(line, f"{path}:{number}") for number, line in enumerate(lines, 1)]
    t, x = np.concatenate(trains), np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    order = np.argsort(t, kind="stable")
    block = events(t[order], x[order], 0, 1)
    size = options.size or SensorSize(len(trains), 1)
    yield EventRecording(str(path), size, iter([block]), has_polarity=False, begins_at_zero=True)


def _times(line: str, place: str) -> np.ndarray:
    """(n,) int64, the times of a line in us."""
    words = [word for word in SEPARATOR.split(line) if word]
    units = {word for word in words if word in UNITS} or {"s"}
    numbers = [word for word in words if word not in UNITS]
    if len(units) > 1:
        raise InputError(f"{place}: its units are {' and '.join(sorted(units))}; right is one unit in a line")
    try:
        t = np.rint(np.array(numbers, np.float64) * UNITS[units.pop()])
    except ValueError:
        raise InputError(f"{place}: it is no line of numbers; right is times, in s, ms or us") from None
    if (wrong := np.flatnonzero(~(np.abs(t) < MOST_TIME))).size:
        raise InputError(f"{place}: '{numbers[wrong[0]][:40]}' is no time, or more than two years")
    return t.astype(np.int64)
