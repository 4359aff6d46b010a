"""What became of golden cases, in words and as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from draupnir.golden.compare import ComparedBits
from draupnir.golden.unknown import Held, listed
from draupnir.rtl.initial import Initial
from draupnir.tools.regress import Outcome

_HEAD = "   clocks  mismatches  words      X bits  first difference"


def lines(chip: str, what: str, outcomes: Sequence[Outcome], seconds: float, report: Path) -> Iterator[str]:
    """The outcomes as text, a line each, why a case does not hold, and the sum.

    what : names what was held; report : the folder of the waveforms of cases that do not hold
    """
    width = max(len(outcome.case.name) for outcome in outcomes)
    yield f"{chip}: {what}"
    yield f"{'case':{width}}{_HEAD}"
    for o in outcomes:
        words = "-" if o.n_words is None else str(o.n_words)
        counts = f"{o.n_cycles:7,}  {o.n_mismatches:10,}  {words:>5}  {o.n_unknown:10,}"
        yield f"{o.case.name:{width}}  {counts}  {_first(o)}"
    for outcome in outcomes:
        yield from (f"{outcome.case.name}: {reason}" for reason in _reasons(outcome))
        if outcome.memory:
            yield from (f"  {line}" for line in outcome.memory.context)
        if outcome.n_mismatches and not outcome.holds:
            yield f"decoded: {_replay(chip, outcome, report)}"
    yield from _sum(outcomes, seconds)


def as_json(outcomes: Sequence[Outcome], initial: Initial) -> dict[str, Any]:
    """The outcomes as JSON, without its schema."""
    return {
        "holds": all(outcome.holds for outcome in outcomes),
        "initial": str(initial),
        "output_bits": _bits_of(outcomes).as_object(),
        "cases": [_case(outcome) for outcome in outcomes],
    }


def _bits_of(outcomes: Sequence[Outcome]) -> ComparedBits:
    return sum((outcome.held.bits for outcome in outcomes), ComparedBits())


def _first(outcome: Outcome) -> str:
    if outcome.equal:
        return "none"
    first = str(outcome.differences[0])
    return f"{first} (undefined in the source)" if outcome.undefined else first


def _reasons(outcome: Outcome) -> Iterator[str]:
    """Why a case does not hold, and where it holds only because of what it leaves open."""
    held = outcome.held
    if not held.bits.n_compared:
        yield f"nothing was compared: {held.bits}"
    elif (pins := held.not_compared(outcome.case.undefined)) and not outcome.is_drawn:
        yield f"never compared, since X or Z at every clock: {', '.join(pins)}; {held.bits}"
    if undeclared := outcome.undeclared:
        kind = "which the recording knows" if outcome.case.undefined is None else "beyond what the case leaves open"
        yield f"unknown bits, {kind}: {listed(undeclared, held.never)}; {held.bits}; see --initial"
    if outcome.memory:
        yield f"{outcome.memory}; the golden model, driven by the same inputs, at that clock:"


def _sum(outcomes: Sequence[Outcome], seconds: float) -> Iterator[str]:
    defined = [outcome for outcome in outcomes if not outcome.undefined]
    n_cycles, n_mismatches = sum(o.n_cycles for o in outcomes), sum(o.n_mismatches for o in defined)
    undefined = f", {len(outcomes) - len(defined)} undefined in the source" if len(defined) < len(outcomes) else ""
    if n_otherwise := sum(not o.as_recorded for o in outcomes):
        n_as_recorded = len(outcomes) - n_otherwise
        yield f"compared with this chip before synthesis, which does as recorded in {n_as_recorded} cases"
    if n_cut := sum(o.n_words is None for o in outcomes):
        yield f"memories not compared in {n_cut} of {len(outcomes)} cases, which were not run to their end"
    bits = _bits_of(outcomes)
    before = sum(outcome.held.n_before for outcome in outcomes)
    unknown = f" ({before:,} were unknown before the first reset)" if before else ""
    yield (
        f"{sum(o.holds for o in outcomes)} of {len(outcomes)} cases hold{undefined}: {n_cycles:,} clocks, "
        f"{n_mismatches:,} mismatches, {bits}{unknown}, {seconds:.1f} s"
    )


def _replay(chip: str, outcome: Outcome, report: Path) -> str:
    """The command that holds what the RTL did against the golden model, and decodes the first mismatch."""
    words = ["draupnir", "replay", chip, str(report / f"{outcome.case.name}.fst"), "--from-power-up"]
    for name, file in outcome.case.before.items():
        words += ["--load", f"{name}={file}"]
    return shlex.join(words)


def _case(outcome: Outcome) -> dict[str, Any]:
    held: Held = outcome.held
    return {
        "case": outcome.case.name,
        "holds": outcome.holds,
        "undefined": outcome.undefined,
        "as_recorded": outcome.as_recorded,
        "clocks": outcome.n_cycles,
        "mismatches": outcome.n_mismatches,
        "words": outcome.n_words,
        "unknown": outcome.n_unknown,
        "output_bits": held.bits.as_object() | {"before_reset": held.n_before, "never_known": list(held.never)},
        "undeclared": outcome.undeclared,
        "differences": [asdict(difference) for difference in outcome.differences],
        "memory": asdict(outcome.memory) if outcome.memory else None,
    }
