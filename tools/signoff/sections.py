"""The tables of a sign-off page. The page and signoff.json have the same tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from draupnir.golden.case import Case
from draupnir.tools.signoff import figures
from draupnir.tools.signoff.results import KEYS, Evidence, Result
from draupnir.tools.signoff.stages import CheckedLine, number

Row = tuple[str, ...]
COMMANDS = {"sim": " --test all", "inject": " --workload first"}  # the options that a command needs


@dataclass(frozen=True)
class Section:
    """A table with a title. notes : sentences below the title; is_open : True if the page shows it at once"""

    title: str
    header: Row = ()
    rows: Sequence[Row] = ()
    notes: Sequence[str] = field(default_factory=list)
    is_open: bool = True

    def as_object(self) -> dict[str, Any]:
        """Return the table for JSON."""
        return {
            "title": self.title,
            "notes": list(self.notes),
            "header": list(self.header),
            "rows": [list(row) for row in self.rows],
        }


def not_measured(evidence: Evidence, chip: str) -> list[str]:
    """Return a line for each command that left no result that counts."""
    present = {result.command for result in evidence.current}
    return [f"not measured: draupnir {name} {chip}{COMMANDS.get(name, '')}" for name in KEYS if name not in present]


def checklist(lines: Sequence[CheckedLine]) -> Section:
    """Return the whole checklist."""
    rows = [
        (line.stage, line.requirement, line.limit_text, number(line.measured), "yes" if line.holds else "NO", line.gap)
        for line in lines
    ]
    return Section("The checklist", ("stage", "what", "needed", "measured", "fulfilled", "missing"), rows)


def results(evidence: Evidence) -> Section:
    """Return where each result comes from, and whether it counts."""
    header = ("result", "counts", "date", "commit", "Verilog", "seeds", "command", "file")
    return Section("Where the results come from", header, [_result(one) for one in evidence.results], evidence.ignored)


def _result(result: Result) -> Row:
    origin = result.origin
    sources = origin["sources"]
    verilog = " ".join(str(sources.get(key, "")) for key in ("repository", "commit")) if sources else "our RTL"
    verdict = f"STALE: {result.stale}" if result.stale else "FAILS" if result.fails else "yes"
    texts = (origin["date"], origin["commit"], verilog, ", ".join(map(str, origin["seeds"])), origin["command"])
    return (str(result), verdict, *map(str, texts), str(result.path))


def tests(evidence: Evidence) -> Section:
    """Return the pass rates of golden cases and tests, by RTL, simulator and seed."""
    rows = []
    for result in (*evidence.select("regress"), *evidence.select("sim")):
        outcomes = _outcomes(result)
        n_good = sum(ok for _, ok in outcomes)
        kind = "golden cases" if result.command == "regress" else "tests"
        share = number(figures.percent(n_good, len(outcomes)))
        seeds = ", ".join(map(str, result.origin["seeds"]))
        failing = ", ".join(name for name, ok in outcomes if not ok)
        counts = (f"{n_good:,}", f"{len(outcomes):,}", share, f"{_n_cut(result):,}")
        rows.append((kind, result.side, result.simulator, seeds, *counts, failing))
    header = ("what", "RTL", "simulator", "seeds", "pass", "of", "%", "not run to their end", "these do not pass")
    return Section("Tests and simulators", header, rows)


def _outcomes(result: Result) -> list[tuple[str, bool]]:
    if result.command == "sim":
        return figures.tests(result)
    return [(str(case["case"]), bool(case["holds"])) for case in result.content["cases"]]


def _n_cut(result: Result) -> int:
    """The number of golden cases that were not run to their end."""
    return sum(case.get("words") is None for case in result.content.get("cases", []))


def coverage(evidence: Evidence) -> Iterator[Section]:
    """Yield coverage by kind, the waivers, the points that are open, and the functional groups."""
    results = evidence.select("cover")
    yield Section(
        "Coverage of the RTL by golden cases",
        ("RTL", "kind", "reached", "of", "waived", "% after waivers"),
        [(result.side, *row) for result in results for row in _kinds(result)],
    )
    every = [(result.side, one) for result in results for one in result.content["waivers"]]
    waivers = [
        (side, one["place"], _waived_by(one), str(one["points"]), str(one["proved"]), one["reason"])
        for side, one in every
    ]
    yield Section("Waivers", ("RTL", "place", "by", "points", "proved", "reason"), waivers, is_open=False)
    points = [
        (result.side, one["kind"], f"{str(one['file']).rpartition('/')[2]}:{one['line']}", one["name"], one["text"])
        for result in results
        for one in result.content["open"]
    ]
    yield Section("Points that no case reaches", ("RTL", "kind", "place", "point", "line"), points, is_open=False)
    groups = [
        (one["group"], f"{one['hit']:,}", f"{one['of']:,}", number(figures.percent(one["hit"], one["of"])))
        for result in results
        for one in result.content.get("functional") or []
    ]
    yield Section("Functional coverage", ("group", "reached", "of", "%"), groups, is_open=False)


def _kinds(result: Result) -> Iterator[Row]:
    for kind, row in result.content["figures"].items():
        share = number(figures.percent(row["hit"], row["of"] - row["waived"]))
        yield kind, f"{row['hit']:,}", f"{row['of']:,}", f"{row['waived']:,}", share


def mutants(evidence: Evidence) -> Iterator[Section]:
    """Yield the mutants by module, and those that are a hole or open."""
    verdicts = ("mutants", "killed", "equivalent", "hole", "open")
    rows = [
        (result.side, module, *(f"{counts[verdict]:,}" for verdict in verdicts))
        for result in evidence.select("mutate")
        for module, counts in {**result.content["modules"], "all": result.content}.items()
    ]
    header = ("RTL", "module", "mutants", "killed", "equivalent, proved", "hole", "open")
    yield Section("Mutants by module", header, rows)
    survivors = [
        (result.side, str(one["number"]), one["verdict"], one["module"], str(one.get("place", "")), _change(one))
        for result in evidence.select("mutate")
        for one in result.content.get("outcomes", [])
        if one["verdict"] in ("hole", "open")
    ]
    columns = ("RTL", "mutant", "verdict", "module", "place", "change")
    yield Section("Mutants that no case kills", columns, survivors, is_open=False)


def _change(outcome: dict[str, Any]) -> str:
    return " ".join(str(outcome.get(key, "")) for key in ("kind", "cell", "port", "bit")).strip()


def proofs(evidence: Evidence) -> Section:
    """Return all proofs, with claim, assumptions, solver and time."""
    verdicts = {True: "proved", False: "DIFFERS", None: "UNDECIDED"}
    rows = [
        (
            str(one["part"]),
            str(one.get("rtl", "")),
            verdicts[one["holds"]],
            str(one["claim"]),
            "; ".join(one["assumptions"]) or "none",
            str(one["solver"]),
            number(float(one["seconds"])),
        )
        for one in figures.proofs(evidence.select("prove"))
    ]
    header = ("part", "RTL", "outcome", "claim", "assumptions", "solver", "seconds")
    return Section("Proofs", header, rows)


def faults(evidence: Evidence) -> Section:
    """Return the outcomes of injected faults, by place."""
    rows, notes = [], []
    for result in evidence.select("inject"):
        content = result.content
        for one in content["groups"]:
            outcomes = ", ".join(f"{name} {n:,}" for name, n in one["outcomes"].items())
            shares = (f"{100 * one[key]:.2f}" for key in ("visible", "low", "high"))
            rows.append((one["place"], f"{one['faults']:,}", outcomes, *shares))
        notes.append(
            f"{figures.runs(result):,} faults; {content['null_runs_that_differ']:,} of {content['null_runs']:,} runs "
            f"without a fault differ; {int(content.get('in_rtl') or 0):,} faults were repeated in an RTL, "
            f"{len(content.get('different_in_rtl') or []):,} of them differ."
        )
    header = ("place", "faults", "outcomes", "visible, %", "at least (95 %)", "at most")
    return Section("Injected faults", header, rows, notes)


def cases(golden_cases: Iterable[Case]) -> Section:
    """Return the golden cases, and where they come from."""
    rows = [
        (one.name, one.source["kind"], _source(one), "" if one.seed is None else str(one.seed), one.why)
        for one in golden_cases
    ]
    return Section("Golden cases", ("case", "kind", "source", "seed", "what breaks if it differs"), rows, is_open=False)


def _source(case: Case) -> str:
    keys = ("repository", "commit", "simulator", "paper", "table")
    return ", ".join(case.source[key][:60] for key in keys if case.source.get(key))


def quirks(rows: Sequence[Row]) -> Section:
    """Return the quirks of a chip."""
    return Section("Quirks of the chip", ("quirk", "where", "golden cases"), rows, is_open=False)


def trend(now: figures.Figures, last: dict[str, Any] | None) -> Section:
    """Return the figures beside those of an earlier sign-off; last : its signoff.json, None if there is none"""
    if last is None:
        return Section("Trend", notes=["No earlier sign-off was given (--previous signoff.json)."])
    rows = []
    for name, figure in now.items():
        earlier = last["figures"].get(name)
        if figure != earlier:
            both = figure is not None and earlier is not None
            change = f"{figure - earlier:+,.2f}".rstrip("0").rstrip(".") if both else ""
            rows.append((name, number(earlier), number(figure), change))
    date = last.get("origin", {}).get("date", "")
    note = f"Compared with the sign-off of {date}, which had reached stage {last.get('stage')}."
    return Section("Trend", ("figure", "before", "now", "change"), rows, [note] if rows else [note, "Nothing changed."])


def _waived_by(waiver: dict[str, Any]) -> str:
    clocks = waiver.get("clocks")
    return f"{waiver['kind']}, for {clocks:,} clocks" if clocks else str(waiver["kind"])
