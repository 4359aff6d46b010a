"""Ranges from which a recipe draws."""

from __future__ import annotations

import numpy as np

Range = int | tuple[int, int]  # a value, or lo..hi inclusive


def draw(span: Range, rng: np.random.Generator) -> int:
    """Return the value, or a value of the range, each with the same probability."""
    return span if isinstance(span, int) else int(rng.integers(span[0], span[1] + 1))
