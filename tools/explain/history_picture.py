"""The picture of a history: the potential, and below it what the synapses and the neuron learn by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from draupnir.golden.files import replacing
from draupnir.tools.explain.history import History
from draupnir.tools.explain.history_text import weights
from draupnir.tools.explain.picture import CHANGES, POTENTIAL, SPIKE
from draupnir.tools.explain.visits import SynapseTurn, Visit
from draupnir.tools.report import plots

N_NAMED = 5  # events that have a colour of their own


@plots.styled
def write(path: Path, history: History) -> None:
    """Write the picture as PNG."""
    draws: list[Callable[[Axes, History], None]] = [
        _potential,
        *(partial(_curve, name=name) for name in history.subject.curves),
    ]
    if any(visit.learning for visit in history.visits):
        draws.append(_learning)
    draws += [partial(_weight, name=name, turns=turns) for name, turns in history.turns().items()]
    figure = plots.new_figure(11, 1.5 + 3 * len(draws))
    axes = figure.subplots(len(draws), sharex=True, squeeze=False)[:, 0]
    for draw, axis in zip(draws, axes, strict=True):
        draw(axis, history)
    axes[-1].set_xlabel("clock")
    axes[-1].set_xlim(0, max(history.n_cycles, 1))
    n_spikes = sum(visit.spikes for visit in history.own)
    title = f"{history.subject.name} of {history.chip}"
    figure.suptitle(title if history.subject.threshold is None else f"{title}: {n_spikes} spike(s)")
    with replacing(path) as temporary:
        plots.save(figure, temporary)


def _potential(axis: Axes, history: History) -> None:
    """Show the potential after each event, and the events that move it most, by name."""
    own, subject = history.own, history.subject
    if own:
        levels = [subject.potential_before(own[0]), *map(subject.potential_after, own)]
        axis.step([0, *(visit.cycle for visit in own)], levels, where="post", color=POTENTIAL, linewidth=1)
    totals = history.sums()
    for event in sorted(totals, key=lambda one: -abs(totals[one][0]))[:N_NAMED]:
        some = [visit for visit in own if visit.event == event and not visit.spikes]
        label = f"{event} {totals[event][0]:+d}"
        axis.scatter(
            [visit.cycle for visit in some], list(map(subject.potential_after, some)), s=16, label=label, zorder=3
        )
    if subject.threshold is not None:
        _threshold(axis, history, subject.threshold)
    axis.set_ylabel("potential, LSB")
    cause = history.cause()
    if cause:
        axis.axvspan(cause[0].cycle, cause[-1].cycle, color=CHANGES, alpha=0.15, linewidth=0, label="explained")
    axis.legend(fontsize=8, ncols=4, loc="lower left", bbox_to_anchor=(0, 1))


def _threshold(axis: Axes, history: History, threshold: int) -> None:
    """Show the threshold, and the spikes on it."""
    spikes = [visit.cycle for visit in history.own if visit.spikes]
    axis.scatter(spikes, [threshold] * len(spikes), s=60, marker="^", color=SPIKE, label="spike", zorder=4)
    axis.axhline(threshold, color=SPIKE, linestyle="--", linewidth=1, label="threshold")


def _curve(axis: Axes, history: History, name: str) -> None:
    """Show a field of the neuron's state, with the parameters that are its thresholds."""
    own = [(visit.cycle, visit.state_after[name]) for visit in history.own if visit.state_after]
    axis.step([cycle for cycle, _ in own], [level for _, level in own], where="post", color=POTENTIAL)
    for parameter, level in history.subject.levels.items():
        if parameter.startswith(f"{name[:2]}_theta"):
            axis.axhline(level, color=CHANGES, linestyle=":", linewidth=1)
            axis.annotate(
                parameter, (1, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8
            )
    axis.set_ylabel(name)


def _learning(axis: Axes, history: History) -> None:
    """Show the numbers that the chip computes for the neuron, by which its synapses learn."""
    some = [visit for visit in history.visits if visit.learning]
    for name in some[0].learning:
        levels = [visit.learning[name] for visit in some]
        axis.step([visit.cycle for visit in some], levels, where="post", label=name.replace("_", " "))
    axis.legend(fontsize=8, ncols=4, loc="lower left", bbox_to_anchor=(0, 1))
    axis.set_ylabel("learning")


def _weight(axis: Axes, history: History, name: str, turns: Sequence[tuple[Visit, SynapseTurn]]) -> None:
    """Show the weight of a synapse, and each event that may change it."""
    levels = [weights(history, turns[0][1])[0], *(weights(history, turn)[1] for _, turn in turns)]
    cycles = [visit.cycle for visit, _ in turns]
    axis.step([0, *cycles], levels, where="post", color=POTENTIAL)
    axis.scatter(cycles, levels[1:], s=12, color=CHANGES, zorder=3)
    axis.yaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_ylabel(f"{name}, {history.subject.weight_unit}")
