"""The picture of an explanation: the potential clock by clock, and change by change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from draupnir.golden.files import replacing
from draupnir.tools.explain.explanation import Explanation
from draupnir.tools.mapping.story import LEAK
from draupnir.tools.report import plots

N_POINTS = 300  # clocks at which the potential is looked at
POTENTIAL, CHANGES, SPIKE = plots.BLUE, plots.GRAY, plots.ORANGE


@plots.styled
def write(path: Path, explanation: Explanation, clocks: Sequence[int], potentials: np.ndarray) -> None:
    """Write the picture as PNG.

    potentials : (clocks,) int64, the neuron's potential after so many clocks
    """
    figure = plots.new_figure(11, 7)
    by_clock, by_change = figure.subplots(2)
    figure.suptitle(f"{explanation.name} in sample {explanation.sample}: {explanation.story.n_spikes} spike(s)")
    _by_clock(by_clock, explanation, clocks, potentials)
    _by_change(by_change, explanation)
    with replacing(path) as temporary:
        plots.save(figure, temporary)


def _by_clock(axis: Axes, explanation: Explanation, clocks: Sequence[int], potentials: np.ndarray) -> None:
    axis.step(clocks, potentials, where="post", color=POTENTIAL, linewidth=1)
    _threshold(axis, explanation)
    axis.set(xlabel="clock", ylabel="potential, LSB", xlim=(0, max(clocks[-1], 1)))


def _by_change(axis: Axes, explanation: Explanation) -> None:
    """Show the potential before it is compared with the threshold, and the five sources that act most, by name."""
    steps = explanation.story.steps
    numbers, potentials = np.arange(len(steps)), np.array([step.potential for step in steps], np.int64)
    axis.step(numbers, potentials, where="mid", color=CHANGES, linewidth=0.8)
    sums = explanation.story.sums()
    for name in sorted(sums, key=lambda source: -abs(sums[source][0]))[:5]:
        own = [i for i, step in enumerate(steps) if step.source == name]
        axis.scatter(own, potentials[own], s=16, label=f"{name} {sums[name][0]:+d}", zorder=3)
    leaks = [i for i, step in enumerate(steps) if step.source == LEAK]
    axis.scatter(leaks, potentials[leaks], s=10, marker="_", color=plots.BLACK, label="leak")
    spikes = [i for i, step in enumerate(steps) if step.spikes]
    axis.scatter(spikes, potentials[spikes], s=90, marker="o", facecolors="none", edgecolors=SPIKE, label="spike")
    _threshold(axis, explanation)
    axis.set(xlabel="change of the potential, in order", ylabel="potential, LSB")
    axis.legend(fontsize=8, ncols=4, loc="lower left", bbox_to_anchor=(0, 1))


def _threshold(axis: Axes, explanation: Explanation) -> None:
    threshold = explanation.story.threshold
    axis.axhline(threshold, color=SPIKE, linestyle="--", linewidth=1)
    axis.annotate("threshold", (1, threshold), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)
