"""All of ODIN's recipes by name; each ``why`` says what breaks if a model differs."""

from __future__ import annotations

from draupnir.golden.recipes import RecipeBook
from draupnir.golden.recipes.odin import OdinRecipe, prepare
from draupnir.golden.recipes.odin_interfaces import INTERFACE_RECIPES
from draupnir.golden.recipes.odin_izh import IZH_RECIPES
from draupnir.golden.recipes.odin_lif import LIF_RECIPES
from draupnir.golden.recipes.odin_scheduler import SCHEDULER_RECIPES

RECIPES: dict[str, OdinRecipe] = LIF_RECIPES | IZH_RECIPES | SCHEDULER_RECIPES | INTERFACE_RECIPES
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
