"""The figures of a sign-off: a number for each name, such as ``cover.ours.line``, or None if it was not measured."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from draupnir.tools.proofs.job import KERNELS, OURS
from draupnir.tools.signoff.results import Evidence, Result

SIDES = ("ours", "original")
KINDS = ("line", "branch", "expression", "toggle")
WHOLE_CHIP = ("clock-edge", "pin-edges")  # the parts of a proof of a whole chip
Figures = dict[str, float | None]


def figures(evidence: Evidence, golden_cases: Collection[str], quirks: int) -> Figures:
    """Return all figures of the current results; a share is in percent, and 100 only if nothing is missing.

    golden_cases : the names of the chip's golden cases
    """
    numbers: Figures = {"golden.cases": len(golden_cases), "golden.quirks": quirks}
    numbers["results.stale"] = sum(bool(result.stale) for result in evidence.results)
    numbers["results.failing"] = sum(result.fails for result in evidence.results)
    numbers["regress.model.cases"] = _cases(_regressions(evidence, "ours", of_model=True), golden_cases)
    for side in SIDES:
        regressions, sims = _regressions(evidence, side), evidence.select("sim", side)
        numbers[f"regress.{side}.cases"] = _cases(regressions, golden_cases)
        numbers[f"sim.{side}.tests"] = _tests(sims)
        simulators = {one.simulator for one in (*regressions, *sims)}
        numbers[f"tests.{side}.simulators"] = len(simulators) or None
        numbers |= _coverage(side, evidence.select("cover", side))
        numbers |= _mutants(side, evidence.select("mutate", side))
    return numbers | _proofs(evidence.select("prove")) | _faults(evidence.select("inject"))


def percent(part: int, whole: int) -> float | None:
    """Return a share in percent, which is 100 only if nothing is missing, and None of nothing."""
    if not whole:
        return None
    return 100.0 if part == whole else min(round(100 * part / whole, 2), 99.99)


def case_holds(case: dict[str, Any]) -> bool:
    """Tell whether a golden case was run to its end, and holds."""
    return bool(case["holds"]) and case.get("words") is not None


def largest(results: Sequence[Result]) -> Result | None:
    """Return the result with most mutants, cases, or runs."""

    def size(result: Result) -> int:
        content = result.content
        return len(content["cases"]) if result.command == "cover" else int(content.get("mutants") or runs(result))

    return max(results, key=size, default=None)


def runs(result: Result) -> int:
    """Return the number of faults of a result of ``draupnir inject``."""
    return sum(result.content.get("outcomes", {}).values()) if result.command == "inject" else 0


def tests(result: Result) -> list[tuple[str, bool]]:
    """Return each test of a result of ``draupnir sim``, and whether it passed."""
    if "tests" not in result.content:
        return [(str(result.content.get("source") or "main job"), not result.fails)]
    return [(str(test["test"]), bool(test["passed"])) for test in result.content["tests"]]


def _regressions(evidence: Evidence, side: str, of_model: bool = False) -> list[Result]:
    return [one for one in evidence.select("regress", side) if (one.simulator == "model") is of_model]


def _cases(results: Sequence[Result], golden_cases: Collection[str]) -> float | None:
    """The share of the golden cases that hold in a result, and fail in none."""
    if not results:
        return None
    cases = [case for result in results for case in result.content["cases"] if case["case"] in golden_cases]
    good = {case["case"] for case in cases if case_holds(case)} - {case["case"] for case in cases if not case["holds"]}
    return percent(len(good), len(golden_cases))


def _tests(results: Sequence[Result]) -> float | None:
    passed = [ok for result in results for _, ok in tests(result)]
    return percent(sum(passed), len(passed))


def _coverage(side: str, results: Sequence[Result]) -> Figures:
    result = largest(results)
    rows = result.content["figures"] if result else {}
    shares: Figures = {}
    for kind in KINDS:
        row = rows.get(kind)
        shares[f"cover.{side}.{kind}"] = percent(row["hit"], row["of"] - row["waived"]) if row else None
    waivers = result.content["waivers"] if result else []
    n_proved = sum(one["proved"] for one in waivers)
    by_proof = percent(n_proved, sum(one["points"] for one in waivers))
    shares[f"cover.{side}.waived_by_proof"] = 100.0 if result and by_proof is None else by_proof
    return shares


def _mutants(side: str, results: Sequence[Result]) -> Figures:
    result, name = largest(results), f"mutate.{side}"
    if result is None:
        return dict.fromkeys(f"{name}.{part}" for part in ("mutants", "killed", "killed_of_decided", "undecided"))
    n = result.content
    return {
        f"{name}.mutants": n["mutants"],
        f"{name}.killed": percent(n["killed"], n["mutants"] - n["equivalent"]),
        f"{name}.killed_of_decided": percent(n["killed"], n["killed"] + n["hole"]),
        f"{name}.undecided": 100 * n["open"] / n["mutants"] if n["mutants"] else None,
    }


def proofs(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return the newest proof of each part and RTL."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for result in sorted(results, key=lambda one: str(one.origin["date"])):
        newest |= {(one["part"], one.get("rtl", "")): one for one in result.content["proofs"]}
    return list(newest.values())


def _proofs(results: Sequence[Result]) -> Figures:
    every = proofs(results)
    # The original has the name of the module that the proof is about.
    by_side = {
        "ours": [one for one in every if one.get("rtl") == OURS],
        "original": [one for one in every if one.get("rtl") not in (OURS, KERNELS)],
    }
    numbers: Figures = {
        "prove.proofs": len(every) if results else None,
        "prove.holding": percent(sum(one["holds"] is True for one in every), len(every)),
    }
    for side, of_side in by_side.items():
        whole = [one for one in of_side if one["part"] in WHOLE_CHIP]
        for part, some in (("proved", of_side), ("whole_chip", whole)):
            numbers[f"prove.{side}.{part}"] = sum(one["holds"] is True for one in some) if some else None
    return numbers


def _faults(results: Sequence[Result]) -> Figures:
    result = largest(results)
    if result is None:
        return dict.fromkeys(("inject.runs", "inject.null_runs", "inject.null_runs_that_differ", "inject.in_rtl"))
    return {
        "inject.runs": runs(result),
        "inject.null_runs": result.content["null_runs"],
        "inject.null_runs_that_differ": result.content["null_runs_that_differ"],
        "inject.in_rtl": max(int(one.content.get("in_rtl") or 0) for one in results) or None,
    }
