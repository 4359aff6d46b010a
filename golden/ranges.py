"""Ranges that a recipe draws from."""

from __future__ import annotations

import numpy as np

Range = int | tuple[int, int]  # a value, or lo..hi inclusive


def draw(span: Range, rng: np.random.Generator) -> int:
    """The value, or one of the range, each as likely."""
    return span if isinstance(span, int) else int(rng.integers(span[0], span[1] + 1))
