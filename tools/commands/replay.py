"""`draupnir replay`: hold a recorded waveform against a chip's golden model."""

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
        schema.echo("replay", replay_report.as_object(result))
    else:
        for line in replay_report.lines(result, case):
            click.echo(line)
    if not result.holds:
        raise DifferenceFound
