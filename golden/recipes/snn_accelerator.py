"""snn-accelerator's recipes: levels of the one input, and resets."""

from __future__ import annotations

from functools import partial

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.snn_accelerator.layout import CHIP
from draupnir.golden.recipes import RecipeBook
from draupnir.golden.recipes.levels import LevelRecipe, preparer

_recipe = partial(
    LevelRecipe,
    n_cycles=2000,
    stay=Clocks(1, 1),
    resets_every=Clocks(800, 1500),
    undefined=True,  # after a reset, Icarus lets clk2 rise before the spikes change, and Verilator after them
)
RECIPES = {
    "any_input": _recipe("Each group of neurons has its own leak and its own clock."),
    "at_threshold": _recipe(
        "A neuron spikes if its potential was at least 32 a clock before.", levels=range(10, 36), stay=Clocks(1, 80)
    ),
    "weak_input": _recipe(
        "Only groups with a small leak spike, and only some of them.", levels=range(12, 26), stay=Clocks(30, 300)
    ),
    "strong_input": _recipe(
        "A potential wraps modulo 256, so a strong input can silence a neuron.",
        levels=range(180, 256),
        stay=Clocks(1, 24),
    ),
    "impulses": _recipe(
        "A slow neuron sees the input at a rise of its own clock only.",
        levels=(0, 0, 0, 0, 0, 0, 40, 255),
        stay=Clocks(1, 9),
    ),
    "often_reset": _recipe(
        "A reset stops the divided clocks, and leaves the potentials of the slow neurons as they are.",
        resets_every=Clocks(1, 40),
    ),
    "reset_late": _recipe(
        "Before the first reset all thresholds are 0, so all neurons spike at each clock.",
        levels=range(64),
        stay=Clocks(1, 30),
        resets_every=Clocks(300, 600),
        reset_at_first=False,
    ),
}
BOOK = RecipeBook(
    RECIPES, preparer(CHIP, "in1"), in_icarus=("often_reset", "any_input"), uncompiled=("often_reset", 200)
)
