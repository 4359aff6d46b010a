"""Recipes of a grid of any size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.golden.recipes import Prepared, RecipeBook
from draupnir.rtl.tests import grid


@dataclass(frozen=True)
class Recipe:
    """Random requests to all cores."""

    why: str = "a core adds to another core's word"
    n_cycles: int = 200
    undefined: bool = False


class Requests:
    """A stimulus; see ``draupnir.golden.record.InputSource``."""

    def __init__(self, chip: Chip, seed: int) -> None:
        self._chip, self._seed = chip, seed
        self._rows: Iterator[int] = iter(())

    def next(self, outputs: int) -> list[tuple[int, int]]:
        """The next row."""
        for row in self._rows:
            return [(row, 1)]
        self._rows = iter(grid.rows(self._chip, 1000, self._seed).tolist())
        return self.next(outputs)


def book(chip: Chip) -> RecipeBook:
    """The recipes of a grid of these sizes."""

    def prepare(recipe: Recipe, seed: int) -> Prepared:
        memory = chip.memory("sums")
        content = np.random.default_rng(seed).integers(0, 1 << grid.BITS, memory.shape).astype(np.uint32)
        return Requests(chip, seed), {"sums": content}

    return RecipeBook({"requests": Recipe()}, prepare)
