"""What to do to each chip: named recipes for seeded constrained-random stimuli."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden.stimulus import Stimulus


class Recipe(Protocol):
    """What all chips' recipes have.

    why : one sentence: what breaks if a model differs
    n_cycles : clocks of a recording, unless told otherwise
    undefined : it makes the chip do what its Verilog leaves undefined, so simulators may disagree; how far, the case
        keeps when it is recorded
    """

    @property
    def why(self) -> str: ...

    @property
    def n_cycles(self) -> int: ...

    @property
    def undefined(self) -> bool: ...


def recipes(chip: Chip) -> Mapping[str, Recipe]:
    """The chip's recipes by name; none if nobody has written any."""
    module = f"draupnir.golden.recipes.{chip.name}_table"
    if find_spec(module) is None:
        return {}
    table: Mapping[str, Recipe] = import_module(module).RECIPES
    return table


def recipe(chip: Chip, name: str) -> Recipe:
    """Raises InputError for a name that is not one of the chip's recipes."""
    table = recipes(chip)
    if name not in table:
        raise InputError(f"{chip.name}: no recipe {name!r}; there are: {', '.join(table) or 'none'}")
    return table[name]


def prepare(chip: Chip, name: str, seed: int) -> tuple[Stimulus, dict[str, np.ndarray]]:
    """The stimulus of a recipe, and the memories to load first; the same seed gives the same of both."""
    wanted = recipe(chip, name)
    prepared: tuple[Stimulus, dict[str, np.ndarray]]
    prepared = import_module(f"draupnir.golden.recipes.{chip.name}").prepare(wanted, seed)
    return prepared
