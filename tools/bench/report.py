"""The results of a benchmark as tables, as JSON and as a bar chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from draupnir.golden.files import filling
from draupnir.tools.bench import chart, targets
from draupnir.tools.bench.commands import PROCESS
from draupnir.tools.bench.measure import Figures, Spread, spread
from draupnir.tools.bench.suite import (
    CLOCK,
    OPERATIONS,
    OURS,
    PLAIN,
    SECONDS,
    THEIRS,
    TIMESTEPS,
    BenchReport,
    Ratio,
)
from draupnir.tools.bench.targets import Target
from draupnir.tools.bench.ticks import THEIR_SIMULATOR
from draupnir.tools.bench.workloads import Silicon
from draupnir.tools.report import schema

if TYPE_CHECKING:
    from rich.table import Table

JSON, CHART = "bench.json", "bench.png"
CAPTION = "Median of the rounds, with lowest and highest in brackets. Without compilation, loading and a first run."
OF_THE_CHIP = "\nchip: {:g} MHz, {:g} M synaptic operations/s, by its paper."
ALIGNED: dict[str, Any] = {"title_justify": "left", "caption_justify": "left"}


def as_json(report: BenchReport, about: Mapping[str, Any]) -> dict[str, Any]:
    """The report as an object for JSON. about : chip, machine, versions, options, origin"""
    chip = {"name": about["chip"]}
    if report.silicon is not None:
        chip["clocks_per_second"] = report.silicon.clocks
        chip["synaptic_operations_per_second"] = report.silicon.operations
    return {
        **about,
        "chip": chip,
        "figures": [_figures(each) for each in report.figures],
        "ratios": [_ratio(each) for each in report.ratios],
        "targets": [_target(*each) for each in targets.measured_targets(report)],
    }


def _figures(each: Figures) -> dict[str, Any]:
    contestant = each.contestant
    figures_object: dict[str, Any] = {"name": contestant.name, "workload": contestant.workload, "n_runs": each.n_runs}
    figures_object["seconds_of_a_run"] = asdict(spread(each.seconds))
    if contestant.n_clocks:
        figures_object |= {"clocks_of_a_run": contestant.n_clocks, "clocks_per_second": asdict(each.clocks_per_second)}
    if contestant.n_timesteps:
        figures_object |= {
            "timesteps_of_a_run": contestant.n_timesteps,
            "timesteps_per_second": asdict(each.timesteps_per_second),
        }
    if contestant.n_synaptic_operations:
        figures_object["synaptic_operations_per_second"] = asdict(each.synaptic_operations_per_second)
    return figures_object


def _ratio(ratio: Ratio) -> dict[str, Any]:
    words = {"of": ratio.a, "to": ratio.b, "in": ratio.quantity, "workload": ratio.workload}
    return {**words, **asdict(ratio.factor)}


def _target(target: Target, workload: str, figure: Spread) -> dict[str, Any]:
    words = {
        "of": target.who,
        "to": target.reference,
        "in": target.quantity,
        "workload": workload,
        "bound": target.bound,
    }
    return {**words, "median": figure.median, "met": target.met(figure.median)}


def write(out: Path, report: BenchReport, about: Mapping[str, Any]) -> list[Path]:
    """Write bench.json and bench.png into a folder, both or none. Returns their paths."""
    with filling(out) as temporary:
        (temporary / JSON).write_text(schema.text("bench", as_json(report, about)) + "\n")
        chart.draw(temporary / CHART, report, about)
    return [out / JSON, out / CHART]


# --- Tables -----------------------------------------------------------------------------------------------------


def tables(report: BenchReport) -> Iterator[Table]:
    """Tables of rates and ratios, other pairs, the cost of comparisons, times of commands, and targets."""
    from rich.table import Table

    ratios = {(r.workload, r.a, r.b): r.factor for r in report.ratios if r.quantity not in (SECONDS, TIMESTEPS)}
    cost = {(r.workload, r.b): r.factor for r in report.ratios if r.quantity == SECONDS}
    reference_names = {b for _, _, b in ratios}
    rtls = [name for name in (THEIRS, PLAIN) if name in reference_names] or [OURS] * (OURS in reference_names)
    references = (*rtls, *((CLOCK, OPERATIONS) if report.silicon else ()))
    rates = Table(
        title="Rates in millions per second, and ratios within each round", caption=_caption(report.silicon), **ALIGNED
    )
    _columns(rates, "workload", "who", "clocks/s", "syn. operations/s", *(f": {name}" for name in references))
    costs = Table(title="Time of a run compared with the model, as a multiple of the bare run", **ALIGNED)
    _columns(costs, "workload", "RTL", "times")
    times = Table(title="Seconds from start to end", **ALIGNED)
    _columns(times, "", "what", "seconds")
    for each in report.figures:
        who, workload = each.contestant.name, each.contestant.workload
        if workload == PROCESS:
            times.add_row("", who, _cell(spread(each.seconds)))
            continue
        if each.contestant.n_timesteps:
            continue
        operations = each.synaptic_operations_per_second if each.contestant.n_synaptic_operations else None
        amounts = (_cell(each.clocks_per_second, 1e6), _cell(operations, 1e6))
        rates.add_row(workload, who, *amounts, *(_cell(ratios.get((workload, who, name))) for name in references))
        if (workload, who) in cost:
            costs.add_row(workload, who, _cell(cost[workload, who]))
    yield from (rates, _pairs(report, references), *_by_timesteps(report), costs, times, _promised(report))


def _by_timesteps(report: BenchReport) -> Iterator[Table]:
    """A table of the contestants that run by timesteps, if there are any."""
    from rich.table import Table

    ratios = {(r.workload, r.a): r.factor for r in report.ratios if r.quantity == TIMESTEPS}
    table = Table(title="Timesteps per second", **ALIGNED)
    _columns(table, "workload", "who", TIMESTEPS, "M syn. operations/s", f": {THEIR_SIMULATOR}")
    for each in report.figures:
        who, workload = each.contestant.name, each.contestant.workload
        if each.contestant.n_timesteps:
            operations = each.synaptic_operations_per_second if each.contestant.n_synaptic_operations else None
            amounts = (_cell(each.timesteps_per_second), _cell(operations, 1e6))
            table.add_row(workload, who, *amounts, _cell(ratios.get((workload, who))))
    if table.row_count:
        yield table


def _pairs(report: BenchReport, references: Sequence[str]) -> Table:
    """A table of the ratios that have no column of their own."""
    from rich.table import Table

    pairs = Table(title="Clocks/s of one as a multiple of another's", **ALIGNED)
    _columns(pairs, "who", "to", "times")
    for r in report.ratios:
        if r.quantity not in (SECONDS, TIMESTEPS) and r.b not in references:
            pairs.add_row(r.a, r.b, _cell(r.factor))
    return pairs


def _promised(report: BenchReport) -> Table:
    """A table of the targets, their bounds and the measured figures."""
    from rich.table import Table

    table = Table(title="Targets, and the measured figures", **ALIGNED)
    _columns(table, "workload", "what", "bound", "measured", "")
    for target, workload, figure in targets.measured_targets(report):
        unit = 1e6 if target.quantity != SECONDS and not target.reference else 1.0
        text = f"{target.who}: " + (
            f"times {target.reference}" if target.reference else "M " * (unit != 1.0) + target.quantity
        )
        sign = "at most" if target.quantity == SECONDS else "at least"
        bound = f"{sign} {_short(target.bound / unit)}"
        table.add_row(workload, text, bound, _cell(figure, unit), "" if target.met(figure.median) else "missed")
    return table


def _caption(chip: Silicon | None) -> str:
    return CAPTION if chip is None else CAPTION + OF_THE_CHIP.format(chip.clocks / 1e6, chip.operations / 1e6)


def _columns(table: Table, first: str, second: str, *numbers: str) -> None:
    table.add_column(first, no_wrap=True)
    table.add_column(second, no_wrap=True)
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=True)


def _cell(figures: Spread | None, unit: float = 1.0) -> str:
    """The median, with lowest and highest in brackets."""
    if figures is None:
        return ""
    low, middle, high = (_short(number / unit) for number in (figures.low, figures.median, figures.high))
    return f"{middle} ({low}..{high})"


def _short(number: float) -> str:
    """A number with three significant digits, without an exponent."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}" if number >= 0.01 else f"{number:.4f}"
