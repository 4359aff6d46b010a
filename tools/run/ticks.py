"""Runs of a chip by its own timesteps, on the files of its own simulator."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds import levels
from draupnir.emulator.speeds.levels import TickLevel
from draupnir.golden.files import replacing
from draupnir.tools.run.options import RunOptions
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import declaration_of

LEFT_OUT = ("onto", "potentials", "save", "max_cycles", "seed")


@dataclass(frozen=True)
class TickOutcome:
    """The outcome of a run: its timesteps, its counts by name, and the seconds of the run itself."""

    n_timesteps: int
    counts: dict[str, int]
    seconds: float

    def rows(self) -> list[tuple[str, str]]:
        """Names and figures for people."""
        figures = [("timesteps", self.n_timesteps), *self.counts.items()]
        speed = ("timesteps a second (the run alone)", f"{self.n_timesteps / max(self.seconds, 1e-9):,.0f}")
        return [*((name.replace("_", " "), f"{n:,}") for name, n in figures), speed]


def network_of(
    chip: str | Chip, config: Path | None, events: Path | None, timesteps: int | None, settings: Sequence[str] = ()
) -> tuple[TickLevel, Any, int, dict[str, int]]:
    """The chip's level by timesteps, the network, the timesteps to run, and the sizes of the chip.

    chip : a declaration, or the name of a chip, to which ``settings`` give its sizes
    Raises InputError for a missing option, and for files with a mistake.
    """
    declaration = declaration_of(chip, settings) if isinstance(chip, str) else chip
    level, sizes = levels.TICKS.require(chips.package(declaration.name)), declaration.sizes
    if config is None or timesteps is None:
        option = "--config" if config is None else "--timesteps"
        raise InputError(f"{option} is missing; see draupnir {click.get_current_context().info_name} --help")
    return level, level.read(config, events, sizes), timesteps, dict(sizes)


def run(chip: str, options: RunOptions, settings: Sequence[str]) -> TickOutcome:
    """Run the network that the options name, and write its output. Raises InputError as ``network_of``."""
    options.refuse_beside(f"a run of {chip} by timesteps", *LEFT_OUT)
    outputs.check({"--config": options.config, "--events": options.events}, {"-o": options.output})
    level, network, n, _ = network_of(chip, options.config, options.events, options.timesteps, settings)
    level.simulate(network, 1)  # loads or compiles
    start = time.perf_counter()
    outcome = level.simulate(network, n)
    seconds = time.perf_counter() - start
    if options.output is not None:
        with replacing(options.output) as temporary:
            temporary.write_text(level.output_text(outcome), "utf-8")
    return TickOutcome(n, level.counts(outcome), seconds)


def has_ticks(chip: str) -> bool:
    """True if a chip has a level by timesteps."""
    return chips.package(chip).ticks is not None
