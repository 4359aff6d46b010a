"""Timesteps: what becomes a spike, what merges, what is lost, in memory that does not grow with the events."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from draupnir.emulator.errors import InputError
from draupnir.tools.events import binning
from draupnir.tools.events.binning import EventCounts, TimeSpan, Timesteps, bin_recording
from draupnir.tools.events.fitting import Fit, Polarity
from draupnir.tools.events.recording import EVENT, EventRecording, Events, SensorSize
from draupnir.tools.tests.events.writers import random_events

SIZE = SensorSize(5, 3)


def recording(blocks: list[Events], begins_at_zero: bool = False) -> EventRecording:
    return EventRecording("a.es", SIZE, iter(blocks), True, begins_at_zero)


@given(
    st.integers(0, 1 << 30),
    st.integers(1, 3000),
    st.one_of(st.none(), st.integers(1, 20)),
    st.booleans(),
    st.sampled_from(list(Polarity)),
    st.lists(st.integers(0, 80), max_size=4),
)
def test_each_event_is_a_spike_merged_or_lost(seed, length, n, begins_at_zero, polarity, cuts):
    """Events come in any order, and in any blocks."""
    events = random_events(80, SIZE, seed)
    np.random.default_rng(seed).shuffle(events)
    blocks = np.split(events, sorted(cuts))
    binned = bin_recording(recording(blocks, begins_at_zero), Fit(polarity=polarity), Timesteps(length, n))
    start = 0 if begins_at_zero else int(events["t"][0])
    spikes, counts = set(), EventCounts(n_events=80)
    for t, x, y, p in events.tolist():
        timestep, row = (t - start) // length, y * 5 + x
        if polarity in ("on", "off") and polarity != ("off", "on")[p]:
            counts.n_polarity += 1
        elif timestep < 0 or (n is not None and timestep >= n):
            counts.n_time += 1
        else:
            spike = (timestep, row * 2 + p if polarity == "split" else row)
            counts.n_merged += spike in spikes
            spikes.add(spike)
    counts.n_spikes = len(spikes)
    assert list(zip(binned.timesteps.tolist(), binned.rows.tolist(), strict=True)) == sorted(spikes)
    assert binned.counts == counts
    assert binned.n_rows == (30 if polarity == "split" else 15)


def test_a_time_span_begins_at_its_beginning_and_its_end_is_outside():
    events = np.array([(t, t % 5, 0, 1) for t in (99, 100, 150, 199, 200)], EVENT)
    binned = bin_recording(recording([events]), Fit(), Timesteps(10), TimeSpan(100, 200))
    assert binned.timesteps.tolist() == [0, 5, 9]
    assert binned.counts == EventCounts(3, 3)


@given(st.lists(st.integers(-3, 3) | st.integers(-(1 << 62), 1 << 62)))
def test_distinct_numbers_are_those_of_numpy(numbers):
    assert binning.distinct(np.array(numbers, np.int64)).tolist() == np.unique(np.array(numbers, np.int64)).tolist()


def test_counts_are_added_and_told():
    counts = EventCounts(1000, 500, 100, 200, 150, 50)
    assert list(binning.counts_rows(counts)) == [
        ("events", 1000),
        ("spikes", 500),
        ("merged events", 100),
        ("lost events", 400),
        ("  outside of the crop", 200),
        ("  of the other polarity", 150),
        ("  outside of the timesteps", 50),
    ]
    counts.add(EventCounts(10, 10))
    assert counts == EventCounts(1010, 510, 100, 200, 150, 50)


def long_recording(n_blocks: int, n: int) -> Iterator[Events]:
    rng = np.random.default_rng(1)
    for block in range(n_blocks):
        events = np.zeros(n, EVENT)
        events["t"] = block * 1000 + np.sort(rng.integers(0, 1000, n))
        events["x"], events["y"] = rng.integers(0, SIZE.width, n), rng.integers(0, SIZE.height, n)
        yield events


def test_memory_grows_with_the_spikes_and_not_with_the_events():
    n_blocks, n = 40, 100_000
    tracemalloc.start()
    try:
        one = EventRecording("a.es", SIZE, long_recording(n_blocks, n))
        binned = bin_recording(one, Fit(), Timesteps(1000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert binned.counts.n_events == n_blocks * n
    assert binned.counts.n_spikes <= (n_blocks + 1) * SIZE.width * SIZE.height
    assert peak < 6 * n * EVENT.itemsize < n_blocks * n * EVENT.itemsize / 6


def test_too_many_spikes_are_refused_before_they_fill_the_memory(monkeypatch):
    monkeypatch.setattr(binning, "MOST_SPIKES", 400)
    monkeypatch.setattr(binning, "GROWTH", 100)
    with pytest.raises(InputError) as caught:
        bin_recording(EventRecording("a.es", SIZE, long_recording(100, 20)), Fit(), Timesteps(1))
    assert str(caught.value).startswith("a.es: it has more than 4")
    assert str(caught.value).endswith("spikes; right is at most 400: a longer --bin, a larger --pool, or --timesteps N")


@pytest.mark.parametrize(
    ("times", "span", "message"),
    [
        ([], None, "it has no events"),
        ([5], TimeSpan(10, 20), "it has no events in its time span"),
        ([0, 1 << 50], None, "a time is 70,368,744,177,664 us or more away from its beginning"),
    ],
)
def test_a_recording_without_events_or_with_impossible_times_gives_one_line(times, span, message):
    events = np.array([(t, 0, 0, 0) for t in times], EVENT)
    with pytest.raises(InputError) as caught:
        bin_recording(recording([events]), Fit(), Timesteps(1000), span)
    assert str(caught.value) == f"a.es: {message}"
