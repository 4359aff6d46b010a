"""The pictures of a trial's report."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from draupnir.tools.mapping.energy import Energy
from draupnir.tools.mapping.mapper import WeightPair
from draupnir.tools.report import plots, spike_marks
from draupnir.tools.report.pages import Picture
from draupnir.tools.trials.figures import BINS_A_DOUBLING, Distribution, TrialFigures
from draupnir.tools.trials.study import Study, WorstSample

FLOAT, CHIP = plots.FIRST, plots.SECOND


@plots.styled
def pictures(
    figures: TrialFigures, study: Study, weights: Mapping[str, WeightPair], energy: Energy | None
) -> dict[str, Picture]:
    """All pictures that have something to show, by name."""
    all_pictures = {
        "spike rates": Picture(
            _rates(study),
            "Spikes of each neuron in a sample, on the chip against floating point. Neurons on the line do the same.",
        ),
        "weights": Picture(
            _weights(weights), "Weights in LSB before they are rounded, and as the chip has them. The ends are cut."
        ),
        "distributions": Picture(_distributions(figures, energy), "Samples by their clocks and synaptic operations."),
    }
    if figures.confusion.any():
        all_pictures["confusion"] = Picture(
            _confusion(figures.confusion), "Samples by right label and by the chip's label."
        )
    if study.worst:
        all_pictures["worst samples"] = Picture(
            _worst(study),
            "The samples whose wrong label leads most. A dot is a spike: blue in floating point, orange on the chip.",
        )
    return all_pictures


def _rates(study: Study) -> Figure:
    """A scatter for each population."""
    figure, axes = _row(len(study.neurons), 4.0)
    for axis, (name, neurons) in zip(axes, study.neurons.items(), strict=True):
        in_float, on_chip = neurons.in_float / study.n, neurons.on_chip / study.n
        most = max(in_float.max(), on_chip.max(), 1e-9) * 1.05
        axis.plot([0, most], [0, most], color=plots.GRAY, linewidth=1)
        axis.scatter(in_float, on_chip, s=14, color=CHIP, alpha=0.7)
        axis.set(title=name, xlabel="spikes a sample, float", ylabel="spikes a sample, chip", xlim=0, ylim=0)
    return figure


def _weights(weights: Mapping[str, WeightPair]) -> Figure:
    """Two histograms for each group of weights."""
    figure, axes = _row(len(weights), 3.2)
    for axis, (name, pair) in zip(axes, weights.items(), strict=True):
        width = max((pair.high - pair.low) // 64, 1)
        edges = np.arange(pair.low - 0.5, pair.high + 1.5 + width, width).tolist()
        axis.hist(np.clip(pair.in_float, edges[0], edges[-1]), edges, color=FLOAT, alpha=0.6, label="float")
        axis.hist(pair.on_chip, edges, color=CHIP, histtype="step", linewidth=1.5, label="chip")
        axis.set(title=name, xlabel="weight, LSB", ylabel="weights")
        axis.legend()
    return figure


def _distributions(figures: TrialFigures, energy: Energy | None) -> Figure:
    """Histograms of clocks and of synaptic operations, with energy as a second axis."""
    spreads = [("clocks", figures.clocks), ("synaptic operations", figures.operations)]
    spreads = [(name, spread) for name, spread in spreads if spread.n]
    figure, axes = _row(len(spreads), 3.2)
    for axis, (name, spread) in zip(axes, spreads, strict=True):
        _histogram(axis, spread)
        axis.set(xlabel=f"{name} of a sample", ylabel="samples")
        if energy and name != "clocks":
            _energy_axis(axis, energy.picojoules * 1e-6)
    return figure


def _energy_axis(axis: Axes, microjoules: float) -> None:
    """Show energy above an axis of operations; microjoules : of one operation"""
    functions = (lambda n: np.multiply(n, microjoules), lambda energy: np.divide(energy, microjoules))
    axis.secondary_xaxis("top", functions=functions).set_xlabel("estimated energy, uJ")


def _histogram(axis: Axes, spread: Distribution) -> None:
    filled_bins = np.flatnonzero(spread.bins)
    bins = np.arange(filled_bins[0], filled_bins[-1] + 1)
    edges = 2.0 ** (np.append(bins, bins[-1] + 1) / BINS_A_DOUBLING) - 1
    axis.bar(edges[:-1], spread.bins[bins], np.diff(edges), align="edge", color=CHIP, edgecolor="white", linewidth=0.5)
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))
    axis.set_ylim(bottom=0)


def _confusion(confusion: np.ndarray) -> Figure:
    """A matrix with a number in each field that is not 0; the last column is for no label."""
    n = len(confusion)
    figure = plots.new_figure(max(0.45 * n + 2, 4), max(0.4 * n + 1.5, 3.5))
    axis = figure.subplots()
    axis.imshow(confusion, cmap="Oranges", vmin=0)
    for right, label in np.argwhere(confusion):
        number = confusion[right, label]
        color = "white" if number > 0.6 * confusion.max() else plots.BLACK
        axis.text(label, right, str(number), ha="center", va="center", fontsize=8, color=color)
    ticks = list(range(n))
    axis.set(xlabel="label on the chip", ylabel="right label", xticks=[*ticks, n], yticks=ticks)
    axis.set_xticklabels([*map(str, ticks), "none"])
    return figure


def _worst(study: Study) -> Figure:
    """Two rasters for each of the worst samples, one above the other."""
    n_columns = min(len(study.worst), 5)
    n_rows = -(-len(study.worst) // n_columns)
    figure = plots.new_figure(3.0 * n_columns, 3.2 * n_rows)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axis, sample in zip(axes, study.worst, strict=False):
        _rasters(axis, sample, {name: len(figures.on_chip) for name, figures in study.neurons.items()})
    for axis in axes[len(study.worst) :]:
        axis.set_visible(False)
    return figure


def _rasters(axis: Axes, sample: WorstSample, sizes: Mapping[str, int]) -> None:
    """Both rasters of a sample; sizes : population -> neurons"""
    first = 0
    for name, raster in sample.in_float.items():
        for spikes, color, shift in ((raster, FLOAT, -0.15), (sample.on_chip[name], CHIP, 0.15)):
            timesteps, neurons = spikes
            spike_marks.draw(axis, timesteps + shift, neurons + first, color, marker="o", size=1.7, width=0)
        first += sizes[name]
        axis.axhline(first - 0.5, color=plots.LIGHT, linewidth=0.7)
    label = "none" if sample.label < 0 else sample.label
    axis.set_title(f"sample {sample.index}: {label}, right {sample.right}", fontsize=9)
    axis.set(xlabel="timestep", ylabel="neuron")


def _row(n: int, height: float) -> tuple[Figure, list[Axes]]:
    figure = plots.new_figure(4.2 * max(n, 1), height)
    return figure, list(figure.subplots(1, max(n, 1), squeeze=False).ravel())[:n] if n else [figure.subplots()]
