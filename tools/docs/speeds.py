"""Fill in the tables of docs/speeds.md from the measurements in docs/speeds.

``python -m draupnir.tools.docs.speeds build/bench/odin/bench.json`` keeps a measurement of `draupnir bench` without the
paths of its machine, then fills in all tables. Without a file it only fills in the tables.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from draupnir.golden.files import replacing
from draupnir.tools.bench.contestants import ENGINE, LOOP, ROWS
from draupnir.tools.bench.suite import OURS, PLAIN, THEIRS
from draupnir.tools.report import schema

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, FOLDER = DOCS / "speeds.md", DOCS / "speeds"
PLACE = re.compile(r"(<!-- bench (\w+) -->\n).*?(<!-- /bench -->)", re.DOTALL)
SPACE = "\N{NO-BREAK SPACE}"
COMPARED = " + model, compared"
WORKLOADS = {"lif": "LIF and SDSP", "izh": "Izhikevich", "eprop": "with e-prop"}  # the others are named as they are
ROWS_OF_A_TABLE = {  # label -> the contestant, and the one with which it is compared
    "golden model, clock by clock, rows of pins": (ROWS, PLAIN),
    "golden model, clock by clock, buses in the loop": (LOOP, PLAIN),
    "golden model, event level": (ENGINE, PLAIN),
    "our RTL in Verilator": (OURS, THEIRS),
}
TIMES_OF_A_TABLE = {
    "extra time to compare the original with the model": THEIRS,
    "extra time to compare our RTL with the model": OURS,
}
Report = dict[str, Any]


def fill(page: str) -> str:
    """Return the page with the tables of the kept measurements.

    A place for a chip is two lines, ``<!-- bench CHIP -->`` and ``<!-- /bench -->``.
    """
    return PLACE.sub(lambda m: m[1] + markdown(json.loads((FOLDER / f"{m[2]}.json").read_text())) + m[3], page)


def markdown(report: Report) -> str:
    """The measurement of a chip: what was measured and where, a table, and sentences about the rest."""
    workloads = list(dict.fromkeys(f["workload"] for f in report["figures"] if f["name"] == PLAIN))
    lines = [
        _about(report),
        "",
        _row("clocks/s, and how many times the original", [WORKLOADS.get(name, name) for name in workloads]),
    ]
    lines += ["|---" * (len(workloads) + 1) + "|", _row("the original in Verilator", _rates(report, PLAIN, workloads))]
    for label, (who, reference) in ROWS_OF_A_TABLE.items():
        rates, factors = _rates(report, who, workloads), _factors(report, who, reference, workloads)
        cells = [f"{rate},{SPACE}{_number(factor)}{SPACE}x" for rate, factor in zip(rates, factors, strict=True)]
        lines.append(_row(label, cells))
    operations = _rates(report, ENGINE, workloads, "synaptic_operations_per_second")
    chip = report["chip"]["synaptic_operations_per_second"]
    lines.append(_row(f"synaptic operations/s, event level (the chip does {_mega(chip)})", operations))
    for label, who in TIMES_OF_A_TABLE.items():
        factors = _factors(report, who + COMPARED, who, workloads)
        lines.append(_row(label, [_extra(factor) for factor in factors]))
    return "\n".join([*lines, "", *_sentences(report)]) + "\n"


def _about(report: Report) -> str:
    machine, origin, versions = report["machine"], report["origin"], report["versions"]
    tools = ", ".join(f"{name.capitalize()} {versions[name]}" for name in ("python", "numba", "verilator", "icarus"))
    return (
        f"`{origin['command']}` on {machine['date'][:10]}, commit {origin['commit'][:7]}, {machine['cpu']} with"
        f" {machine['cores']} cores and a load of {machine['load_average']}. {tools}. Medians of {report['rounds']}"
        " rounds."
    )


def _sentences(report: Report) -> Iterator[str]:
    """Sentences about many chips at once and benches in cocotb, which have no column."""
    for ratio in (r for r in report["ratios"] if r["workload"] == "batch"):
        yield f"Sixteen chips on two cores run {ratio['median']:.1f} times as fast as on one core."
    cocotb = {r["to"]: r["median"] for r in report["ratios"] if r["workload"] == "cocotb"}
    if not cocotb:
        return
    rate = {f["name"]: f["clocks_per_second"]["median"] for f in report["figures"] if f["workload"] == "cocotb"}
    yield (
        f"A cocotb test of our RTL in Verilator runs at {_mega(rate['cocotb, in lockstep'])} clocks/s in lockstep with"
        f" the model. This takes {cocotb['cocotb, driven only']:.3g} times as long as a test without the model. It is"
        f" {cocotb['cocotb, two pins read a clock']:.2g} times as fast as a bench that reads two pins at each clock in"
        f" Python, at {_mega(rate['cocotb, two pins read a clock'])} clocks/s."
    )


def _rates(report: Report, who: str, workloads: list[str], quantity: str = "clocks_per_second") -> list[str]:
    figures = {f["workload"]: f for f in report["figures"] if f["name"] == who}
    return [_mega(figures[name][quantity]["median"]) for name in workloads]


def _factors(report: Report, who: str, reference: str, workloads: list[str]) -> list[float]:
    factors = {r["workload"]: r["median"] for r in report["ratios"] if (r["of"], r["to"]) == (who, reference)}
    return [factors[name] for name in workloads]


def _extra(factor: float) -> str:
    """The extra time in percent. Less than half a percent is noise, and so is a gain."""
    percent = round(100 * (factor - 1))
    return f"{percent} %" if percent > 0 else "below 1 %"


def _mega(number: float) -> str:
    """A number in millions."""
    return f"{_number(number / 1e6)}{SPACE}M"


def _number(number: float) -> str:
    """Two digits below 10, three below 100, and a whole number from there on."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}" if number >= 10 else f"{number:#.2g}"


def _row(first: str, cells: list[str]) -> str:
    return f"| {' | '.join([first, *cells])} |"


def without_paths(report: Report) -> Report:
    """Return the report of a bench with the name of a folder in place of its path, and without where it wrote."""
    folder = report["rtl"]
    if not folder:
        return report
    parts = Path(folder).parts[-2:] if Path(folder).name == "src" else Path(folder).parts[-1:]
    text = re.sub(r' (-o|--output) [^\s"]+', "", json.dumps(report).replace(folder, "/".join(parts)))
    cleaned: Report = json.loads(text)
    return cleaned


def main(paths: list[str]) -> None:
    """Keep these measurements, and fill in the page."""
    for path in paths:
        report = without_paths(json.loads(Path(path).read_text()))
        content = {key: value for key, value in report.items() if key not in ("schema", "version")}
        schema.write(FOLDER / f"{report['chip']['name']}.json", "bench", content)
    text = fill(PAGE.read_text())
    with replacing(PAGE) as temporary:
        temporary.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
