"""Crop, polarity and pool: each event comes to the row that the rule says, or is counted as lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from draupnir.emulator.errors import InputError
from draupnir.tools.events.fitting import Crop, Fit, Polarity, check, fit_events
from draupnir.tools.events.recording import EVENT, EventRecording, SensorSize
from draupnir.tools.tests.events.writers import random_events

SIZE = SensorSize(11, 7)


@st.composite
def fits(draw):
    """Choices for a sensor of 11 x 7 pixels."""
    x, y = draw(st.integers(0, SIZE.width - 1)), draw(st.integers(0, SIZE.height - 1))
    size = SensorSize(draw(st.integers(1, SIZE.width - x)), draw(st.integers(1, SIZE.height - y)))
    crop = draw(st.one_of(st.none(), st.just(Crop(x, y, size))))
    pool = SensorSize(draw(st.integers(1, 12)), draw(st.integers(1, 8)))
    return Fit(crop, pool, draw(st.sampled_from(list(Polarity))))


def row_of(event: tuple[int, int, int, int], fit: Fit) -> int | str:
    """The row of one event by the rule, or why it is lost."""
    _, x, y, p = event
    first_x, first_y, part = (fit.crop.x, fit.crop.y, fit.crop.size) if fit.crop else (0, 0, SIZE)
    x, y = x - first_x, y - first_y
    if not (0 <= x < part.width and 0 <= y < part.height):
        return "outside"
    if fit.polarity in ("on", "off") and fit.polarity != ("off", "on")[p]:
        return "polarity"
    width = (part.width + fit.pool.width - 1) // fit.pool.width
    n_polarities = 2 if fit.polarity == "split" else 1
    return (y // fit.pool.height * width + x // fit.pool.width) * n_polarities + (p if n_polarities == 2 else 0)


@given(fits(), st.integers(0, 1 << 30))
def test_the_row_of_an_event_is_that_of_the_rule(fit, seed):
    events = random_events(60, SIZE, seed)
    result = fit_events(events, fit, SIZE, "a.es")
    right = [row_of(event, fit) for event in events.tolist()]
    assert result.rows.tolist() == [row for row in right if not isinstance(row, str)]
    times = [t for t, row in zip(events["t"].tolist(), right, strict=True) if not isinstance(row, str)]
    assert result.t.tolist() == times
    assert (result.n_outside, result.n_polarity) == (right.count("outside"), right.count("polarity"))


@given(fits())
def test_every_row_has_a_pixel_and_no_pixel_has_a_row_beyond_them(fit):
    pixels = [(0, x, y, p) for y in range(SIZE.height) for x in range(SIZE.width) for p in (0, 1)]
    rows = fit_events(np.array(pixels, EVENT), fit, SIZE, "a.es").rows
    assert sorted(set(rows.tolist())) == list(range(fit.n_rows(SIZE)))


def recording(size: SensorSize | None, has_polarity: bool = True) -> EventRecording:
    return EventRecording("a.es", size, iter(()), has_polarity)


@pytest.mark.parametrize(
    ("fit", "size", "message"),
    [
        (Fit(), SensorSize(34, 34), "34 x 34 pixels are 1,156 rows; right is at most 256: --pool 3"),
        (
            Fit(polarity=Polarity.SPLIT, pool=SensorSize(2, 2)),
            SensorSize(34, 34),
            "34 x 34 pixels in pools of 2 x 2, 2 polarities are 578 rows; right is at most 256: --pool 4",
        ),
        (
            Fit(Crop(1, 2, SensorSize(32, 16))),
            SensorSize(34, 34),
            "32 x 16 pixels are 512 rows; right is at most 256: --pool 2",
        ),
        (Fit(), SensorSize(1280, 720), "1280 x 720 pixels are 921,600 rows; right is at most 256: --pool 61"),
        (Fit(), SensorSize(700, 1), "700 x 1 pixels are 700 rows; right is at most 256: --pool 3x1"),
        (
            Fit(polarity=Polarity.SPLIT, most_rows=1),
            SensorSize(8, 8),
            "8 x 8 pixels, 2 polarities are 128 rows; right is at most 1: --pool 8x8 --polarity merge",
        ),
    ],
)
def test_too_many_rows_are_counted_with_the_pool_that_fits(fit, size, message):
    with pytest.raises(InputError) as caught:
        check(fit, recording(size))
    assert str(caught.value) == f"a.es: {message}"


@given(st.integers(1, 2000), st.integers(1, 2000), st.sampled_from(list(Polarity)))
def test_the_proposed_pool_fits_and_the_next_smaller_one_does_not(width, height, polarity):
    size, fit = SensorSize(width, height), Fit(polarity=polarity)
    if fit.n_rows(size) <= 256:
        assert check(fit, recording(size)) == size
        return
    with pytest.raises(InputError) as caught:
        check(fit, recording(size))
    words = str(caught.value).split("--pool ")[1].split("x")
    n = int(words[0])
    pools = [SensorSize(m, 1 if len(words) == 2 else m) for m in (n, n - 1)]
    enough, too_small = (Fit(pool=pool, polarity=polarity) for pool in pools)
    assert enough.n_rows(size) <= 256 < too_small.n_rows(size)


def test_choices_that_do_not_fit_a_recording_give_one_line():
    cases = [
        (Fit(), recording(None), "a.es: it does not say the size of the sensor; right is with --size WxH"),
        (
            Fit(polarity=Polarity.ON),
            recording(SensorSize(5, 1), has_polarity=False),
            "--polarity on: a.es has channels, which have no polarity; right is merge",
        ),
        (
            Fit(Crop(3, 0, SensorSize(5, 5))),
            recording(SensorSize(7, 7)),
            "--crop 3,0,5,5: a.es has 7 x 7 pixels; right is a part of these",
        ),
    ]
    for fit, one, message in cases:
        with pytest.raises(InputError) as caught:
            check(fit, one)
        assert str(caught.value) == message


@pytest.mark.parametrize(("x", "y"), [(11, 0), (0, 7), (4_000_000_000, 65535)])
def test_an_event_outside_of_its_sensor_is_refused(x, y):
    with pytest.raises(InputError) as caught:
        fit_events(np.array([(0, 1, 1, 1), (5, x, y, 0)], EVENT), Fit(), SIZE, "a.es")
    text = f"an event at x = {x}, y = {y} is outside of 11 x 7 pixels; right is with --size WxH"
    assert str(caught.value) == f"a.es: {text}"
