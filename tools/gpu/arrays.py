"""The state of one chip as the state of many: the first index of each array is the chip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def mapped(function: Callable[[np.ndarray], Any], thing: Any) -> Any:
    """Return a tuple with each array in it, and in the tuples in it, replaced by what the function returns."""
    if isinstance(thing, np.ndarray):
        return function(thing)
    if not isinstance(thing, tuple):
        return thing
    parts = (mapped(function, part) for part in thing)
    return type(thing)(*parts) if hasattr(thing, "_fields") else tuple(parts)


def repeated(state: Any, n: int) -> Any:
    """Return the state of n chips that are alike.

    state : of one chip, as a level prepares it. An array of one record becomes n records, another array (n, ...)
    """

    def repeat(array: np.ndarray) -> np.ndarray:
        if array.dtype.names:
            return np.repeat(array, n).view(np.recarray)
        return np.repeat(array[np.newaxis], n, axis=0)

    return mapped(repeat, state)
