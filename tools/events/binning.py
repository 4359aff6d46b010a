"""Events in timesteps. Several events of one row in one timestep become one spike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.tools.events.fitting import Fit, FittedEvents, Integers, check, fit_events
from draupnir.tools.events.recording import MOST_TIME, EventRecording

MOST_SPIKES = 1 << 26  # in one recording
GROWTH = 1 << 20  # codes that are kept before equal ones are merged


@dataclass
class EventCounts:
    """Counts of what events became. The spikes and all others together are the events.

    n_outside : outside of the crop; n_polarity : of the polarity that was not chosen; n_time : before the first
    timestep or after the last; n_merged : of a row that has spiked in this timestep
    """

    n_events: int = 0
    n_spikes: int = 0
    n_merged: int = 0
    n_outside: int = 0
    n_polarity: int = 0
    n_time: int = 0

    def add(self, other: EventCounts) -> None:
        """Add the counts of another recording."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True)
class Timesteps:
    """The timesteps of a sample. length : in us, at least 1; n : how many, None for as many as there are events"""

    length: int
    n: int | None = None


@dataclass(frozen=True)
class TimeSpan:
    """The part of a recording that is one sample, in us. end : the first time that is no longer in it"""

    begin: int
    end: int


@dataclass(frozen=True, eq=False)
class BinnedSpikes:
    """The spikes of a sample. n_rows : of the sensor's picture

    timesteps, rows : (n,) int64, in ascending order of timesteps, and within one of rows; each pair stands once
    """

    name: str
    label: int | None
    n_rows: int
    timesteps: Integers
    rows: Integers
    counts: EventCounts


def bin_recording(
    recording: EventRecording, fit: Fit, timesteps: Timesteps, span: TimeSpan | None = None
) -> BinnedSpikes:
    """Bring a recording to timesteps and rows. span : the part to take, None for the whole

    Raises InputError if the recording has no event, or too many spikes for one sample.
    """
    size = check(fit, recording)
    n_rows = fit.n_rows(size)
    spikes, counts = _Codes(recording.name), EventCounts()
    start = span.begin if span else 0 if recording.begins_at_zero else None
    for block in recording.blocks:
        if span:
            block = block[(block["t"] >= span.begin) & (block["t"] < span.end)]
        if not len(block):
            continue
        start = int(block["t"][0]) if start is None else start
        if (np.abs(block["t"].astype(np.float64) - start) > MOST_TIME).any():
            raise InputError(f"{recording.name}: a time is {MOST_TIME:,} us or more away from its beginning")
        counts.n_events += len(block)
        spikes.add(_codes(fit_events(block, fit, size, recording.name), start, timesteps, n_rows, counts))
    if not counts.n_events:
        raise InputError(f"{recording.name}: it has no events{' in its time span' if span else ''}")
    codes = spikes.all()
    counts.n_spikes = len(codes)
    counts.n_merged = counts.n_events - counts.n_outside - counts.n_polarity - counts.n_time - counts.n_spikes
    return BinnedSpikes(recording.name, recording.label, n_rows, codes // n_rows, codes % n_rows, counts)


def _codes(block: FittedEvents, start: int, timesteps: Timesteps, n_rows: int, counts: EventCounts) -> Integers:
    """(n,) int64, timestep n_rows + row of each event that is within the timesteps. Counts the lost ones."""
    bins = (block.t - start) // timesteps.length
    inside = bins >= 0
    if timesteps.n is not None:
        inside &= bins < timesteps.n
    counts.n_outside += block.n_outside
    counts.n_polarity += block.n_polarity
    counts.n_time += len(bins) - int(np.count_nonzero(inside))
    return bins[inside] * n_rows + block.rows[inside]


@dataclass
class _Codes:
    """Numbers, each kept once, in memory that grows with the different ones only."""

    name: str
    pieces: list[Integers] = field(default_factory=list)
    n_kept: int = 0

    def add(self, codes: Integers) -> None:
        self.pieces.append(distinct(codes))
        if sum(map(len, self.pieces)) > self.n_kept + GROWTH:
            self.pieces = [self.all()]
            self.n_kept = len(self.pieces[0])
            if self.n_kept > MOST_SPIKES:
                right = f"right is at most {MOST_SPIKES:,}: a longer --bin, a larger --pool, or --timesteps N"
                raise InputError(f"{self.name}: it has more than {self.n_kept:,} spikes; {right}")

    def all(self) -> Integers:
        if len(self.pieces) == 1:
            return self.pieces[0]
        return distinct(np.concatenate([np.zeros(0, np.int64), *self.pieces]))


def distinct(numbers: Integers) -> Integers:
    """The different numbers of some, in ascending order, as np.unique gives them, in a fifth of its time."""
    ascending = np.sort(numbers)
    is_first = np.ones(len(ascending), np.bool_)
    is_first[1:] = ascending[1:] != ascending[:-1]
    return ascending[is_first]


def counts_rows(counts: EventCounts) -> Iterator[tuple[str, int]]:
    """The counts for people: a name and a number each; those of lost events only if there are any."""
    yield "events", counts.n_events
    yield "spikes", counts.n_spikes
    yield "merged events", counts.n_merged
    lost_events = {
        "outside of the crop": counts.n_outside,
        "of the other polarity": counts.n_polarity,
        "outside of the timesteps": counts.n_time,
    }
    yield "lost events", sum(lost_events.values())
    yield from ((f"  {name}", n) for name, n in lost_events.items() if n)
