"""The outcomes of golden cases, as text and as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from draupnir.golden.compare import ComparedBits
from draupnir.golden.compare.agreement import bits_text
from draupnir.golden.regress import CaseOutcome

_HEAD = "   clocks  mismatches  words      X bits  first difference"


def lines(chip: str, device_name: str, outcomes: Sequence[CaseOutcome], seconds: float, report: Path) -> Iterator[str]:
    """Yield one line for each outcome, the reasons why a case does not hold, and the sum.

    device_name : the name of the device that was compared
    report : the folder of the waveforms of cases that do not hold
    """
    width = max(len(outcome.case.name) for outcome in outcomes)
    yield f"{chip}: {device_name}"
    yield f"{'case':{width}}{_HEAD}"
    for o in outcomes:
        words = "-" if o.n_words is None else str(o.n_words)
        counts = f"{o.n_cycles:7,}  {o.n_mismatches:10,}  {words:>5}  {o.n_unknown:10,}"
        yield f"{o.case.name:{width}}  {counts}  {_first(o)}"
    for outcome in outcomes:
        yield from (f"{outcome.case.name}: {reason}" for reason in _reasons(outcome))
        if not outcome.holds:
            yield from _differences(outcome)
        if outcome.n_mismatches and not outcome.holds:
            yield f"decoded: {_replay(chip, outcome, report)}"
        if outcome.pair is not None:
            yield f"waveform around it, beside the golden model: {outcome.pair}"
    yield from _sum(outcomes, seconds)


def as_object(outcomes: Sequence[CaseOutcome], initial: str) -> dict[str, Any]:
    """Return the outcomes for JSON, without their schema; initial : how registers started, in words."""
    return {
        "holds": all(outcome.holds for outcome in outcomes),
        "initial": initial,
        "output_bits": _bits_of(outcomes).as_object(),
        "cases": [_case(outcome) for outcome in outcomes],
    }


def _bits_of(outcomes: Sequence[CaseOutcome]) -> ComparedBits:
    return sum((outcome.agreement.bits for outcome in outcomes), ComparedBits())


def _first(outcome: CaseOutcome) -> str:
    if outcome.difference is None:
        return "none"
    return f"{outcome.difference} (undefined in the source)" if outcome.undefined else str(outcome.difference)


def _differences(outcome: CaseOutcome) -> Iterator[str]:
    """Yield the complete reports of the first different memory and of the first different pin."""
    for difference in (outcome.memory, outcome.difference):
        if difference:
            first, *more = difference.lines()
            yield from (f"{outcome.case.name}: {first}", *more)


def _reasons(outcome: CaseOutcome) -> Iterator[str]:
    """Yield the reasons why a case does not hold, or why it holds only because it allows undefined bits."""
    agreed = outcome.agreement
    if not agreed.bits.n_compared:
        yield f"nothing was compared: {agreed.bits}"
    elif (pins := agreed.not_compared(outcome.case.undefined)) and not outcome.is_drawn:
        yield f"never compared, because they are X or Z at every clock: {', '.join(pins)}; {agreed.bits}"
    if undeclared := outcome.undeclared:
        kind = "which the recording knows" if outcome.case.undefined is None else "more than the case allows"
        yield f"unknown bits, {kind}: {bits_text(undeclared, agreed.never)}; {agreed.bits}; see --initial"


def _sum(outcomes: Sequence[CaseOutcome], seconds: float) -> Iterator[str]:
    defined = [outcome for outcome in outcomes if not outcome.undefined]
    n_cycles, n_mismatches = sum(o.n_cycles for o in outcomes), sum(o.n_mismatches for o in defined)
    undefined = f", {len(outcomes) - len(defined)} undefined in the source" if len(defined) < len(outcomes) else ""
    if n_otherwise := sum(not o.as_recorded for o in outcomes):
        n_as_recorded = len(outcomes) - n_otherwise
        yield f"compared with this chip before synthesis, which does as recorded in {n_as_recorded} cases"
    if n_cut := sum(o.n_words is None for o in outcomes):
        yield f"memories not compared in {n_cut} of {len(outcomes)} cases, which were not run to their end"
    bits = _bits_of(outcomes)
    n_before = sum(outcome.agreement.n_before for outcome in outcomes)
    unknown = f" ({n_before:,} were unknown before the first reset)" if n_before else ""
    yield (
        f"{sum(o.holds for o in outcomes)} of {len(outcomes)} cases hold{undefined}: {n_cycles:,} clocks, "
        f"{n_mismatches:,} mismatches, {bits}{unknown}, {seconds:.1f} s"
    )


def _replay(chip: str, outcome: CaseOutcome, report: Path) -> str:
    """Return the command that compares the RTL's waveform with the golden model, and decodes the first mismatch."""
    words = ["draupnir", "replay", chip, str(report / f"{outcome.case.name}.fst"), "--from-power-up"]
    for name, file in outcome.case.before.items():
        words += ["--load", f"{name}={file}"]
    return shlex.join(words)


def _case(outcome: CaseOutcome) -> dict[str, Any]:
    agreed = outcome.agreement
    return {
        "case": outcome.case.name,
        "holds": outcome.holds,
        "undefined": outcome.undefined,
        "as_recorded": outcome.as_recorded,
        "clocks": outcome.n_cycles,
        "mismatches": outcome.n_mismatches,
        "words": outcome.n_words,
        "unknown": outcome.n_unknown,
        "output_bits": agreed.bits.as_object() | {"before_reset": agreed.n_before, "never_known": list(agreed.never)},
        "undeclared": outcome.undeclared,
        "first_difference": outcome.difference.as_object() if outcome.difference else None,
        "first_memory_difference": outcome.memory.as_object() if outcome.memory else None,
    }
