"""The way of an event to a row: crop, polarity, pool. Each step is a pure function of events.

The row of an event is (y W + x) P + p, with x and y in a picture of W x H pools, P polarities, and p = 0 for off and
1 for on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.errors import InputError
from draupnir.tools.events.recording import EventRecording, Events, SensorSize

Integers = NDArray[np.int64]
ONE_PIXEL = SensorSize(1, 1)


class Polarity(StrEnum):
    """The use of polarities: no difference, a row for each, or events of one alone."""

    MERGE = "merge"
    SPLIT = "split"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True)
class Crop:
    """A part of a sensor, in pixels. x, y : its upper left corner"""

    x: int
    y: int
    size: SensorSize

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.size.width},{self.size.height}"


@dataclass(frozen=True)
class Fit:
    """The choices of a user. crop : None for the whole sensor; pool : the pixels of a pool; most_rows : at least 1"""

    crop: Crop | None = None
    pool: SensorSize = ONE_PIXEL
    polarity: Polarity = Polarity.MERGE
    most_rows: int = 256

    @property
    def n_polarities(self) -> int:
        """The number of rows of a pool."""
        return 2 if self.polarity is Polarity.SPLIT else 1

    def picture(self, size: SensorSize) -> SensorSize:
        """The size of a sensor's picture in pools. A pool at the right or lower edge may have fewer pixels."""
        part = self.crop.size if self.crop else size
        return SensorSize(-(-part.width // self.pool.width), -(-part.height // self.pool.height))

    def n_rows(self, size: SensorSize) -> int:
        """The number of rows for a sensor."""
        picture = self.picture(size)
        return picture.width * picture.height * self.n_polarities


def check(fit: Fit, recording: EventRecording) -> SensorSize:
    """Return the size of the sensor. Raises InputError if it is unknown, or if the choices do not fit it."""
    name, size = recording.name, recording.size
    if size is None:
        raise InputError(f"{name}: it does not say the size of the sensor; right is with --size WxH")
    if not recording.has_polarity and fit.polarity is not Polarity.MERGE:
        raise InputError(f"--polarity {fit.polarity}: {name} has channels, which have no polarity; right is merge")
    crop = fit.crop
    if crop and (crop.x + crop.size.width > size.width or crop.y + crop.size.height > size.height):
        raise InputError(f"--crop {crop}: {name} has {size} pixels; right is a part of these")
    if fit.n_rows(size) > fit.most_rows:
        raise InputError(f"{name}: {_too_many(fit, size)}")
    return size


def _too_many(fit: Fit, size: SensorSize) -> str:
    """Say how many rows there are, and which pool fits."""
    part = fit.crop.size if fit.crop else size
    text = f"{part} pixels"
    if fit.pool != ONE_PIXEL:
        text += f" in pools of {fit.pool}"
    if fit.n_polarities > 1:
        text += f", {fit.n_polarities} polarities"
    right = f"right is at most {fit.most_rows:,}: --pool {_fitting_pool(fit, part)}"
    return f"{text} are {fit.n_rows(size):,} rows; {right}"


def _fitting_pool(fit: Fit, part: SensorSize) -> str:
    """The smallest square pool that fits; for a sensor of one row the smallest wide one."""
    for n in range(1, max(part.width, part.height) + 1):
        width, height = -(-part.width // n), -(-part.height // n)
        if width * height * fit.n_polarities <= fit.most_rows:
            return f"{n}" if part.height > 1 else f"{n}x1"
    return f"{part.width}x{part.height} --polarity merge"


@dataclass(frozen=True, eq=False)
class FittedEvents:
    """Events with their rows.

    t, rows : (n,) int64, times in us and rows
    n_outside, n_polarity : events that are lost, outside of the crop or of the polarity that was not chosen
    """

    t: Integers
    rows: Integers
    n_outside: int
    n_polarity: int


def fit_events(block: Events, fit: Fit, size: SensorSize, name: str) -> FittedEvents:
    """Bring events to rows. Raises InputError for an event outside of its sensor.

    size : the size of the sensor; name : that of the recording, for messages
    """
    if (wrong := np.flatnonzero((block["x"] >= size.width) | (block["y"] >= size.height))).size:
        x, y = int(block["x"][wrong[0]]), int(block["y"][wrong[0]])
        raise InputError(f"{name}: an event at x = {x}, y = {y} is outside of {size} pixels; right is with --size WxH")
    inside = _cropped(block, fit.crop)
    part = _of_polarity(inside, fit.polarity)
    rows = _rows(part, fit, size)
    return FittedEvents(part["t"].astype(np.int64), rows, len(block) - len(inside), len(inside) - len(part))


def _cropped(block: Events, crop: Crop | None) -> Events:
    """The events inside of a crop, at their places in it."""
    if crop is None:
        return block
    x, y = block["x"].astype(np.int64) - crop.x, block["y"].astype(np.int64) - crop.y
    inside = (x >= 0) & (x < crop.size.width) & (y >= 0) & (y < crop.size.height)
    part: Events = block[inside]
    part["x"], part["y"] = x[inside], y[inside]
    return part


def _of_polarity(block: Events, polarity: Polarity) -> Events:
    """The events of a polarity, or all of them."""
    if polarity in (Polarity.MERGE, Polarity.SPLIT):
        return block
    part: Events = block[block["p"] == (polarity is Polarity.ON)]
    return part


def _rows(block: Events, fit: Fit, size: SensorSize) -> Integers:
    """(n,) int64, the row of each event."""
    x, y = block["x"].astype(np.int64) // fit.pool.width, block["y"].astype(np.int64) // fit.pool.height
    pools = y * fit.picture(size).width + x
    return pools * 2 + block["p"] if fit.polarity is Polarity.SPLIT else pools
