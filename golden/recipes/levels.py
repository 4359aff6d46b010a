"""The form of recipes for chips without a bus, and their stimulus: levels of one input, and resets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.declare import Chip
from draupnir.golden.recipes import Prepared
from draupnir.golden.stimulus import Stimulus, random_levels, resets


@dataclass(frozen=True)
class LevelRecipe:
    """A recipe.

    levels : the possible levels of the input; None for all
    stay : how long each level stays
    resets_every : the time between two resets, for ``reset_length`` clocks each
    reset_at_first : False begins with the time before the first reset
    """

    why: str
    n_cycles: int
    stay: Clocks
    resets_every: Clocks
    undefined: bool = False
    levels: Sequence[int] | None = None
    reset_length: Clocks = Clocks(1, 6)
    reset_at_first: bool = True


def preparer(chip: Chip, pin: str) -> Callable[[LevelRecipe, int], Prepared]:
    """Return a chip's ``prepare``; there are no memories to load. pin : the input"""
    return partial(_prepare, chip, pin)


def _prepare(chip: Chip, pin: str, recipe: LevelRecipe, seed: int) -> Prepared:
    rng = np.random.default_rng(seed)
    host = resets(chip, recipe.resets_every, rng, recipe.reset_length, at_first=recipe.reset_at_first)
    return Stimulus(host, [random_levels(chip, pin, recipe.stay, rng, recipe.levels)]), {}
