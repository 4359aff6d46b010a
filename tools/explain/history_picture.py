"""The picture of a history: the potential, and below it what the synapse and the neuron learn by."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from draupnir.golden.files import replacing
from draupnir.tools.explain.history import THRESHOLD, History, potential_after, potential_before, sums
from draupnir.tools.explain.history_text import weights
from draupnir.tools.explain.picture import CHANGES, POTENTIAL, SPIKE
from draupnir.tools.report import plots

N_NAMED = 5  # events that have a colour of their own
CALCIUM = "calcium"


@plots.styled
def write(path: Path, history: History) -> None:
    """Write the picture as PNG."""
    draws = [_potential]
    if history.parameters.get("ca_en"):
        draws.append(_calcium)
    if history.writes:
        draws.append(_weight)
    figure = plots.new_figure(11, 1.5 + 3 * len(draws))
    axes = figure.subplots(len(draws), sharex=True, squeeze=False)[:, 0]
    for draw, axis in zip(draws, axes, strict=True):
        draw(axis, history)
    axes[-1].set_xlabel("clock")
    axes[-1].set_xlim(0, max(history.n_cycles, 1))
    n_spikes = sum(visit.spikes for visit in history.own)
    figure.suptitle(f"neuron {history.neuron} of {history.chip}: {n_spikes} spike(s)")
    with replacing(path) as temporary:
        plots.save(figure, temporary)


def _potential(axis: Axes, history: History) -> None:
    """Show the potential after each event, and the events that move it most, by name."""
    own = history.own
    if own:
        levels = [potential_before(own[0]), *map(potential_after, own)]
        axis.step([0, *(visit.cycle for visit in own)], levels, where="post", color=POTENTIAL, linewidth=1)
    totals = sums(own)
    for event in sorted(totals, key=lambda one: -abs(totals[one][0]))[:N_NAMED]:
        some = [visit for visit in own if visit.event == event and not visit.spikes]
        label = f"{event} {totals[event][0]:+d}"
        axis.scatter([visit.cycle for visit in some], list(map(potential_after, some)), s=16, label=label, zorder=3)
    threshold = history.parameters[THRESHOLD]
    spikes = [visit.cycle for visit in own if visit.spikes]
    axis.scatter(spikes, [threshold] * len(spikes), s=60, marker="^", color=SPIKE, label="spike", zorder=4)
    axis.axhline(threshold, color=SPIKE, linestyle="--", linewidth=1, label="threshold")
    axis.set_ylabel("potential, LSB")
    cause = history.cause()
    if cause:
        axis.axvspan(cause[0].cycle, cause[-1].cycle, color=CHANGES, alpha=0.15, linewidth=0, label="explained")
    axis.legend(fontsize=8, ncols=4, loc="lower left", bbox_to_anchor=(0, 1))


def _calcium(axis: Axes, history: History) -> None:
    """Show the calcium with its thresholds."""
    own = [(visit.cycle, visit.state_after[CALCIUM]) for visit in history.own if visit.state_after]
    axis.step([cycle for cycle, _ in own], [level for _, level in own], where="post", color=POTENTIAL)
    for name, level in history.parameters.items():
        if name.startswith("ca_theta"):
            axis.axhline(level, color=CHANGES, linestyle=":", linewidth=1)
            axis.annotate(name, (1, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)
    axis.set_ylabel(CALCIUM)


def _weight(axis: Axes, history: History) -> None:
    """Show the weight of the synapse, and each event that writes it."""
    writes = history.writes
    levels = [weights(writes[0])[0], *(weights(visit)[1] for visit in writes)]
    axis.step([0, *(visit.cycle for visit in writes)], levels, where="post", color=POTENTIAL)
    axis.scatter([visit.cycle for visit in writes], levels[1:], s=12, color=CHANGES, zorder=3)
    axis.yaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_ylabel(f"weight {history.pre} to {history.neuron}, LSB")
