"""A survey of area and frequency as a table, as JSON, and as a bar chart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from draupnir.golden.files import filling
from draupnir.rtl.fpga.report import BLOCK_RAM, FLIP_FLOPS, LOGIC
from draupnir.rtl.fpga.survey import THEIRS, Row
from draupnir.tools.report import plots, schema

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.table import Table

JSON, CHART = "area.json", "area.png"
OURS_COLOUR, THEIRS_COLOUR = plots.FIRST, plots.SECOND


def as_json(rows: Sequence[Row], about: dict[str, Any]) -> dict[str, Any]:
    """The survey as an object for JSON. about : the device, the tools and the RTL"""
    return {
        **about,
        "rows": [
            {
                "name": row.name,
                "parameters": dict(row.parameters),
                "mhz": row.mhz,
                "cells": {each.kind: each.used for each in row.usage},
            }
            for row in rows
        ],
    }


def write(folder: Path, rows: Sequence[Row], about: dict[str, Any]) -> list[Path]:
    """Write area.json and area.png, both or none. Returns their paths."""
    with filling(folder) as temporary:
        (temporary / JSON).write_text(schema.text("area", as_json(rows, about)) + "\n")
        _chart(temporary / CHART, rows, about)
    return [folder / JSON, folder / CHART]


def table(rows: Sequence[Row]) -> Table:
    """A table of cells and MHz, with ratios if the survey has an RTL of the user."""
    from rich.table import Table

    theirs = next((row for row in rows if row.name == THEIRS), None)
    area_table = Table(title="ECP5: cells after packing, fastest clock after routing", title_justify="left")
    area_table.add_column("variant", no_wrap=True)
    columns = [LOGIC, FLIP_FLOPS, BLOCK_RAM, "MHz"]
    for title in (*columns, *(("cells : theirs", "MHz : theirs") if theirs else ())):
        area_table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        cells = [
            row.name,
            *(f"{row.n_used(kind):,}" for kind in columns[:3]),
            "" if row.mhz is None else f"{row.mhz:.1f}",
        ]
        if theirs:
            cells.append(f"{100 * row.n_used(LOGIC) / theirs.n_used(LOGIC):.0f} %")
            cells.append(f"{row.mhz / theirs.mhz:.2f}" if row.mhz and theirs.mhz else "")
        area_table.add_row(*cells)
    return area_table


@plots.styled
def _chart(path: Path, rows: Sequence[Row], about: dict[str, Any]) -> None:
    """Draw one bar for each variant: cells on the left, and MHz on the right if a design is routed."""
    is_routed = any(row.mhz for row in rows)
    figure = plots.new_figure(11 if is_routed else 7.5, 1.6 + 0.35 * len(rows))
    panels = figure.subplots(1, 1 + is_routed, sharey=True, squeeze=False)[0]
    colours = [THEIRS_COLOUR if row.name == THEIRS else OURS_COLOUR for row in rows]
    _bars(panels[0], [row.n_used(LOGIC) for row in rows], "{:,.0f}", "logic cells", colours)
    if is_routed:
        _bars(panels[1], [row.mhz or 0.0 for row in rows], "{:.1f}", "MHz, fastest clock after routing", colours)
    panels[0].set_yticks(range(len(rows)), [_label(row, about) for row in rows], fontsize=8)
    panels[0].invert_yaxis()
    routed = "" if is_routed else " (packed, not routed)"
    figure.suptitle(f"{about['chip']}, alone on {about['device']}{routed}", fontsize=10, x=0.01, ha="left")
    plots.save(figure, path)


def _bars(axes: Axes, lengths: Sequence[float], form: str, label: str, colours: Sequence[str]) -> None:
    axes.barh(range(len(lengths)), lengths, color=colours)
    for y, length in enumerate(lengths):
        text = form.format(length) if length else "not routed"
        axes.annotate(text, (length, y), (4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_xlabel(label, fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(0, 1.15 * max(lengths) or 1)


def _label(row: Row, about: dict[str, Any]) -> str:
    """The name of a row. For the user's RTL it includes the end of its path."""
    if row.name != THEIRS or not about.get("rtl"):
        return row.name
    return f"{THEIRS} {'/'.join(Path(about['rtl']).parts[-2:])}"
