"""`draupnir replay`: hold a recorded waveform against a chip's golden model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.golden.case import Case, case_at
from draupnir.golden.compare.difference import memory_lines
from draupnir.golden.replay import ReplayResult, replay_recording
from draupnir.golden.wave import Reading, end_time
from draupnir.tools.report import schema
from draupnir.tools.terminal.arguments import SEED, AliasedOption, chip_argument, declared, json_option, set_option
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.options import images
from draupnir.tools.terminal.progress import progress

HIGHEST = (1 << 63) - 1


@click.command("replay")
@chip_argument
@click.argument("wave", metavar="WAVE", type=click.Path(path_type=Path))
@click.option("--scope", metavar="S", help="Where the pins are, dotted, if several scopes have them: tb.dut")
@click.option(
    "--load", "load", metavar="MEM=FILE", multiple=True, help="Memory image before the first edge ($readmemh)."
)
@click.option("--expect", metavar="MEM=FILE", multiple=True, help="Memory image to compare with after the last edge.")
@click.option(
    "--max-mismatches",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Stop after N cycles with a difference.",
)
@click.option(
    "--seed",
    "--random-state",
    "random_state",
    cls=AliasedOption,
    aliases=("--random-state",),
    metavar="N",
    type=SEED,
    help="Start registers without reset at random.",
)
@click.option(
    "--at-edge",
    type=click.Choice(["after", "before"]),
    default="after",
    show_default=True,
    help="Inputs that change at the very time of a clock edge do so after it, or before.",
)
@click.option(
    "--from-power-up",
    is_flag=True,
    help="All registers are 0 at the first edge: compare the clocks before the first reset, too.",
)
@click.option(
    "--ignore", metavar="PIN", multiple=True, help="A pin that is not recorded: an output is not compared, an input 0."
)
@click.option(
    "--clock-per-sample", is_flag=True, help="The recording has no clock: each of its samples is one, before the edge."
)
@click.option(
    "--sample-time",
    metavar="T",
    type=click.IntRange(1, HIGHEST),
    help="Time between two samples, in the file's unit, where its own times do not tell.",
)
@set_option
@click.option("--plain-clock", is_flag=True, help="Run every clock by itself, without stretches: the same, later.")
@json_option
def command(
    chip: str,
    wave: Path,
    scope: str | None,
    load: tuple[str, ...],
    expect: tuple[str, ...],
    max_mismatches: int,
    random_state: int | None,
    at_edge: str,
    from_power_up: bool,
    ignore: tuple[str, ...],
    clock_per_sample: bool,
    sample_time: int | None,
    settings: tuple[str, ...],
    plain_clock: bool,
    as_json: bool,
) -> None:
    """Hold a recorded waveform (VCD or FST) against the golden model, every output pin before every clock edge.

    WAVE may be the folder of a golden case: its memory images are then loaded and expected.

    Clocks before the first reset has acted are counted apart and not held against the chip; a recording without a
    reset, a golden case, and any with --from-power-up are compared from their first clock. An output that is X or Z is
    skipped and counted. It must not be X or Z for ever (at more than half of the clocks, up to the last one), and an
    input not at all clocks: that would prove nothing.

    Exit status: 0 no mismatch, 1 a mismatch or nothing proven, 2 the input is at fault.

    \b
    Example: draupnir replay odin capture.vcd --scope tb.dut --expect neurons=after.hex
    """
    if sample_time is not None and not clock_per_sample:
        raise InputError("--sample-time: only with --clock-per-sample; a recording with a clock has no samples")
    before, after = images("--load", load), images("--expect", expect)
    case = case_at(wave, chip)
    declaration = declared(chip, settings, case.parameters if case else None)
    model = chips.model(chip, declaration.sizes)(random_state)
    model.stretch = not plain_clock
    reading = Reading(scope, at_edge == "before", ignore, clock_per_sample, sample_time, from_power_up)
    recorded = case.wave if case else wave
    total = end_time(recorded) if recorded.is_file() else 0
    with progress(recorded.name, total, "time units") as advance:
        result = replay_recording(model, wave, reading, before, after, max_mismatches, advance)
    if as_json:
        schema.echo("replay", _object(result))
    else:
        for line in report(result, case):
            click.echo(line)
    if not result.holds:
        raise DifferenceFound


def _object(result: ReplayResult) -> dict[str, Any]:
    mismatches = [mismatch.as_object() for mismatch in result.mismatches]
    found = {"holds": result.holds, **asdict(result), "mismatches": mismatches, "output_bits": result.bits.as_object()}
    del found["bits"]
    return found


def report(result: ReplayResult, case: Case | None = None) -> Iterator[str]:
    """The result in words, a line each. case : the golden case whose waveform it is, if it is one's"""
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
    """What of the recording was compared, and what was not."""
    if result.stopped:
        yield "stopped at the limit of mismatches (--max-mismatches); memories were not compared"
    if early := result.early.n_cycles:
        would = f"{result.early.n_mismatches:,} of them would differ; --from-power-up compares them"
        yield f"{early:,} clocks before the first reset had acted, not compared ({would})"
    if result.sample_time:
        yield f"each sample is a clock; samples are {result.sample_time} apart"
    if result.n_outputs_after:
        yield f"{result.n_outputs_after:,} changes of outputs after the last clock edge, not compared"
    if result.broken_off:
        yield f"the file breaks off in {result.broken_off}; it was read up to its last whole change"


def _hints(result: ReplayResult, case: Case | None) -> Iterator[str]:
    """What else may be at fault than the chip."""
    if result.n_mismatches and result.n_together and not result.inputs_first:
        yield (
            f"at {result.n_together} clock edges inputs changed at the very time, and were taken to do so after it; "
            "--at-edge before takes them before it (golden/README.md says when that is right)"
        )
    if result.unloaded:
        started = f"memories that started at 0: {', '.join(result.unloaded)}"
        images = case.before if case else {}
        if missing := {name: images[name] for name in result.unloaded if name in images}:
            options = " ".join(f"--load {name}={file}" for name, file in missing.items())
            yield f"{started}; this case's do not: give its folder, or {options}"
        else:
            yield f"{started}; --load MEM=FILE starts one from an image"


def _by_pin(what: str, counts: Mapping[str, int]) -> str:
    """Counts by pin in words, empty if there are none."""
    return f"{what}: {', '.join(f'{pin} {n:,}' for pin, n in counts.items())}" if counts else ""
