"""wrapped_snn_network's recipes, and their stimulus: levels of the 16 inputs, and resets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.declare import Chip
from draupnir.emulator.wrapped_snn_network.layout import N_IN
from draupnir.golden.recipes import RecipeBook
from draupnir.golden.stimulus import Stimulus, random_levels, resets

ALL = (1 << N_IN) - 1
BURSTS = (0, 0, 0, ALL, 0x00FF, 0x5555, 0x0001)


@dataclass(frozen=True)
class NetworkRecipe:
    """A recipe.

    levels : the possible levels of ``in_signal``; None for all
    stay : how long each level stays
    resets_every : the time between two resets, for ``reset_length`` clocks each
    reset_at_first : False begins with the time before the first reset
    """

    why: str
    n_cycles: int = 1500
    undefined: bool = False
    levels: Sequence[int] | None = None
    stay: Clocks = Clocks(1, 12)
    resets_every: Clocks = Clocks(300, 700)
    reset_length: Clocks = Clocks(1, 6)
    reset_at_first: bool = True


RECIPES = {
    "any_input": NetworkRecipe("An input neuron's potential is its input of two clocks before, and never reaches 16."),
    "all_ones": NetworkRecipe("Not even a constant input makes a neuron spike.", levels=(ALL,)),
    "often_reset": NetworkRecipe(
        "A reset sets each threshold to 64, and the clock after it to 16.", resets_every=Clocks(1, 12)
    ),
    "reset_late": NetworkRecipe(
        "Without a reset all thresholds are 0 in the first clock, and the spikes of that clock never die out.",
        levels=BURSTS,
        resets_every=Clocks(200, 400),
        reset_length=Clocks(1, 2),
        reset_at_first=False,
    ),
}
LIVELY = {
    "bursts": NetworkRecipe("After a spike the potential is only the current.", levels=BURSTS, stay=Clocks(1, 60)),
}


def book(chip: Chip) -> RecipeBook:
    """The recipes of the chip; a repaired one spikes, and has one recipe more."""

    def prepare(recipe: NetworkRecipe, seed: int) -> tuple[Stimulus, dict[str, np.ndarray]]:
        rng = np.random.default_rng(seed)
        host = resets(chip, recipe.resets_every, rng, recipe.reset_length, at_first=recipe.reset_at_first)
        return Stimulus(host, [random_levels(chip, "in_signal", recipe.stay, rng, recipe.levels)]), {}

    return RecipeBook(RECIPES | (LIVELY if chip.sizes["repaired"] else {}), prepare, uncompiled=("often_reset", 60))
