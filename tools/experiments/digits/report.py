"""The report of an experiment: pictures (PNG), and one page, report.html, that includes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from draupnir.emulator.odin.layout import CHIP, SYN_WEIGHT
from draupnir.golden.compare import ComparedBits
from draupnir.tools.experiments.digits.encoding import CONTRASTS, DIRECTIONS, REACH, SIDE, digits, edge_cells
from draupnir.tools.experiments.digits.experiment import N_DIGITS, NO_ANSWER
from draupnir.tools.experiments.digits.results import Answer, DigitsResults, Raster
from draupnir.tools.report import pages, plots, spike_marks
from draupnir.tools.report.pages import Picture
from draupnir.tools.report.provenance import Origin

CLOCK_HZ = 75e6  # the clock of ODIN at 0.55 V, from its paper
WINDOW = 100  # the online accuracy is the mean over so many training images, or over a fifth of them if that is less


def write(out: Path, results: DigitsResults, origin: Origin) -> list[Path]:
    """Write the pictures and report.html into folder ``out``. Returns their paths, the page last.

    The files appear when all of them are complete. A picture without results is left out.
    """
    drawable = {name: picture for name, picture in PICTURES.items() if _has_data(name, results)}
    pictures = {name: Picture(draw(results), meaning) for name, (draw, meaning) in drawable.items()}
    return pages.write(out, "ODIN learns handwritten digits", figures(results), pictures, origin)


def _has_data(name: str, results: DigitsResults) -> bool:
    needs = {"rasters": results.rasters, "confusion": results.test, "accuracy": results.train}
    return bool(needs.get(name, True))


# --- Pictures ---------------------------------------------------------------------------------------------------


@plots.styled
def rasters(results: DigitsResults) -> Figure:
    """Draw the input and output spikes of some images, one image in each row."""
    figure = plots.new_figure(13, 3.4 * len(results.rasters))
    grid = figure.subplots(len(results.rasters), 3, squeeze=False, width_ratios=(1, 4, 4))
    for row, raster in zip(grid, results.rasters, strict=True):
        _raster(row, raster)
    return figure


def _raster(axes: np.ndarray, raster: Raster) -> None:
    answer = raster.answer
    axes[0].imshow(digits().images[answer.image], cmap="gray_r", vmin=0, vmax=16)
    axes[0].set_title(f"{'training' if raster.train else 'test'}: a {answer.label}\nanswer {_answer_text(answer)}")
    axes[0].set_axis_off()
    spike_marks.draw(axes[1], raster.in_cycles / 1000, raster.in_rows, plots.BLACK)
    axes[1].set(title="input spikes", ylabel="pre-synaptic row", xlabel="1,000 clocks", ylim=(-4, 260))
    right = raster.out_neurons == answer.label
    for spikes, color in ((~right, plots.GRAY), (right, plots.ORANGE)):
        spike_marks.draw(
            axes[2], raster.out_cycles[spikes] / 1000, raster.out_neurons[spikes], color, size=12, width=1.6
        )
    axes[2].set(title="output spikes (orange: the digit shown)", ylabel="neuron", xlabel="1,000 clocks")
    axes[2].set(ylim=(-0.6, N_DIGITS - 0.4), yticks=range(N_DIGITS), xlim=axes[1].get_xlim())


def _answer_text(answer: Answer) -> str:
    return "none" if answer.predicted == NO_ANSWER else str(answer.predicted)


@plots.styled
def weight_maps(results: DigitsResults) -> Figure:
    """Draw, for each neuron (column), the pixels that it prefers, then its weights by kind of edge cell (row)."""
    kinds = [(direction, contrast) for direction in DIRECTIONS for contrast in CONTRASTS]
    columns = results.weights.T
    figure = plots.new_figure(13, 12)
    axes = figure.subplots(len(kinds) + 1)
    axes[0].imshow(_side_by_side([template(column) for column in columns]), cmap="RdBu_r", vmin=-1, vmax=1)
    axes[0].set_xticks([(SIDE + 1) * n + (SIDE - 1) / 2 for n in range(N_DIGITS)], range(N_DIGITS))
    axes[0].xaxis.tick_top()
    for axis, kind in zip(axes[1:], kinds, strict=True):
        maps = _side_by_side([weight_map(column, *kind) for column in columns])
        image = axis.imshow(maps, cmap="viridis", vmin=0, vmax=SYN_WEIGHT.high)
        axis.set_xticks([])
    for axis, name in zip(axes, ["prefers ink", *(f"{d} {c}" for d, c in kinds)], strict=True):
        axis.set_ylabel(name, rotation=0, ha="right", va="center")
        axis.set(yticks=[], facecolor=plots.LIGHT)
        axis.spines[:].set_visible(False)
        for n in range(1, N_DIGITS):
            axis.axvline((SIDE + 1) * n - 1, color="white", linewidth=8)
    figure.colorbar(
        image, ax=axes[1:], label="weight (gray: no such cell)", shrink=0.5, ticks=range(SYN_WEIGHT.high + 1)
    )
    return figure


def _side_by_side(images: list[np.ndarray]) -> np.ndarray:
    """Join images into one row, with an empty column between two of them."""
    return np.hstack([np.pad(image, ((0, 0), (0, 1)), constant_values=np.nan) for image in images])[:, :-1]


def weight_map(weights: NDArray[np.int64], direction: str, contrast: int) -> NDArray[np.float64]:
    """The weights of a neuron's edge cells of one kind, at their ``near`` pixel: (8, 8) float, NaN if there is no cell.

    weights : (256,), 0..7; contrast : one of CONTRASTS
    """
    image = np.full((SIDE, SIDE), np.nan)
    for cell, weight in zip(edge_cells(len(weights)), weights, strict=True):
        if (cell.direction, cell.contrast) == (direction, contrast):
            image[cell.near] = weight
    return image


def template(weights: NDArray[np.int64]) -> NDArray[np.float64]:
    """The pixels that a neuron prefers: (8, 8) float, -1..1.

    Each weight, minus the middle of its range, is added to the far pixel and subtracted from the near pixel of its
    cell.
    weights : (256,), 0..7
    """
    image = np.zeros((SIDE, SIDE))
    for cell, weight in zip(edge_cells(len(weights)), weights - SYN_WEIGHT.high / 2, strict=True):
        image[cell.far] += weight
        image[cell.near] -= weight
    return image / max(float(np.abs(image).max()), 1.0)


@plots.styled
def confusion(results: DigitsResults) -> Figure:
    """Draw the number of test images by digit and answer."""
    matrix = results.confusion()
    if not matrix[:, N_DIGITS].any():
        matrix = matrix[:, :N_DIGITS]
    figure = plots.new_figure(7, 6.5)
    axes = figure.subplots()
    axes.imshow(matrix, cmap="Blues", aspect="auto")
    for (label, answer), n in np.ndenumerate(matrix):
        if n:
            color = "white" if n > matrix.max() / 2 else "black"
            axes.text(answer, label, str(n), ha="center", va="center", color=color)
    columns = [str(digit) for digit in range(N_DIGITS)] + ["none"]
    axes.set_xticks(range(matrix.shape[1]), columns[: matrix.shape[1]])
    axes.set_yticks(range(N_DIGITS))
    axes.set(xlabel="digit answered", ylabel="digit shown")
    axes.set_title(f"{len(results.test)} test images, {results.accuracy:.1%} right")
    return figure


@plots.styled
def accuracy(results: DigitsResults) -> Figure:
    """Draw the accuracy in the course of the training. Each answer comes before the lesson of its image."""
    right = np.array([a.label == a.predicted for a in results.train], dtype=float)
    window = min(WINDOW, -(-len(right) // 5))
    mean = np.convolve(right, np.ones(window) / window, mode="valid")
    figure = plots.new_figure(8, 4.5)
    axes = figure.subplots()
    axes.plot(np.arange(window, len(right) + 1), 100 * mean, label=f"training, mean of the last {window} images")
    if results.test:
        axes.axhline(100 * results.accuracy, color=plots.ORANGE, ls="--", label=f"test, {results.accuracy:.1%}")
    axes.set(xlabel="training images shown", ylabel="right answers, %", ylim=(0, 100), xlim=(0, len(right)))
    axes.grid()
    axes.legend(loc="lower right")
    return figure


PICTURES: dict[str, tuple[Callable[[DigitsResults], Figure], str]] = {
    "accuracy": (accuracy, "One pass over the training images. Each answer comes before the lesson."),
    "confusion": (confusion, "The test, with learning off and without a teacher."),
    "weight_maps": (
        weight_maps,
        "Each column is a neuron. The top row is red where the neuron prefers ink and blue where it prefers paper,"
        f" as the sum of its edge cells. Below are its weights. An edge cell compares its pixel with the pixel {REACH}"
        " to the right, left, below or above. It is excited if that one has more ink, by at least the number in the"
        " label."
        " The neuron has learned to ignore a dark cell, and to respond to a bright one.",
    ),
    "rasters": (
        rasters,
        "In training the presentation comes first, then the spikes of the teacher, then the lesson. In the test"
        " there is only the presentation.",
    ),
}

# --- Page -------------------------------------------------------------------------------------------------------


def figures(results: DigitsResults) -> dict[str, str]:
    """The results in words: name and value."""
    bits = ComparedBits(results.n_compared * CHIP.output_word.width)
    comparison = (
        {"clocks compared": f"{results.n_compared:,}", "output pins": str(bits), "mismatches": "0"}
        if bits.total
        else {}
    )
    return {
        "ran on": results.source,
        **comparison,
        "images": f"{len(results.train):,} training, {len(results.test):,} test",
        "clocks": f"{results.n_clocks:,}, {results.n_clocks / CLOCK_HZ:.3f} s at {CLOCK_HZ / 1e6:.0f} MHz",
        "input events": f"{results.n_events:,}",
        "output spikes": f"{results.n_spikes:,}",
        "synaptic operations": f"{results.n_sops:,}",
        "weight updates": f"{results.n_updates:,}",
        "online accuracy": f"{results.online_accuracy:.1%} of training images, each before its own lesson",
        "test accuracy": f"{results.accuracy:.1%}" if results.test else "not measured",
        "wall time": f"{results.seconds:.1f} s, {results.n_clocks / max(results.seconds, 1e-9) / 1e6:.2f} M clocks/s",
    }
