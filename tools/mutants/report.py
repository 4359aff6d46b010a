"""The report of a campaign: counts by module, both rates, and each mutant that no test kills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from draupnir.tools.mutants.campaign import FOR_LONG, MutantOutcome
from draupnir.tools.proofs.induction import HORIZON

VERDICTS = ("killed", "equivalent", "hole", "open")


@dataclass
class MutantCounts:
    """Numbers of mutants by verdict."""

    by_verdict: Counter[str] = field(default_factory=Counter)

    @property
    def n_mutants(self) -> int:
        return self.by_verdict.total()

    @property
    def n_distinguishable(self) -> int:
        """The mutants that are not proved equivalent."""
        return self.n_mutants - self.by_verdict["equivalent"]

    def as_json(self) -> dict[str, Any]:
        """The counts for JSON."""
        return {"mutants": self.n_mutants, **{verdict: self.by_verdict[verdict] for verdict in VERDICTS}}


def by_module(outcomes: Sequence[MutantOutcome]) -> dict[str, MutantCounts]:
    """Return the counts of each module, in the order of their names."""
    counts: dict[str, MutantCounts] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.mutant.module_name):
        counts.setdefault(outcome.mutant.module_name, MutantCounts()).by_verdict[outcome.verdict] += 1
    return counts


def total(outcomes: Sequence[MutantOutcome]) -> MutantCounts:
    """Return the counts of all modules together."""
    return MutantCounts(Counter(outcome.verdict for outcome in outcomes))


def n_survivors(outcomes: Sequence[MutantOutcome]) -> int:
    """Return the number of mutants that no test kills and that are not proved equivalent."""
    counts = total(outcomes).by_verdict
    return counts["hole"] + counts["open"]


def as_json(
    chip: str, rtl: str, outcomes: Sequence[MutantOutcome], left_out: Sequence[str], origin: Mapping[str, Any]
) -> dict[str, Any]:
    """The report for JSON; left_out : the cases that do not count"""
    return {
        "chip": chip,
        "rtl": rtl,
        **total(outcomes).as_json(),
        "equivalent_for_long": _n_for_long(outcomes),
        "modules": {name: counts.as_json() for name, counts in by_module(outcomes).items()},
        "outcomes": [outcome.as_json() for outcome in _sorted(outcomes)],
        "cases_left_out": list(left_out),
        "origin": dict(origin),
    }


def lines(outcomes: Sequence[MutantOutcome]) -> Iterator[str]:
    """Yield the report as text."""
    modules, every = by_module(outcomes), total(outcomes)
    width = max([len(name) for name in modules] + [len("module")])
    yield f"{'module':{width}}" + "".join(f"{title:>12}" for title in ("mutants", *VERDICTS))
    for name, counts in modules.items():
        yield f"{name:{width}}{counts.n_mutants:12,}" + "".join(f"{counts.by_verdict[v]:12,}" for v in VERDICTS)
    yield from (str(outcome) for outcome in _sorted(outcomes) if outcome.verdict in ("hole", "open"))
    n_killed = every.by_verdict["killed"]
    yield f"tests kill {n_killed:,} of {every.n_mutants:,} mutants{_share(n_killed, every.n_mutants)}"
    if n_equivalent := every.by_verdict["equivalent"]:
        n_for_long = _n_for_long(outcomes)
        clocks = f" ({n_for_long:,} of them for {HORIZON:,} clocks)" if n_for_long else ""
        yield (
            f"{n_equivalent:,} are proved equivalent{clocks}; tests kill {n_killed:,} of the other"
            f" {every.n_distinguishable:,}{_share(n_killed, every.n_distinguishable)}"
        )


def _n_for_long(outcomes: Sequence[MutantOutcome]) -> int:
    """The number of mutants that are equivalent only for HORIZON clocks."""
    return sum(outcome.proof == FOR_LONG for outcome in outcomes)


def _share(part: int, whole: int) -> str:
    return f" ({100 * part / whole:.1f} %)" if whole else ""


def _sorted(outcomes: Sequence[MutantOutcome]) -> list[MutantOutcome]:
    return sorted(outcomes, key=lambda outcome: outcome.mutant.number)
