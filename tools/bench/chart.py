"""The results of a benchmark as a bar chart: clocks per second, grouped by workload."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from draupnir.tools.bench.commands import PROCESS
from draupnir.tools.bench.measure import Figures
from draupnir.tools.bench.suite import BenchReport
from draupnir.tools.report import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR_INCHES = 0.3
GAP = 1.6  # the space between two workloads, in heights of a bar, for a heading


@plots.styled
def draw(path: Path, report: BenchReport, about: Mapping[str, Any]) -> None:
    """Write a PNG with one bar for each contestant, on a logarithmic scale, and a line for the chip itself.

    about : chip, rtl (the folder, or None), machine
    """
    groups = grouped(report)
    n_rows = sum(map(len, groups.values())) + GAP * len(groups)
    figure = plots.new_figure(11, 1.7 + BAR_INCHES * n_rows)
    axes = figure.subplots()
    y, ticks, labels = GAP - 1, [], []
    for number, (workload, bars) in enumerate(groups.items()):
        axes.annotate(workload, (0, y), (-6, 0), ("axes fraction", "data"), "offset points", fontsize=9,
                      fontweight="bold", ha="right", va="center", annotation_clip=False)  # fmt: skip
        for each in bars:
            y += 1
            _bar(axes, y, each, plots.PALETTE[number] if number < len(plots.PALETTE) else plots.GRAY)
            ticks.append(y)
            labels.append(label(each, about))
        y += GAP
    axes.set_yticks(ticks, labels, fontsize=8)
    axes.set_ylim(y - GAP + 0.8, -0.2)
    _finish(axes, report, about)
    plots.save(figure, path)


def grouped(report: BenchReport) -> dict[str, list[Figures]]:
    """The figures that have clocks, by workload."""
    groups: dict[str, list[Figures]] = {}
    for each in report.figures:
        if each.contestant.workload != PROCESS:
            groups.setdefault(each.contestant.workload, []).append(each)
    return groups


def label(each: Figures, about: Mapping[str, Any]) -> str:
    """The name of a contestant without its workload. The user's RTL has the end of its path as its name."""
    name = each.contestant.name.removeprefix(f"{each.contestant.workload}, ")
    return name.replace("--rtl", "/".join(Path(about["rtl"]).parts[-2:])) if about.get("rtl") else name


def rate(per_second: float) -> str:
    """A rate with three significant digits, and M, k or nothing: 120 M, 3.1 k, 540."""
    for prefix, size in ((" M", 1e6), (" k", 1e3)):
        if per_second >= 0.9995 * size:
            return f"{_three(per_second / size)}{prefix}"
    return _three(per_second)


def _three(number: float) -> str:
    return f"{number:,.0f}" if number >= 99.95 else f"{number:.3g}"


def _bar(axes: Axes, y: float, each: Figures, colour: str) -> None:
    speed = each.clocks_per_second
    error = [[speed.median - speed.low], [speed.high - speed.median]]
    axes.barh(y, speed.median, color=colour, xerr=error, error_kw={"ecolor": plots.DARK, "capsize": 2})
    text = axes.annotate(
        rate(speed.median), (speed.high, y), (6, 0), textcoords="offset points", va="center", fontsize=8
    )
    text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # it covers the line of the chip


def _finish(axes: Axes, report: BenchReport, about: Mapping[str, Any]) -> None:
    """Add the scale, the clock of the chip itself if it is known, and the title with chip and machine."""
    fastest = max((each.clocks_per_second.high for bars in grouped(report).values() for each in bars), default=1.0)
    slowest = min((each.clocks_per_second.low for bars in grouped(report).values() for each in bars), default=1.0)
    if report.silicon is not None:
        clocks = report.silicon.clocks
        fastest, slowest = max(fastest, clocks), min(slowest, clocks)
        axes.axvline(clocks, color=plots.BLACK, linestyle="--", linewidth=1)
        axes.annotate(
            f"the chip itself, {clocks / 1e6:g} MHz", (clocks, 1), (3, 3), ("data", "axes fraction"),
            "offset points", fontsize=8,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(slowest / 3, 4 * fastest)
    axes.xaxis.set_major_formatter(lambda per_second, _: rate(per_second))
    axes.set_xlabel("clocks of the chip per second (bar: median; whisker: lowest to highest)")
    machine = about["machine"]
    axes.set_title(
        f"{about['chip']}: clocks per second\n{machine['cpu']}, {machine['date'][:10]}",
        fontsize=10, loc="left", pad=18,
    )  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
