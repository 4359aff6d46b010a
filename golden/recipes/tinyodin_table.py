"""All of tinyODIN's recipes by name; each ``why`` says what breaks if a model differs."""

from __future__ import annotations

from draupnir.golden.recipes import RecipeBook
from draupnir.golden.recipes.tinyodin import TinyOdinRecipe, prepare
from draupnir.golden.recipes.tinyodin_interfaces import ABUSE_RECIPES, SHARED_RECIPES, SPI_RECIPES
from draupnir.golden.recipes.tinyodin_network import NETWORK_RECIPES

RECIPES: dict[str, TinyOdinRecipe] = NETWORK_RECIPES | SHARED_RECIPES | SPI_RECIPES | ABUSE_RECIPES
BOOK = RecipeBook(RECIPES, prepare)
