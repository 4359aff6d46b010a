"""Rasters of few spikes have a mark for each; of many, each place has the opacity of its number of spikes."""

from __future__ import annotations

import numpy as np

from draupnir.tools.report import plots, spike_marks

N_ROWS = 64


def many(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    return rng.integers(0, 1_000_000, n), rng.integers(0, N_ROWS, n)


def test_few_spikes_have_a_mark_each() -> None:
    axis = plots.new_figure(4, 3).subplots()
    times, rows = many(spike_marks.MOST_MARKS)
    spike_marks.draw(axis, times, rows, plots.BLUE)
    (line,) = axis.lines
    assert np.asarray(line.get_xydata()).tolist() == np.column_stack([times, rows]).tolist()
    assert not axis.images


def test_many_spikes_are_a_picture_with_a_row_for_each_neuron() -> None:
    axis = plots.new_figure(4, 3).subplots()
    times, rows = many(100_000)
    rows[rows == 3] = 4  # neuron 3 is silent
    spike_marks.draw(axis, times, rows, plots.BLUE)
    (image,) = axis.images
    opacity = np.asarray(image.get_array())[..., 3]
    assert opacity.shape == (N_ROWS, spike_marks.N_COLUMNS) and not axis.lines
    assert not opacity[3].any() and opacity.max() == 1
    counts = spike_marks.density(times, rows, times.min(), times.max())
    assert ((opacity > 0) == (counts > 0)).all()
    assert opacity[counts > 0].min() >= spike_marks.FAINTEST
    assert axis.get_ylim() == (-0.5, N_ROWS - 0.5)


def test_the_density_counts_every_spike_once() -> None:
    times, rows = np.array([10, 10, 20, 30]), np.array([0, 0, 1, 0])
    counts = spike_marks.density(times, rows, 10, 30)
    assert counts.shape == (2, spike_marks.N_COLUMNS) and counts.sum() == 4
    assert (counts[0, 0], counts[1, spike_marks.N_COLUMNS // 2], counts[0, -1]) == (2, 1, 1)
    assert spike_marks.density(times[:2], rows[:2], 10, 10)[0, 0] == 2


def test_two_pictures_share_their_axes() -> None:
    axis = plots.new_figure(4, 3).subplots()
    times, rows = many(6_000)
    spike_marks.draw(axis, times, rows, plots.BLUE)
    spike_marks.draw(axis, times + 500_000, rows + N_ROWS, plots.ORANGE)
    low, high = axis.get_xlim()
    assert low <= times.min() and high >= times.max() + 500_000
    assert axis.get_ylim()[1] >= 2 * N_ROWS - 0.5
