"""`draupnir replay`: compare a recorded waveform with a chip's golden model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.golden import replay_report
from draupnir.golden.case import case_at
from draupnir.golden.replay import ReplayResult, replay_recording
from draupnir.golden.wave import Reading, end_time
from draupnir.golden.waves import replayed
from draupnir.golden.waves.watch import WaveView
from draupnir.tools.report import schema
from draupnir.tools.terminal import outputs
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
from draupnir.tools.terminal.waves import WaveOptions, wave_options

HIGHEST = (1 << 63) - 1
PAIRS = Path("build/replay")  # the folder of waveforms around a mismatch


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
@wave_options
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
    wave_options: WaveOptions,
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

    With --waves the golden model's pins and registers go to a waveform, and the recorded pins beside them. At a
    mismatch such a waveform of some clocks around it goes to build/replay.

    Exit status: 0 no mismatch, 1 a mismatch or nothing proven, 2 the input is wrong.

    \b
    Example: draupnir replay odin capture.vcd --scope tb.dut --expect neurons=after.hex
             draupnir replay odin capture.vcd --waves out.fst --window 1000:2000 --watch neurons=0,17
    """
    if sample_time is not None and not clock_per_sample:
        raise InputError("--sample-time: only with --clock-per-sample; a recording with a clock has no samples")
    images_before, images_after = images("--load", load), images("--expect", expect)
    case = case_at(wave, chip)
    declaration = declaration_of(chip, settings, case.parameters if case else None)
    view = wave_options.view(declaration)
    inputs = {"WAVE": wave, **_by_option("--load", images_before), **_by_option("--expect", images_after)}
    outputs.check(inputs, wave_options.files())

    def new_model() -> Any:
        model = chips.model(chip, declaration.sizes)(random_state)
        model.stretch = not plain_clock
        return model

    reading = Reading(scope, at_edge == "before", ignore, clock_per_sample, sample_time, from_power_up)
    wave_file = case.wave if case else wave
    total = end_time(wave_file) if wave_file.is_file() else 0
    with progress(wave_file.name, total, "time units") as advance:
        result = replay_recording(new_model(), wave, reading, images_before, images_after, max_mismatches, advance)
    recording = replayed.DrawnRecording(new_model, wave, reading, images_before)
    files = _waveforms(recording, result, wave_options.waves, view, PAIRS / f"{case.name if case else wave.stem}.fst")
    if as_json:
        schema.echo("replay", {**replay_report.as_object(result), "waves": [str(file) for file in files]})
    else:
        for line in (*replay_report.lines(result, case), *(f"waveform: {file}" for file in files)):
            click.echo(line)
    if not result.holds:
        raise DifferenceFound


def _by_option(option: str, files: Mapping[str, Path]) -> dict[str, Path]:
    return {f"{option} {name}=": file for name, file in files.items()}


def _waveforms(
    recording: replayed.DrawnRecording, result: ReplayResult, path: Path | None, view: WaveView | None, pair: Path
) -> list[Path]:
    """Write the waveform that the user wants, and one around a difference that it does not show; return the files."""
    files, shows_difference = [], False
    if path is not None and view is not None:
        shows_difference = recording.write(path, view)
        files.append(path)
    around = replayed.around_difference(result)
    if around is not None and not shows_difference:
        pair.parent.mkdir(parents=True, exist_ok=True)
        recording.write(pair, around)
        files.append(pair)
    return files
