"""wrapped_snn_network's recipes: levels of the 16 inputs, and resets."""

from __future__ import annotations

from functools import partial

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.declare import Chip
from draupnir.emulator.wrapped_snn_network.layout import N_IN
from draupnir.golden.recipes import RecipeBook
from draupnir.golden.recipes.levels import LevelRecipe, preparer

ALL = (1 << N_IN) - 1
BURSTS = (0, 0, 0, ALL, 0x00FF, 0x5555, 0x0001)
_recipe = partial(LevelRecipe, n_cycles=1500, stay=Clocks(1, 12), resets_every=Clocks(300, 700))
RECIPES = {
    "any_input": _recipe("An input neuron's potential is its input of two clocks before, and never reaches 16."),
    "all_ones": _recipe("Not even a constant input makes a neuron spike.", levels=(ALL,)),
    "often_reset": _recipe(
        "A reset sets each threshold to 64, and the clock after it to 16.", resets_every=Clocks(1, 12)
    ),
    "reset_late": _recipe(
        "Without a reset all thresholds are 0 in the first clock, and the spikes of that clock never die out.",
        levels=BURSTS,
        resets_every=Clocks(200, 400),
        reset_length=Clocks(1, 2),
        reset_at_first=False,
    ),
}
LIVELY = {
    "bursts": _recipe("After a spike the potential is only the current.", levels=BURSTS, stay=Clocks(1, 60)),
}


def book(chip: Chip) -> RecipeBook:
    """The recipes of the chip; a repaired one spikes, and has one recipe more."""
    recipes = RECIPES | (LIVELY if chip.sizes["repaired"] else {})
    return RecipeBook(recipes, preparer(chip, "in_signal"), uncompiled=("often_reset", 60))
