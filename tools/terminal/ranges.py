"""Ranges of integers on the command line. An option without a range of its own gets one here."""

from __future__ import annotations

import click

from draupnir.emulator.parts.delays import LONGEST_DELAY
from draupnir.emulator.speeds import limits
from draupnir.tools.terminal.arguments import SEED

LARGEST = limits.MAX_CYCLES  # the largest value of any count
CYCLES = click.IntRange(1, limits.MAX_CYCLES)
DELAY = click.IntRange(0, LONGEST_DELAY)
_SEEDS = ("seed", "random_state")  # the names of such options begin with one of these


def bounded(command: click.Command) -> click.Command:
    """Give a largest value to each integer of a command, and of its subcommands, that has none. Returns the command."""
    for parameter in command.params:
        kind = parameter.type
        if isinstance(kind, click.IntRange):
            low, high = kind.min, kind.max
        elif kind is click.INT:
            low, high = None, None
        else:
            continue
        if low is None or high is None:
            largest = SEED.max if (parameter.name or "").startswith(_SEEDS) else LARGEST
            assert largest is not None
            parameter.type = click.IntRange(-largest if low is None else low, largest if high is None else high)
    for inner in getattr(command, "commands", {}).values():
        bounded(inner)
    return command
