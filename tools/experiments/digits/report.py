"""The report of an experiment: pictures (PNG) and one page, report.html, that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from draupnir.emulator.odin.layout import CHIP, SYN_WEIGHT
from draupnir.golden.compare import ComparedBits
from draupnir.tools.experiments.digits.encoding import CONTRASTS, DIRECTIONS, REACH, SIDE, chosen, digits
from draupnir.tools.experiments.digits.experiment import N_DIGITS, NO_ANSWER
from draupnir.tools.experiments.digits.results import Answer, DigitsResults, Raster
from draupnir.tools.report import pages
from draupnir.tools.report.pages import Picture
from draupnir.tools.report.provenance import Origin

CLOCK_HZ = 75e6  # ODIN at 0.55 V, by its paper: gives clocks a meaning in time
WINDOW = 100  # training images over which the online accuracy is averaged; a fifth of them if that is less


def write(out: Path, results: DigitsResults, origin: Origin) -> list[Path]:
    """Write the pictures and report.html into folder ``out``; returns what was written, the page last.

    All files get their names when all are complete. Pictures that there are no results for are left out.
    """
    worth = {name: picture for name, picture in PICTURES.items() if _worth(name, results)}
    pictures = {name: Picture(draw(results), meaning) for name, (draw, meaning) in worth.items()}
    return pages.write(out, "ODIN learns handwritten digits", figures(results), pictures, origin)


def _worth(name: str, results: DigitsResults) -> bool:
    needs = {"rasters": results.rasters, "confusion": results.test, "accuracy": results.train}
    return bool(needs.get(name, True))


# --- Pictures ---------------------------------------------------------------------------------------------------


def rasters(results: DigitsResults) -> Figure:
    """Input and output spikes of some images, an image a row."""
    figure = Figure(figsize=(13, 3.4 * len(results.rasters)), layout="constrained")
    grid = figure.subplots(len(results.rasters), 3, squeeze=False, width_ratios=(1, 4, 4))
    for row, raster in zip(grid, results.rasters, strict=True):
        _raster(row, raster)
    return figure


def _raster(axes: np.ndarray, raster: Raster) -> None:
    answer = raster.answer
    axes[0].imshow(digits().images[answer.image], cmap="gray_r", vmin=0, vmax=16)
    axes[0].set_title(f"{'training' if raster.train else 'test'}: a {answer.label}\nanswer {_said(answer)}")
    axes[0].set_axis_off()
    axes[1].plot(raster.in_cycles / 1000, raster.in_rows, "|", color="black", markersize=4)
    axes[1].set(title="input spikes", ylabel="pre-synaptic row", xlabel="1,000 clocks", ylim=(-4, 260))
    right = raster.out_neurons == answer.label
    for spikes, color in ((~right, "tab:gray"), (right, "tab:red")):
        axes[2].plot(
            raster.out_cycles[spikes] / 1000, raster.out_neurons[spikes], "|", color=color, markersize=12, mew=1.6
        )
    axes[2].set(title="output spikes (red: the digit shown)", ylabel="neuron", xlabel="1,000 clocks")
    axes[2].set(ylim=(-0.6, N_DIGITS - 0.4), yticks=range(N_DIGITS), xlim=axes[1].get_xlim())


def _said(answer: Answer) -> str:
    return "none" if answer.predicted == NO_ANSWER else str(answer.predicted)


def weight_maps(results: DigitsResults) -> Figure:
    """Return what each neuron (column) prefers, then its weights by direction and contrast of the edge cells (row)."""
    kinds = [(direction, contrast) for direction in DIRECTIONS for contrast in CONTRASTS]
    columns = results.weights.T
    figure = Figure(figsize=(13, 12), layout="constrained")
    axes = figure.subplots(len(kinds) + 1)
    axes[0].imshow(_side_by_side([template(column) for column in columns]), cmap="RdBu_r", vmin=-1, vmax=1)
    axes[0].set_xticks([(SIDE + 1) * n + (SIDE - 1) / 2 for n in range(N_DIGITS)], range(N_DIGITS))
    axes[0].xaxis.tick_top()
    for axis, kind in zip(axes[1:], kinds, strict=True):
        maps = _side_by_side([weight_map(column, *kind) for column in columns])
        shown = axis.imshow(maps, cmap="viridis", vmin=0, vmax=SYN_WEIGHT.high)
        axis.set_xticks([])
    for axis, name in zip(axes, ["prefers ink", *(f"{d} {c}" for d, c in kinds)], strict=True):
        axis.set_ylabel(name, rotation=0, ha="right", va="center")
        axis.set(yticks=[], facecolor="lightgray")
        axis.spines[:].set_visible(False)
        for n in range(1, N_DIGITS):
            axis.axvline((SIDE + 1) * n - 1, color="white", linewidth=8)
    figure.colorbar(
        shown, ax=axes[1:], label="weight (gray: no such cell)", shrink=0.5, ticks=range(SYN_WEIGHT.high + 1)
    )
    return figure


def _side_by_side(images: list[np.ndarray]) -> np.ndarray:
    """Images in a row, with an empty column after each but the last."""
    return np.hstack([np.pad(image, ((0, 0), (0, 1)), constant_values=np.nan) for image in images])[:, :-1]


def weight_map(weights: NDArray[np.int64], direction: str, contrast: int) -> NDArray[np.float64]:
    """(8, 8) float: weights of a neuron's edge cells of one kind, at their ``near`` pixel; NaN where there is none."""
    image = np.full((SIDE, SIDE), np.nan)
    for cell, weight in zip(chosen(len(weights)), weights, strict=True):
        if (cell.direction, cell.contrast) == (direction, contrast):
            image[cell.near] = weight
    return image


