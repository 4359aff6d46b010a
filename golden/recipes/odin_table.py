"""All of ODIN's recipes by name; each ``why`` says what breaks if a model differs."""

from __future__ import annotations

from draupnir.golden.recipes import RecipeBook, odin, odin_behaviours
from draupnir.golden.recipes.crossbar import Memories
from draupnir.golden.recipes.odin import OdinRecipe
from draupnir.golden.recipes.odin_behaviours import BEHAVIOUR_RECIPES, BehaviourRecipe
from draupnir.golden.recipes.odin_interfaces import INTERFACE_RECIPES
from draupnir.golden.recipes.odin_izh import IZH_RECIPES
from draupnir.golden.recipes.odin_lif import LIF_RECIPES
from draupnir.golden.recipes.odin_scheduler import SCHEDULER_RECIPES
from draupnir.golden.stimulus import Stimulus

RECIPES: dict[str, OdinRecipe] = LIF_RECIPES | IZH_RECIPES | BEHAVIOUR_RECIPES | SCHEDULER_RECIPES | INTERFACE_RECIPES


def prepare(recipe: OdinRecipe, seed: int) -> tuple[Stimulus, Memories]:
    """Return a recipe's stimulus and the memories to load before the first clock; both depend on the seed alone."""
    if isinstance(recipe, BehaviourRecipe):
        return odin_behaviours.prepare(recipe, seed)
    return odin.prepare(recipe, seed)


BOOK = RecipeBook(
    RECIPES,
    prepare,
    in_icarus=(
        "unconfigured",
        "virtual_events",
        "lif_extremes",
        "izh_mixed",
        "monitor_lif",
        "req_dropped",
        "spi_fast",
    ),
    uncompiled=("unconfigured", 4_000),
)
