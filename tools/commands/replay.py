"""`draupnir replay`: compare a recorded waveform with a chip's golden model."""

from __future__ import annotations

from pathlib import Path

import click

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.golden import replay_report
from draupnir.golden.case import case_at
from draupnir.golden.replay import replay_recording
from draupnir.golden.wave import Reading, end_time
from draupnir.tools.report import schema
from draupnir.tools.terminal.arguments import (
    SEED,
    AliasedOption,
    chip_argument,
    declaration_of,
    json_option,
    set_option,
)
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.options import images
from draupnir.tools.terminal.progress import progress

HIGHEST = (1 << 63) - 1


@click.command("replay")
@chip_argument
@click.argument("wave", metavar="WAVE", type=click.Path(path_type=Path))
@click.option("--scope", metavar="S", help="The scope of the pins, if several scopes have them, for instance tb.dut.")
@click.option(
    "--load", "load", metavar="MEM=FILE", multiple=True, help="Memory image ($readmemh) before the first edge."
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
    help="Start registers that have no reset at random values.",
)
@click.option(
    "--at-edge",
    type=click.Choice(["after", "before"]),
    default="after",
    show_default=True,
    help="An input that changes exactly at a clock edge changes after it, or before it.",
)
@click.option(
    "--from-power-up",
    is_flag=True,
    help="All registers are 0 at the first edge: also compare the clocks before the first reset.",
)
@click.option(
    "--ignore",
    metavar="PIN",
    multiple=True,
    help="A pin that the recording lacks: an output is not compared, an input is 0.",
)
@click.option(
    "--clock-per-sample",
    is_flag=True,
    help="The recording has no clock: each sample stands for one clock, just before its edge.",
)
@click.option(
    "--sample-time",
    metavar="T",
    type=click.IntRange(1, HIGHEST),
    help="Time between two samples, in the file's unit, if the file does not show it.",
)
@set_option
@click.option("--plain-clock", is_flag=True, help="Run every clock by itself: slower, with the same results.")
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
    """Compare a recorded waveform (VCD or FST) with the golden model: every output pin before every clock edge.

    WAVE may also be the folder of a golden case. Its memory images are then loaded at the start and compared at the
    end.

    Clocks before the first reset takes effect are counted, but not compared. A recording without a reset, a golden
    case, and any recording with --from-power-up are compared from their first clock.

    An output that is X or Z is skipped and counted. The comparison proves nothing, and fails, if an output stays X or Z
    to the end for more than half of the clocks, or if an input is X or Z at all clocks.

    Exit status: 0 no mismatch, 1 a mismatch or nothing proven, 2 the input is wrong.

    \b
    Example: draupnir replay odin capture.vcd --scope tb.dut --expect neurons=after.hex
    """
    if sample_time is not None and not clock_per_sample:
        raise InputError("--sample-time: only with --clock-per-sample; a recording with a clock has no samples")
    images_before, images_after = images("--load", load), images("--expect", expect)
    case = case_at(wave, chip)
    declaration = declaration_of(chip, settings, case.parameters if case else None)
    model = chips.model(chip, declaration.sizes)(random_state)
    model.stretch = not plain_clock
    reading = Reading(scope, at_edge == "before", ignore, clock_per_sample, sample_time, from_power_up)
    wave_file = case.wave if case else wave
    total = end_time(wave_file) if wave_file.is_file() else 0
    with progress(wave_file.name, total, "time units") as advance:
        result = replay_recording(model, wave, reading, images_before, images_after, max_mismatches, advance)
    if as_json:
        schema.echo("replay", replay_report.as_object(result))
    else:
        for line in replay_report.lines(result, case):
            click.echo(line)
    if not result.holds:
        raise DifferenceFound
