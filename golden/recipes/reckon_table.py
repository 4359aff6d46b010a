"""All of ReckOn's recipes by name; each ``why`` says what breaks if a model differs."""

from __future__ import annotations

from draupnir.golden.recipes import RecipeBook
from draupnir.golden.recipes.reckon import ReckonRecipe, prepare
from draupnir.golden.recipes.reckon_interfaces import INTERFACE_RECIPES
from draupnir.golden.recipes.reckon_learning import LEARNING_RECIPES, NEURON_RECIPES

RECIPES: dict[str, ReckonRecipe] = NEURON_RECIPES | LEARNING_RECIPES | INTERFACE_RECIPES
BOOK = RecipeBook(
    RECIPES,
    prepare,
    in_icarus=("eprop", "spi_memories", "unconfigured"),
    uncompiled=("regul_always", 4_000),
)
