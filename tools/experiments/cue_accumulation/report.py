"""The report of an experiment: pictures, one page and results.json."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from draupnir.golden.files import replacing
from draupnir.tools.experiments.cue_accumulation.dataset import (
    CUE_EVERY,
    CUE_PAUSE,
    END,
    LEFT,
    N_CUES,
    NOISE,
    RECALL,
    RECALL_AT,
    RIGHT,
)
from draupnir.tools.experiments.cue_accumulation.results import CueResults, CueTrace, mean_and_spread
from draupnir.tools.experiments.cue_accumulation.train import WATCHED
from draupnir.tools.report import pages, plots, schema, spike_marks
from draupnir.tools.report.pages import Picture
from draupnir.tools.report.provenance import Origin

NAMES = {"winp": "input", "wrec": "recurrent", "wout": "output"}
SIDES = ("left", "right")
ISSCC = 0.964  # C. Frenkel and G. Indiveri, ISSCC 2022: delayed-supervision navigation, 28-nm chip
JSON = "results.json"


def write(out: Path, results: list[CueResults], origin: Origin) -> list[Path]:
    """Write pictures, results.json and report.html into folder ``out``. Returns their paths, the page last.

    results : the results of each seed, at least one; the pictures of a single run show the first
    """
    one = results[0]
    pictures = {
        "learning_curve": Picture(
            learning_curve(results), "Right answers in each epoch. A thin line is one seed; the thick line is the mean."
        ),
        "rasters": Picture(
            rasters(one), "All spikes of the first test sample, before the first epoch and after the last."
        ),
        "traces": Picture(
            traces(one),
            "The same sample: the potentials of the output neurons, and the potentials and eligibility traces of three"
            " recurrent neurons. The answer is the output neuron that is higher in most timesteps of the shaded time.",
        ),
        "weight_histograms": Picture(weight_histograms(one), "The weights, before and after the training."),
    }  # fmt: skip
    report_object = {"runs": [r.as_object() for r in results], "test": mean_and_spread(results), "isscc": ISSCC}
    report_object["origin"] = origin.as_json()
    paths = pages.write(out, "ReckOn learns to accumulate cues", figures(results), pictures, origin)
    with replacing(out / JSON) as temporary:
        temporary.write_text(schema.text("demo cue-accumulation", report_object) + "\n", encoding="utf-8")
    return [out / JSON, *paths]


def figures(results: list[CueResults]) -> dict[str, str]:
    """The results in words: name and value."""
    one, test = results[0], mean_and_spread(results)
    rate, n = sum(r.rate for r in results) / len(results), len(one.epochs)
    spread = f", {test['lowest']:.1%} to {test['highest']:.1%} over {len(results)} seeds" if len(results) > 1 else ""
    seconds = float(np.mean([e.seconds for r in results for e in r.epochs]))
    texts = {
        "samples": f"{one.n_train} training, {one.n_test} test, of {one.source}",
        "epochs": f"{n}, of {np.mean([e.n_cycles for r in results for e in r.epochs]) / 1e6:.1f} M clocks each",
    }
    for i, epoch in enumerate(one.epochs, 1):
        texts[f"epoch {i}"] = (
            f"{epoch.n_right_train} of {one.n_train} training, {epoch.n_right_test} of {one.n_test} test"
        )
    return texts | {
        "test accuracy": f"{test['mean']:.1%}{spread}; the paper reports {ISSCC:.1%} for this kind of task",
        "wall time": f"{seconds:.2f} s for each epoch, {rate / 1e6:.1f} M clocks/s",
    }  # fmt: skip


# --- Pictures ---------------------------------------------------------------------------------------------------


@plots.styled
def learning_curve(results: list[CueResults]) -> Figure:
    """Draw the accuracy in each epoch, in training and test."""
    figure = plots.new_figure(8, 4.5)
    axes = figure.subplots()
    for name, color in (("train", plots.GRAY), ("test", plots.ORANGE)):
        curves = [[100 * getattr(e, f"n_right_{name}") / getattr(r, f"n_{name}") for e in r.epochs] for r in results]
        epochs = np.arange(1, len(curves[0]) + 1)
        for curve in curves:
            axes.plot(epochs, curve, color=color, alpha=0.3)
        axes.plot(epochs, np.mean(curves, axis=0), "o-", color=color, linewidth=2, label=name)
    axes.axhline(100 * ISSCC, color=plots.BLACK, ls=":", label=f"ISSCC paper, {ISSCC:.1%}")
    axes.set(xlabel="epoch", ylabel="right answers, %", ylim=(0, 102), xticks=epochs)
    axes.grid()
    axes.legend(loc="lower right")
    return figure


@plots.styled
def rasters(results: CueResults) -> Figure:
    """Draw the input spikes, and the recurrent spikes before and after the training."""
    figure = plots.new_figure(13, 9)
    axes = figure.subplots(3, sharex=True)
    last_trace = results.traces["after"]
    spike_marks.draw(axes[0], last_trace.inputs[:, 0], last_trace.inputs[:, 1], plots.BLACK, size=3)
    groups = (LEFT, RIGHT, RECALL, NOISE)
    axes[0].set(yticks=[g[len(g) // 2] for g in groups], yticklabels=["left", "right", "recall", "noise"])
    axes[0].set_title(f"input: most cues are {SIDES[last_trace.label]}")
    for axis, (moment, trace) in zip(axes[1:], results.traces.items(), strict=True):
        spike_marks.draw(axis, trace.spikes[:, 0], trace.spikes[:, 1], plots.BLUE, size=3)
        axis.set(title=f"{moment} training: {len(trace.spikes)} spikes, answer {SIDES[trace.answer]}", ylabel="neuron")
    axes[-1].set(xlabel="ms", xlim=(0, END))
    for axis in axes:
        _cues(axis)
    return figure


def _cues(axis) -> None:  # type: ignore[no-untyped-def]
    """Shade the cues and the recall."""
    for i in range(N_CUES):
        axis.axvspan(i * CUE_EVERY + CUE_PAUSE, (i + 1) * CUE_EVERY, color=plots.BLACK, alpha=0.04)
    axis.axvspan(RECALL_AT, END, color=plots.YELLOW, alpha=0.12)


@plots.styled
def traces(results: CueResults) -> Figure:
    """Draw output neurons, potentials and eligibility traces, before (left) and after (right) the training."""
    figure = plots.new_figure(13, 8)
    grid = figure.subplots(3, len(results.traces), sharex=True, sharey="row")
    for column, (moment, trace) in zip(grid.T, results.traces.items(), strict=True):
        _columns(column, trace)
        column[0].set_title(f"{moment} training: most cues {SIDES[trace.label]}, answer {SIDES[trace.answer]}")
        column[-1].set(xlabel="ms", xlim=(0, END))
    for axis, name in zip(grid[:, 0], ("output neurons' potentials", "potentials", "traces of spikes"), strict=True):
        axis.set_ylabel(f"{name}, LSB")
    return figure


def _columns(axes: np.ndarray, trace: CueTrace) -> None:
    for k, side in enumerate(SIDES):
        axes[0].plot(trace.outputs[:, k], label=side, linewidth=1)
    for i, neur in enumerate(WATCHED):
        axes[1].plot(trace.potentials[:, i], label=f"neuron {neur}", linewidth=0.8)
        axes[2].plot(trace.trace_rec[:, i], label=f"neuron {neur}", linewidth=0.8)
    for axis in axes:
        _cues(axis)
        axis.legend(loc="upper left", fontsize="small")


@plots.styled
def weight_histograms(results: CueResults) -> Figure:
    """Draw the weights of each memory, before and after the training."""
    figure = plots.new_figure(13, 4)
    for axis, (name, weights_before) in zip(
        figure.subplots(1, len(results.weights_before)), results.weights_before.items(), strict=True
    ):
        weights_after = results.weights_after[name]
        low, high = min(weights_before.min(), weights_after.min()), max(weights_before.max(), weights_after.max())
        edges = np.arange(low, high + 2, max(1, (high - low) // 60)) - 0.5
        for weights, moment in ((weights_before, "before"), (weights_after, "after")):
            axis.hist(weights.ravel(), edges, histtype="step", label=moment)
        n_changed = int((weights_before != weights_after).sum())
        axis.set(
            title=f"{NAMES[name]} weights, {n_changed:,} of {weights_before.size:,} changed", xlabel="LSB", yscale="log"
        )
        axis.legend()
    return figure
