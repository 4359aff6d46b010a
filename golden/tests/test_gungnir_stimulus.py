"""Gungnir's host writes each register that a reset clears again after the reset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from draupnir.emulator.gungnir import layout
from draupnir.golden.recipes.gungnir import ENABLE, RECIPES, Actions


def test_a_register_that_a_reset_clears_has_the_content_of_the_recipe_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The register of a new learning rule has a reset value, which SPI_LEARN_SHIFT gets here, too."""
    writes: list[tuple[str, int]] = []

    def register(_: Actions, name: str, word: int, i: int = 0) -> Iterator[None]:
        writes.append((name, word))
        return iter(())

    shift = "SPI_LEARN_SHIFT"
    registers = tuple(replace(r, reset=0) if r.name == shift else r for r in layout.LEARNING_REGISTERS)
    monkeypatch.setattr(layout, "LEARNING_REGISTERS", registers)
    monkeypatch.setattr(Actions, "register", register)
    rng = np.random.default_rng(3)
    actions = Actions(RECIPES["eprop_steps"], rng, {})
    list(actions.configure(rng))
    content = dict(writes)[shift]
    writes.clear()
    list(actions.program())
    assert content > 0
    assert writes == [(ENABLE, 1), (shift, content)]
