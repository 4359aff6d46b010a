"""Runs of a chip that is programmed layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds import limits
from draupnir.tools.compile import packed
from draupnir.tools.layers.part import LAYERS, LayerDelays, LayerOutcome
from draupnir.tools.run.options import RunOptions
from draupnir.tools.terminal import outputs

if TYPE_CHECKING:
    from draupnir.golden.waves.watch import WaveView

LEFT_OUT = ("onto", "timesteps", "potentials", "save", "seed")
MOST_ROWS = 1 << 20  # clocks whose pins are kept in memory
OF_FOUR_PHASES = ("hold", "ack_hold")  # delays that a stream with valid and ready does not have


def run(chip: str, options: RunOptions, waves: Path | None = None, view: WaveView | None = None) -> LayerOutcome:
    """Run the layer that the options name, and write its output; waves, view : a waveform of it

    Raises InputError for an option that does not apply, and for files with a mistake.
    """
    options.refuse_beside(f"a run of {chip} layer by layer", *LEFT_OUT)
    for name in OF_FOUR_PHASES:
        if getattr(options, name) != 1:
            raise InputError(f"--{name.replace('_', '-')}: {chip} has streams, whose words have no second phase;"
                             " right is to leave it out")  # fmt: skip
    assert options.config is not None and options.events is not None
    outputs.check({"--config": options.config, "--events": options.events}, {"-o": options.output, "--waves": waves})
    form = LAYERS.require(chips.package(chip))
    layer = packed.read(options.config, chip)
    delays = LayerDelays(options.gap, options.ack_delay)
    if waves is None or view is None:
        return form.run(layer, options.events, options.output, delays, options.max_cycles)
    from draupnir.golden.waves.recorder import recording  # imported here, because other runs write no waveform
    from draupnir.tools.run.waves import driven

    most = MOST_ROWS if view.window.end is None else view.window.end
    limit = most if options.max_cycles is None else min(most, options.max_cycles)
    model, rows = form.pins(layer, options.events, delays, limit)
    with recording(model, waves, view) as recorder:
        recorder.feed(driven(model.chip, rows))
        return form.run(layer, options.events, options.output, delays, options.max_cycles)


def rows(outcome: LayerOutcome) -> Iterator[tuple[str, str]]:
    """The figures of a run: a name for people, and its text."""
    yield "events", f"{outcome.n_events:,}"
    yield "words", f"{outcome.n_words:,}"
    yield "spikes", f"{outcome.n_spikes:,}"
    yield "timesteps", f"{outcome.n_timesteps:,}"
    yield "clocks", f"{outcome.n_cycles:,}" + ("" if outcome.done else ", then stopped")
    yield "clocks a second (the run alone)", f"{outcome.n_cycles / max(outcome.seconds, 1e-9):,.0f}"


def warnings(outcome: LayerOutcome) -> Iterator[str]:
    """The reasons why a run is not complete."""
    progress = f"{outcome.n_sent:,} of {outcome.n_words:,} words are sent"
    if outcome.is_stuck:
        yield f"{progress}: the chip takes no further word, however long one waits"
    elif not outcome.done:
        yield f"{progress}: {limits.not_at_rest(outcome.n_cycles, outcome.n_spikes)}; --max-cycles N gives another"
