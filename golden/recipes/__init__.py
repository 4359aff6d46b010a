"""The recipes of each chip: named, seeded, constrained-random stimuli."""

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

    why : one sentence that says what breaks if a model differs
    n_cycles : the default number of clocks of a recording
    undefined : True if the recipe does something that the Verilog leaves undefined, so that simulators may disagree;
        the recorded case says how many bits

    A recipe of a chip with sizes may have ``sizes``, too: see ``sizes_of``.
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

    recipes : name -> recipe
    prepare : a function that returns a recipe's stimulus and the memories to load first; they depend on the seed alone
    in_icarus : cases with few clocks, from every part of the chip, that are compared in Icarus, too, which is slow;
        empty for the smallest cases
    uncompiled : a case and a number of its clocks, with which the uncompiled model is compared; None for the smallest
        case
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
    """Return the chip's recipes; None if it has none."""
    return None if BOOK.load(chips.package(chip.name)) is None else require_book(chip)


def require_book(chip: Chip) -> RecipeBook:
    """Return the chip's recipes. Raises InputError if it has none."""
    part = BOOK.require(chips.package(chip.name))
    return part if isinstance(part, RecipeBook) else part(chip)


def recipes(chip: Chip) -> Mapping[str, Recipe]:
    """Return name -> recipe; empty if the chip has none."""
    chip_book = book(chip)
    return chip_book.recipes if chip_book else {}


def recipe(chip: Chip, name: str) -> Recipe:
    """Return the chip's recipe of this name. Raises InputError if there is none."""
    table = recipes(chip)
    if name not in table:
        raise InputError(f"{chip.name}: no recipe {name!r}; there are: {', '.join(table) or 'none'}")
    return table[name]


def prepare(chip: Chip, name: str, seed: int) -> Prepared:
    """Return the stimulus of a recipe, and the memories to load first: name -> uint32 of ``Memory.shape``.

    Both depend on the seed alone.
    """
    chosen_recipe = recipe(chip, name)
    stimulus, memories = require_book(chip).prepare(chosen_recipe, seed)
    return stimulus.of_chip(chip) if isinstance(stimulus, Stimulus) else stimulus, memories


def sizes_of(chip: Chip, name: str) -> Mapping[str, int]:
    """Return the sizes with which a recipe is recorded if the user chooses none: those that are not the defaults."""
    sizes: Mapping[str, int] = getattr(recipe(chip, name), "sizes", {})
    return sizes


def record_recipe(
    device: SteppedDevice,
    chip: Chip,
    name: str,
    seed: int,
    n_cycles: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Recording:
    """Record a device under a recipe. The device must be in its initial state.

    n_cycles : the number of clocks; None for the recipe's
    progress : called from time to time with the number of clocks since its last call
    """
    stimulus, memories = prepare(chip, name, seed)
    return record(device, chip, stimulus, n_cycles or recipe(chip, name).n_cycles, memories, progress)
