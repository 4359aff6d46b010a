"""The arrays of one chip as those of many: the first index of each array is the chip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def arrays_in(thing: Any) -> Iterator[np.ndarray]:
    """Yield the arrays in a tuple, and in the tuples in it."""
    if isinstance(thing, np.ndarray):
        yield thing
    elif isinstance(thing, tuple):
        for part in thing:
            yield from arrays_in(part)


def scalars_in(thing: Any) -> Iterator[Any]:
    """Yield what is no array in a tuple, and in the tuples in it."""
    if isinstance(thing, tuple):
        for part in thing:
            yield from scalars_in(part)
    elif not isinstance(thing, np.ndarray):
        yield thing


def mapped(function: Callable[[np.ndarray], Any], thing: Any) -> Any:
    """Return a tuple with each array in it, and in the tuples in it, replaced by what the function returns."""
    if isinstance(thing, np.ndarray):
        return function(thing)
    if not isinstance(thing, tuple):
        return thing
    parts = (mapped(function, part) for part in thing)
    return type(thing)(*parts) if hasattr(thing, "_fields") else tuple(parts)


def indexed(state: Any) -> Any:
    """Return the state of one chip, as a level prepares it, with the chip as the first index; the memory is the same.

    An array of one record has this index already.
    """
    return mapped(lambda array: array if array.dtype.names else array[np.newaxis], state)


def copied(copy: Callable[[np.ndarray], Any], arrays: Any) -> Any:
    """Return a tuple as ``mapped`` does. Arrays that share their memory do so in the result, too.

    arrays : the first index of each is the chip. Of those that share memory, the first has all of it
    copy : returns another array, perhaps of another number of chips, perhaps on a GPU
    """
    copies: list[tuple[np.ndarray, Any]] = []

    def copied_once(array: np.ndarray) -> Any:
        for original, new in copies:
            if np.may_share_memory(original, array):
                return new.view(array.dtype).reshape(len(new), *array.shape[1:])
        copies.append((array, copy(array)))
        return copies[-1][1]

    return mapped(copied_once, arrays)


def repeated(arrays: Any, n: int) -> Any:
    """Return the arrays of n chips that are alike; arrays : of one chip"""

    def repeat(array: np.ndarray) -> np.ndarray:
        copies = np.repeat(array, n, axis=0)
        return copies.view(np.recarray) if array.dtype.names else copies

    return copied(repeat, arrays)
