"""The levels that run a chip, by the chip's name. A chip may lack any of them."""

from __future__ import annotations

from draupnir.emulator import chips
from draupnir.emulator.speeds import levels
from draupnir.emulator.speeds.levels import BusLevel, ClosedLoopLevel, HostedLevel, Level


def engine(chip: str) -> Level:
    """The chip's event level. Raises InputError if it has none."""
    return levels.ENGINE.require(chips.package(chip))


def bus_engine(chip: str) -> BusLevel:
    """The event level of a chip with an event bus in and one out. Raises InputError if it has none."""
    return levels.BUS_ENGINE.require(chips.package(chip))


def hosted_engine(chip: str) -> HostedLevel:
    """The event level of a chip that its host leads. Raises InputError if it has none."""
    return levels.HOSTED_ENGINE.require(chips.package(chip))


def closed_loop(chip: str) -> ClosedLoopLevel:
    """The clock level of a chip between a sender and a receiver. Raises InputError if it has none."""
    return levels.CLOSED_LOOP.require(chips.package(chip))
