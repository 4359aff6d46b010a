"""The directive `benchmarks`: tables of what `draupnir bench` has measured on the machine that builds the site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from draupnir.tools.bench.report import JSON

FOLDER = "build/bench"
NOTHING = f"There are no measurements in `{FOLDER}` yet.\n"
RATES = {
    "clocks_per_second": "clocks/s",
    "timesteps_per_second": "timesteps/s",
    "synaptic_operations_per_second": "synaptic operations/s",
}


def markdown(folder: Path) -> str:
    """The measurements in a folder and below it as Markdown, a section for each ``bench.json``."""
    sections = [_section(json.loads(path.read_text())) for path in sorted(folder.rglob(JSON))]
    return "\n".join(sections) or NOTHING


def _section(report: dict[str, Any]) -> str:
    machine, origin = report["machine"], report["origin"]
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    rough = " It was a quick run, so the figures are rough." if report["quick"] else ""
    place = f"{machine['cpu']} with {machine['cores']} cores and a load of {machine['load_average']}"
    about = (
        f"`{origin['command']}`, {machine['date'][:10]}, commit {str(origin['commit'])[:7]}, on {place}. Median of"
        f" {report['rounds']} rounds, lowest and highest in brackets.{rough} {versions}.\n"
    )
    names = [name for name in RATES if any(name in figure for figure in report["figures"])]
    header = ["who", "workload", *(RATES[name] for name in names)]
    rows = [_row(figure, names) for figure in report["figures"] if any(name in figure for name in names)]
    lines = [f"## {report['chip']['name']}\n", about, *_table(header, rows)]
    ratios = [[r["of"], r["to"], r["workload"], f"{_spread(r)} x"] for r in report["ratios"]]
    if ratios:
        lines += ["", *_table(["who", "compared with", "workload", "times"], ratios)]
    return "\n".join(lines) + "\n"


def _row(figure: dict[str, Any], names: list[str]) -> list[str]:
    return [figure["name"], figure["workload"], *(_spread(figure[name]) if name in figure else "" for name in names)]


def _spread(spread: dict[str, float]) -> str:
    return f"{_number(spread['median'])} ({_number(spread['low'])} to {_number(spread['high'])})"


def _number(number: float) -> str:
    """A number in three digits, in millions from one million on."""
    scaled, unit = (number / 1e6, " M") if number >= 1e6 else (number, "")
    return f"{float(f'{scaled:.3g}'):,g}{unit}"


def _table(header: list[str], rows: list[list[str]]) -> Iterator[str]:
    for cells in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(cells)} |"


class Benchmarks(SphinxDirective):
    """The directive. It has no options; the page is read again in each build, because the results may be new."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        return self.parse_text_to_nodes(markdown(Path(self.env.srcdir, FOLDER)), allow_section_headings=True)