def template(weights: NDArray[np.int64]) -> NDArray[np.float64]:
    """(8, 8) float, -1..1: a neuron's weights (less their middle) added to the far and taken from the near pixels."""
    image = np.zeros((SIDE, SIDE))
    for cell, weight in zip(chosen(len(weights)), weights - SYN_WEIGHT.high / 2, strict=True):
        image[cell.far] += weight
        image[cell.near] -= weight
    return image / max(float(np.abs(image).max()), 1.0)


def confusion(results: DigitsResults) -> Figure:
    """Test images by digit shown and digit answered."""
    matrix = results.confusion()
    if not matrix[:, N_DIGITS].any():
        matrix = matrix[:, :N_DIGITS]
    figure = Figure(figsize=(7, 6.5), layout="constrained")
    axes = figure.subplots()
    axes.imshow(matrix, cmap="Blues", aspect="auto")
    for (shown, answered), n in np.ndenumerate(matrix):
        if n:
            color = "white" if n > matrix.max() / 2 else "black"
            axes.text(answered, shown, str(n), ha="center", va="center", color=color)
    columns = [str(digit) for digit in range(N_DIGITS)] + ["none"]
    axes.set_xticks(range(matrix.shape[1]), columns[: matrix.shape[1]])
    axes.set_yticks(range(N_DIGITS))
    axes.set(xlabel="digit answered", ylabel="digit shown")
    axes.set_title(f"{len(results.test)} test images, {results.accuracy:.1%} right")
    return figure


def accuracy(results: DigitsResults) -> Figure:
    """Accuracy in the course of training, each answer given before the image's own lesson."""
    right = np.array([a.label == a.predicted for a in results.train], dtype=float)
    window = min(WINDOW, -(-len(right) // 5))
    mean = np.convolve(right, np.ones(window) / window, mode="valid")
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(np.arange(window, len(right) + 1), 100 * mean, label=f"training, mean of the last {window} images")
    if results.test:
        axes.axhline(100 * results.accuracy, color="tab:red", ls="--", label=f"test, {results.accuracy:.1%}")
    axes.set(xlabel="training images shown", ylabel="right answers, %", ylim=(0, 100), xlim=(0, len(right)))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    return figure


PICTURES: dict[str, tuple[Callable[[DigitsResults], Figure], str]] = {
    "accuracy": (accuracy, "One pass over the training images, each answered before it was taught."),
    "confusion": (confusion, "The test: learning off, no teacher."),
    "weight_maps": (
        weight_maps,
        "A neuron a column. Top: red where it prefers ink, blue where it prefers paper, summed over its edge cells."
        f" Below: its weights. An edge cell looks from its pixel {REACH} pixels to the right, left, down or up, and is"
        " excited if there is more ink there, by at least the number given. Dark: the neuron has learned to ignore"
        " the cell; bright: to count on it.",
    ),
    "rasters": (
        rasters,
        "Training: the presentation, then the teacher's spikes, then the lesson. Test: the presentation alone.",
    ),
}

# --- Page -------------------------------------------------------------------------------------------------------


def figures(results: DigitsResults) -> dict[str, str]:
    """Return what was measured, in words: name and value."""
    bits = ComparedBits(results.n_compared * CHIP.output_word.width)
    held = (
        {"clocks compared": f"{results.n_compared:,}", "output pins": str(bits), "mismatches": "0"}
        if bits.total
        else {}
    )
    return {
        "ran on": results.source,
        **held,
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
