"""Things to do to each chip: named recipes for seeded constrained-random stimuli."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import Part
from draupnir.golden.record import InputSource, Recording, SteppedDevice, record
from draupnir.golden.stimulus import Stimulus

Prepared = tuple[InputSource, dict[str, np.ndarray]]  # the stimulus, and the memories to load first


class Recipe(Protocol):
    """The common part of all chips' recipes.

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


@dataclass(frozen=True)
class RecipeBook:
    """All recipes of a chip.

    recipes : by name
    prepare : gives a recipe's stimulus, and the memories to load first; the same seed gives the same of both
    in_icarus : cases of every part of the chip, among those with few clocks, that are held in Icarus too, which is
        slow; without, the smallest ones
    uncompiled : a case, and so many of its clocks, that the uncompiled model is held to; without, the smallest one
    """

    recipes: Mapping[str, Recipe]
    prepare: Callable[[Any, int], Prepared]
    in_icarus: tuple[str, ...] = ()
    uncompiled: tuple[str, int] | None = None


AnyBook = RecipeBook | Callable[[Chip], RecipeBook]


def _is_book(part: object) -> TypeGuard[AnyBook]:
    return isinstance(part, RecipeBook) or (callable(part) and not isinstance(part, type))


BOOK: Part[AnyBook] = Part(
    "recipes",
    "recipes",
    "nothing can be recorded",
    _is_book,
    "a RecipeBook, or a function that gives the book of a chip of any of its sizes",
)


def book(chip: Chip) -> RecipeBook | None:
    """The chip's recipes; None if nobody has written any."""
    return None if BOOK.load(chips.package(chip.name)) is None else require_book(chip)


def require_book(chip: Chip) -> RecipeBook:
    """The chip's recipes. Raises InputError if nobody has written any."""
    part = BOOK.require(chips.package(chip.name))
    return part if isinstance(part, RecipeBook) else part(chip)


def recipes(chip: Chip) -> Mapping[str, Recipe]:
    """The chip's recipes by name; none if nobody has written any."""
    chip_book = book(chip)
    return chip_book.recipes if chip_book else {}


def recipe(chip: Chip, name: str) -> Recipe:
    """Raises InputError for a name that is not one of the chip's recipes."""
    table = recipes(chip)
    if name not in table:
        raise InputError(f"{chip.name}: no recipe {name!r}; there are: {', '.join(table) or 'none'}")
    return table[name]


def prepare(chip: Chip, name: str, seed: int) -> Prepared:
    """The stimulus of a recipe, and the memories to load first; the same seed gives the same of both."""
    chosen_recipe = recipe(chip, name)
    stimulus, memories = require_book(chip).prepare(chosen_recipe, seed)
    return stimulus.of_chip(chip) if isinstance(stimulus, Stimulus) else stimulus, memories


def record_recipe(
    device: SteppedDevice,
    chip: Chip,
    name: str,
    seed: int,
    n_cycles: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Recording:
    """Record what a device, which is in its initial state, does under a recipe; n_cycles : None: the recipe's."""
    stimulus, memories = prepare(chip, name, seed)
    return record(device, chip, stimulus, n_cycles or recipe(chip, name).n_cycles, memories, progress)
