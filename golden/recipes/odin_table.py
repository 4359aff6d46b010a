"""All of ODIN's recipes by name; each ``why`` says what breaks if a model differs."""

from __future__ import annotations

from draupnir.golden.recipes.odin import Recipe
from draupnir.golden.recipes.odin_interfaces import INTERFACE_RECIPES
from draupnir.golden.recipes.odin_izh import IZH_RECIPES
from draupnir.golden.recipes.odin_lif import LIF_RECIPES
from draupnir.golden.recipes.odin_scheduler import SCHEDULER_RECIPES

RECIPES: dict[str, Recipe] = LIF_RECIPES | IZH_RECIPES | SCHEDULER_RECIPES | INTERFACE_RECIPES
