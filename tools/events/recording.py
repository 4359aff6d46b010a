"""Recordings of events, the form into which every reader brings its files.

An event has a time, a place and a polarity. A place is a pixel (x, y), counted from the upper left corner of the
sensor. The channels of spike trains are the pixels of a sensor of one row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Events = NDArray[Any]  # (n,) of EVENT
EVENT = np.dtype([("t", "<i8"), ("x", "<u4"), ("y", "<u2"), ("p", "<u2")])  # us, pixels, 1 for on and 0 for off
MOST_TIME = 1 << 46  # us in one recording, two years


@dataclass(frozen=True)
class SensorSize:
    """The size of a sensor in pixels, or that of a part of it."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"


@dataclass(frozen=True, eq=False)
class EventRecording:
    """One recording. Its blocks can be read once, before the next recording of the same file.

    name : the file, and the number of the recording if the file has several
    size : the size of the sensor; None if the file does not say it
    has_polarity : False for spike trains, whose events are all on
    begins_at_zero : True if time 0 is the beginning; False if the first event is
    label : a whole number from 0 on, None if the file does not have one
    """

    name: str
    size: SensorSize | None
    blocks: Iterator[Events]
    has_polarity: bool = True
    begins_at_zero: bool = False
    label: int | None = None


@dataclass(frozen=True)
class FileOptions:
    """The part of the options that a reader needs. size : the size of the sensor, None to take that of the file"""

    size: SensorSize | None = None


def events(t: Any, x: Any, y: Any, p: Any) -> Events:
    """Make events of four columns of n numbers."""
    table = np.empty(len(t), EVENT)
    table["t"], table["x"], table["y"], table["p"] = t, x, y, p
    return table
