"""Rasters: a mark for each spike, or, of more spikes than marks would be readable, how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_MARKS = 5_000  # above this marks cover one another
N_COLUMNS = 800  # of the picture of many spikes: about a pixel each
FAINTEST = 0.25  # the opacity of a single spike among many


def draw(
    axis: Axes, times: np.ndarray, rows: np.ndarray, color: str, marker: str = "|", size: float = 4, width: float = 1
) -> None:
    """Draw spikes.

    times : (n,), at most 2**53 in size; rows : (n,) int, 0 or more: the neuron or input of each spike
    color : of the marks, or of the picture, in which a place is the more opaque the more spikes it has
    marker, size, width : of the marks, as Matplotlib takes them
    """
    if len(times) <= MOST_MARKS:
        axis.plot(times, rows, marker, color=color, markersize=size, markeredgewidth=width)
        return
    from matplotlib.colors import to_rgb

    first, last = float(times.min()), float(times.max())
    counts = density(times, rows, first, last)
    opacity = np.where(counts, FAINTEST + (1 - FAINTEST) * np.log1p(counts) / np.log1p(counts.max()), 0)
    picture = np.broadcast_to((*to_rgb(color), 0.0), (*counts.shape, 4)).copy()
    picture[..., 3] = opacity
    extent = (first, last, -0.5, len(counts) - 0.5)
    axis.imshow(picture, extent=extent, aspect="auto", origin="lower", interpolation="nearest")
    axis.autoscale_view()  # a picture sets the limits to its own extent, but there may be more on these axes


def density(times: np.ndarray, rows: np.ndarray, first: float, last: float) -> np.ndarray:
    """Return the number of spikes in each row and in each of N_COLUMNS parts of the time from ``first`` to ``last``.

    The result is (rows.max() + 1, N_COLUMNS) int64.
    """
    scale = N_COLUMNS / (last - first) if last > first else 0.0
    columns = np.minimum(((times - first) * scale).astype(np.int64), N_COLUMNS - 1)
    n_rows = int(rows.max()) + 1
    return np.bincount(rows.astype(np.int64) * N_COLUMNS + columns, minlength=n_rows * N_COLUMNS).reshape(n_rows, -1)
