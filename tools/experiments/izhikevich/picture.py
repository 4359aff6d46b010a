"""The picture of the 20 behaviours, in the layout of Izhikevich's figure: the potential above, the input below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from draupnir.tools.experiments.izhikevich.exhibit import Exhibit
from draupnir.tools.experiments.izhikevich.experiment import Response
from draupnir.tools.report import plots

ROWS, COLUMNS = 5, 4
SPIKE_TOP = 10  # LSB; a potential is at most 7


@plots.styled
def gallery(exhibits: Sequence[Exhibit]) -> Figure:
    """Draw a panel for each of the ``ROWS`` x ``COLUMNS`` behaviours, row by row, with its finding below its name."""
    figure = plots.new_figure(15, 17)
    cells = np.asarray(figure.subfigures(ROWS, COLUMNS, wspace=0.03, hspace=0.02)).ravel()
    for number, (cell, exhibit) in enumerate(zip(cells, exhibits, strict=True)):
        above, below = cell.subplots(2, sharex=True, height_ratios=(3, 1))
        _title(above, exhibit)
        _potential(above, exhibit.response)
        _input(below, exhibit.response)
        if number % COLUMNS == 0:
            above.set_ylabel("potential, LSB", fontsize=10)
            below.set_ylabel("input, LSB", fontsize=10)
        if number >= COLUMNS * (ROWS - 1):
            below.set_xlabel("time steps", fontsize=10)
    figure.legend(handles=_key(), loc="outside lower center", ncols=4, fontsize=11)
    return figure


def _title(axis: Any, exhibit: Exhibit) -> None:
    name = f"{exhibit.behaviour.letter}  {exhibit.behaviour.name}"
    axis.set_title(name, loc="left", fontsize=12, fontweight="bold", pad=20)
    finding = axis.text(0, 1.04, exhibit.text, transform=axis.transAxes, fontsize=9.5, color=plots.DARK)
    finding.set_in_layout(False)  # a long one would make its panel narrower than the others


def _potential(axis: Any, r: Response) -> None:
    """Draw the potential in steps, and a line upwards from it for each spike."""
    times, potentials = trace(r)
    axis.step(times, potentials, where="post", color=plots.BLUE, linewidth=1.3)
    at_spikes = potentials[np.searchsorted(times, r.spikes, side="right") - 1]
    axis.vlines(r.spikes, at_spikes, SPIKE_TOP, color=plots.BLUE, linewidth=1.3)
    if len(set(r.thresholds)) > 1:
        steps = np.arange(len(r.thresholds)) + 1.0
        axis.step(steps, r.thresholds, where="pre", color=plots.GRAY, linewidth=1, linestyle=(0, (3, 2)))
    axis.set(ylim=(-6.5, SPIKE_TOP + 1), yticks=(-4, 0, 4))
    _plain(axis)


def trace(r: Response) -> tuple[np.ndarray, np.ndarray]:
    """The potential as steps: the times at which it is known, and its value from each of them on.

    The stimulations of a time step begin after a sixth of it, its time reference comes at its end.
    """
    steps = np.arange(len(r.input))
    times = np.column_stack([steps + 1 / 6, steps + 1]).ravel()
    potentials = np.column_stack([r.stimulated, r.rested]).ravel()
    return np.concatenate([[0.0], times]), np.concatenate([[0], potentials])


def _input(axis: Any, r: Response) -> None:
    """Draw the input as an area."""
    edges = np.arange(len(r.input) + 1)
    axis.stairs(r.input, edges, fill=True, color=plots.ORANGE, linewidth=0)
    axis.axhline(0, color=plots.ORANGE, linewidth=0.8)
    low, high = min(0, *r.input), max(0, *r.input)
    margin = 0.15 * (high - low)
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axis.set(xlim=(0, len(r.input)), ylim=(low - margin, high + margin), yticks=sorted({low, 0, high}))
    _plain(axis)


def _plain(axis: Any) -> None:
    axis.tick_params(labelsize=9)


def _key() -> list[Any]:
    """The handles of the legend."""
    return [
        Line2D([], [], color=plots.BLUE, linewidth=1.3, label="membrane potential (core)"),
        Line2D([], [], color=plots.BLUE, linewidth=1.3, marker="|", markersize=14, linestyle="none", label="spike"),
        Line2D([], [], color=plots.GRAY, linewidth=1, linestyle=(0, (3, 2)), label="threshold, where it moves"),
        Patch(color=plots.ORANGE, label="input: weights in a time step; inhibition is negative"),
    ]
