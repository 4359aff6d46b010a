"""What runs a chip, found by its name; whoever adds a chip need not have it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from draupnir.emulator.errors import InputError


def engine(chip: str) -> ModuleType:
    """The chip's event level. Raises InputError if it has none."""
    return found(chip, f"draupnir.emulator.{chip}.events.engine", "event-level engine", "it cannot be run by events")


def closed_loop(chip: str) -> ModuleType:
    """The chip between sender and receiver. Raises InputError if it has none."""
    return found(chip, f"draupnir.emulator.{chip}.events.closed_loop", "closed loop", "it cannot be run by events")


def found(chip: str, module: str, what: str, without: str) -> ModuleType:
    """Import a module that a chip may have.

    what : the module is; without : what cannot be done without it
    Raises InputError if there is no such module. Whatever is wrong within it is raised as it is.
    """
    if find_spec(module) is None:
        path = f"{module.removeprefix('draupnir.').replace('.', '/')}.py"
        raise InputError(f"{chip} has no {what} ({path}): {without}; emulator/ADDING_A_CHIP.md says what it takes")
    return import_module(module)
