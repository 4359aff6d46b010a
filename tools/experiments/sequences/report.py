"""The report of the experiment: pictures, one page and results.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from draupnir.golden.files import replacing
from draupnir.tools.experiments.sequences.experiment import LearningResults
from draupnir.tools.experiments.sequences.results import BLOCK, TaskResults, spread
from draupnir.tools.report import pages, plots, schema
from draupnir.tools.report.pages import Picture
from draupnir.tools.report.provenance import Origin

COMMAND = "demo gungnir"
TITLE = "On one chip, SDSP reads digits, and e-prop learns what a sequence of them means"
JSON = "results.json"
CHANCE = 50  # %, for a majority


def write(out: Path, results: LearningResults, origin: Origin) -> list[Path]:
    """Write pictures, results.json and report.html into folder ``out``. Returns their paths, the page last."""
    pictures = {
        "learning_curves": Picture(
            learning_curves(results),
            f"Right answers to training samples, before each lesson, in blocks of {BLOCK}. A thin line is one seed, a"
            " thick line the mean, and a dot at the right the test with learning off.",
        ),
        "readouts": Picture(
            readouts(results.both),
            "The weights from the ten digits to the two readouts after the training. A cross marks the readout of the"
            " class that the digit belongs to, which the chip is never told.",
        ),
    }
    paths = pages.write(out, TITLE, figures(results), pictures, origin)
    with replacing(out / JSON) as temporary:
        report_object = {**as_object(results), "origin": origin.as_json()}
        temporary.write_text(schema.text(COMMAND, report_object) + "\n", encoding="utf-8")
    return [out / JSON, *paths]


def figures(results: LearningResults) -> dict[str, str]:
    """The results in words: name and value."""
    all_results = [result for task in fields(results) for result in getattr(results, task.name)]
    n_clocks = sum(result.n_clocks for result in all_results)
    seconds = sum(result.seconds for result in all_results)
    return {
        "digits, by SDSP": f"{spread(results.digits)}; {len(results.digits[0].test)} test images",
        "cues, by e-prop": f"{spread(results.cues)}; {len(results.cues[0].test)} test samples",
        "sequences, by both": f"{spread(results.both)}; {len(results.both[0].test)} test sequences",
        "the same, ODIN alone": spread(results.odin),
        "the same, ReckOn alone": spread(results.reckon),
        "clocks": f"{n_clocks / 1e9:.2f} G, {n_clocks / max(seconds, 1e-9) / 1e6:.0f} M clocks/s",
    }


def as_object(results: LearningResults) -> dict[str, Any]:
    """The results as an object for JSON."""
    return {
        task.name: [
            {**result.as_object(), "weights": result.weights.tolist() if task.name != "digits" else []}
            for result in getattr(results, task.name)
        ]
        for task in fields(results)
    }


# --- Pictures ---------------------------------------------------------------------------------------------------


@plots.styled
def learning_curves(results: LearningResults) -> Figure:
    """Draw the learning curves of the three tasks; the sequences have one colour for each chip."""
    figure = plots.new_figure(13, 4.5)
    on_digits, on_cues, on_sequences = figure.subplots(1, 3, sharey=True)
    _curves(on_digits, results.digits, plots.BLUE)
    on_digits.set(title="digits, by SDSP", xlabel="training images, %", ylabel="right answers, %")
    _curves(on_cues, results.cues, plots.BLUE)
    on_cues.set(title="cues, by e-prop", xlabel="ten epochs of training samples, %")
    for one_chip, color in ((results.both, plots.BLUE), (results.odin, plots.ORANGE), (results.reckon, plots.GREEN)):
        _curves(on_sequences, one_chip, color)
    on_sequences.set(title="sequences of five digits", xlabel="training sequences, %; ReckOn sees each six times")
    on_sequences.axhline(CHANCE, color=plots.BLACK, ls=":", label="chance")
    on_sequences.legend(loc="lower right", fontsize="small")
    return figure


def _curves(axis: Axes, results: Sequence[TaskResults], color: str) -> None:
    curves = [100 * result.curve() for result in results]
    n_train = len(results[0].train)
    ends = 100 * np.minimum(BLOCK * np.arange(1, len(curves[0]) + 1), n_train) / n_train
    for curve in curves:
        axis.plot(ends, curve, color=color, alpha=0.3, linewidth=1)
    axis.plot(ends, np.mean(curves, axis=0), "-", color=color, linewidth=2, label=results[0].chip)
    tests = [100 * result.accuracy for result in results]
    axis.plot([104] * len(tests), tests, "o", color=color, markersize=5, clip_on=False)
    axis.set(ylim=(0, 102), xlim=(0, 108))
    axis.grid(visible=True)


@plots.styled
def readouts(results: Sequence[TaskResults]) -> Figure:
    """Draw the readouts' weights of each seed."""
    figure = plots.new_figure(2.2 * len(results) + 1.5, 4.5)
    axes = np.atleast_1d(figure.subplots(1, len(results), sharey=True))
    for axis, result in zip(axes, results, strict=True):
        image = axis.imshow(result.weights, cmap="cividis", vmin=0, vmax=7, aspect="auto")
        for digit, readout in enumerate(result.classes):
            axis.plot(readout, digit, "x", color=plots.ORANGE, markersize=8)
        axis.set(title=f"seed {result.seed}", xlabel="readout", xticks=[0, 1], yticks=range(len(result.weights)))
    axes[0].set_ylabel("digit")
    figure.colorbar(image, ax=axes.tolist(), label="weight, LSB")
    return figure
