"""`draupnir replay`: hold a recorded waveform against a chip's golden model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from emulator import chips
from golden.compare import MemoryDifference, Mismatch, PinDifference, WordDifference
from golden.replay import Result, replay
from golden.wave import end_time
from tools import schema
from tools.arguments import SEED, AliasedOption, chip_argument, json_option
from tools.errors import Difference
from tools.options import images
from tools.progress import progress


@click.command("replay")
@chip_argument
@click.argument("wave", metavar="WAVE", type=click.Path(path_type=Path))
@click.option("--scope", metavar="S", help="Where the pins are, dotted, if several scopes have them: tb.dut")
@click.option(
    "--load", "load", metavar="MEM=FILE", multiple=True, help="Memory image before the first edge ($readmemh)."
)
@click.option("--expect", metavar="MEM=FILE", multiple=True, help="Memory image to compare with after the last edge.")
@click.option(
    "--max-mismatches", metavar="N", type=click.IntRange(min=1), default=1, show_default=True, help="Stop after N."
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
    as_json: bool,
) -> None:
    """Hold a recorded waveform (VCD or FST) against the golden model, every output pin before every clock edge.

    Exit status: 0 no mismatch, 1 a mismatch, 2 the input is at fault.

    \b
    Example: draupnir replay odin capture.vcd --scope tb.dut --expect neurons=after.hex
    """
    before, after = images("--load", load), images("--expect", expect)
    model = chips.model(chip)(random_state)
    total = end_time(wave) if wave.is_file() else 0
    with progress(wave.name, total, "time units") as advance:
        result = replay(model, wave, scope, before, after, max_mismatches, advance, at_edge == "before")
    if as_json:
        schema.echo("replay", {"holds": result.holds, **asdict(result)})
    else:
        for line in report(result):
            click.echo(line)
    if not result.holds:
        raise Difference


def report(result: Result) -> Iterator[str]:
    """The result in words, a line each."""
    for mismatch in result.mismatches:
        yield from _mismatch(mismatch)
    for difference in result.memories:
        yield from _memory(difference)
    yield f"{result.n_cycles} cycles, {result.n_pins} pins, {result.n_mismatches} mismatches"
    yield f"{result.n_cycles / result.seconds:,.0f} cycles/s; pins in scope {result.scope or '(top)'}"
    if result.stopped:
        yield "stopped at the limit of mismatches (--max-mismatches); memories were not compared"
    if result.n_output_x or result.n_input_x:
        yield f"X or Z at a clock edge: {result.n_output_x} outputs skipped, {result.n_input_x} inputs taken as 0"
    if result.n_mismatches and result.n_together and not result.inputs_first:
        yield (
            f"at {result.n_together} clock edges inputs changed at the very time, and were taken to do so after it; "
            "--at-edge before takes them before it (golden/README.md says when that is right)"
        )
    for warning in result.warnings:
        yield f"warning: {warning}"


def _mismatch(mismatch: Mismatch) -> Iterator[str]:
    yield f"mismatch at {mismatch.time_text}, cycle {mismatch.cycle}:"
    for pin in mismatch.pins:
        yield f"  {pin.pin}: expected {pin.expected:#x}, recorded {_recorded(pin)}"
    for line in mismatch.context:
        yield f"  {line}"
    if mismatch.last_events:
        yield "  last events:"
        for line in mismatch.last_events:
            yield f"    {line}"


def _recorded(pin: PinDifference) -> str:
    """The recorded level; in binary where a bit of it is X."""
    if pin.known == (1 << pin.width) - 1:
        return f"{pin.recorded:#x}"
    bits = range(pin.width - 1, -1, -1)
    return "0b" + "".join(str(pin.recorded >> b & 1) if pin.known >> b & 1 else "x" for b in bits)


def _memory(difference: MemoryDifference) -> Iterator[str]:
    if not difference.n_differing:
        yield f"{difference.memory}: all {difference.n_words} words equal {difference.file}"
        return
    yield f"{difference.memory}: {difference.n_differing} of {difference.n_words} words differ from {difference.file}"
    for word in difference.words:
        yield f"  {difference.memory}[{word.addr:#x}] ({word.view}): {_fields(word)}"
    if more := difference.n_differing - len(difference.words):
        yield f"  ... and {more} more"


def _fields(word: WordDifference) -> str:
    return ", ".join(f"{f.name} expected {f.model}, recorded {f.recorded}" for f in word.fields)
