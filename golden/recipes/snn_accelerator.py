"""snn-accelerator's recipes, and their stimulus: levels of the one input, and resets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.snn_accelerator.layout import CHIP
from draupnir.golden.recipes import RecipeBook
from draupnir.golden.stimulus import Stimulus, random_levels, resets


@dataclass(frozen=True)
class AcceleratorRecipe:
    """A recipe.

    levels : the possible levels of ``in1``; None for all
    stay : how long each level stays
    resets_every : the time between two resets, for ``reset_length`` clocks each
    reset_at_first : False begins with the time before the first reset
    """

    why: str
    n_cycles: int = 2000
    undefined: bool = True  # after a reset, Icarus lets clk2 rise before the spikes change, and Verilator after them
    levels: Sequence[int] | None = None
    stay: Clocks = Clocks(1, 1)
    resets_every: Clocks = Clocks(800, 1500)
    reset_length: Clocks = Clocks(1, 6)
    reset_at_first: bool = True


def prepare(recipe: AcceleratorRecipe, seed: int) -> tuple[Stimulus, dict[str, np.ndarray]]:
    """Return the stimulus; there are no memories to load."""
    rng = np.random.default_rng(seed)
    host = resets(CHIP, recipe.resets_every, rng, recipe.reset_length, at_first=recipe.reset_at_first)
    return Stimulus(host, [random_levels(CHIP, "in1", recipe.stay, rng, recipe.levels)]), {}


RECIPES = {
    "any_input": AcceleratorRecipe("Each group of neurons has its own leak and its own clock."),
    "at_threshold": AcceleratorRecipe(
        "A neuron spikes if its potential was at least 32 a clock before.", levels=range(10, 36), stay=Clocks(1, 80)
    ),
    "weak_input": AcceleratorRecipe(
        "Only groups with a small leak spike, and only some of them.", levels=range(12, 26), stay=Clocks(30, 300)
    ),
    "strong_input": AcceleratorRecipe(
        "A potential wraps modulo 256, so a strong input can silence a neuron.",
        levels=range(180, 256),
        stay=Clocks(1, 24),
    ),
    "impulses": AcceleratorRecipe(
        "A slow neuron sees the input at a rise of its own clock only.",
        levels=(0, 0, 0, 0, 0, 0, 40, 255),
        stay=Clocks(1, 9),
    ),
    "often_reset": AcceleratorRecipe(
        "A reset stops the divided clocks, and leaves the potentials of the slow neurons as they are.",
        resets_every=Clocks(1, 40),
    ),
    "reset_late": AcceleratorRecipe(
        "Before the first reset all thresholds are 0, so all neurons spike at each clock.",
        levels=range(64),
        stay=Clocks(1, 30),
        resets_every=Clocks(300, 600),
        reset_at_first=False,
    ),
}
BOOK = RecipeBook(RECIPES, prepare, in_icarus=("often_reset", "any_input"), uncompiled=("often_reset", 200))
