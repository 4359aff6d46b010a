"""The result of a replay, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from draupnir.golden.case import Case
from draupnir.golden.compare.difference import memory_lines
from draupnir.golden.replay import ReplayResult


def as_object(result: ReplayResult) -> dict[str, Any]:
    """Return the result for JSON, without its schema."""
    mismatches = [mismatch.as_object() for mismatch in result.mismatches]
    fields = {"holds": result.holds, **asdict(result), "mismatches": mismatches, "output_bits": result.bits.as_object()}
    del fields["bits"]
    return fields


def lines(result: ReplayResult, case: Case | None = None) -> Iterator[str]:
    """Yield the lines of the result; case : the golden case of the waveform, if it is one."""
    for mismatch in result.mismatches:
        yield from mismatch.lines()
    for difference in result.memories:
        yield from memory_lines(difference)
    yield f"{result.n_cycles} cycles, {result.n_pins} pins, {result.n_mismatches} mismatches"
    yield f"{result.bits}{_by_pin('; X or Z', result.bits.unknown)}"
    yield f"{result.n_cycles / result.seconds:,.0f} cycles/s; pins in scope {result.scope or '(top)'}"
    for shortfall in result.shortfalls:
        yield f"nothing proven: {shortfall}"
    if any(" is X or Z" in shortfall for shortfall in result.shortfalls):
        yield "a pin that was not recorded is left out with --ignore PIN"
    yield from _extent(result)
    if result.unknown_inputs:
        yield f"taken as 0{_by_pin(': inputs that are X or Z, clocks', result.unknown_inputs)}"
    if result.n_mismatches or any(m.n_differing for m in result.memories):
        yield from _hints(result, case)
    for warning in result.warnings:
        yield f"warning: {warning}"


def _extent(result: ReplayResult) -> Iterator[str]:
    """Yield lines that say which part of the recording was compared."""
    if result.stopped:
        yield "stopped at the limit of mismatches (--max-mismatches); memories were not compared"
    if n_early := result.early.n_cycles:
        would = f"{result.early.n_mismatches:,} of them would differ; --from-power-up compares them"
        yield f"{n_early:,} clocks before the first reset had acted, not compared ({would})"
    if result.sample_time:
        yield f"each sample is a clock; samples are {result.sample_time} apart"
    if result.n_outputs_after:
        yield f"{result.n_outputs_after:,} changes of outputs after the last clock edge, not compared"
    if result.broken_off:
        yield f"the file breaks off in {result.broken_off}; it was read up to its last whole change"


def _hints(result: ReplayResult, case: Case | None) -> Iterator[str]:
    """Yield lines that name other possible causes of a difference than the chip."""
    if result.n_mismatches and result.n_together and not result.inputs_first:
        yield (
            f"at {result.n_together} clock edges inputs changed at the very time, and were taken to do so after it; "
            "--at-edge before takes them before it (golden/README.md says when that is right)"
        )
    if result.unloaded:
        text = f"memories that started at 0: {', '.join(result.unloaded)}"
        images = case.before if case else {}
        if images_to_load := {name: images[name] for name in result.unloaded if name in images}:
            options = " ".join(f"--load {name}={file}" for name, file in images_to_load.items())
            yield f"{text}; this case's do not: give its folder, or {options}"
        else:
            yield f"{text}; --load MEM=FILE starts one from an image"


def _by_pin(title: str, counts: Mapping[str, int]) -> str:
    """Return counts by pin as text, "" if there are none."""
    return f"{title}: {', '.join(f'{pin} {n:,}' for pin, n in counts.items())}" if counts else ""
