"""The part of a chip's event level that runs many chips: for ``many_runs.py``, and for a GPU."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.kernel.jit import module_of
from draupnir.emulator.speeds import many


class ManyLevel:
    """The event level of a chip, for many runs; ``many`` of the chip's engine.

    pins : a module of the chip, which owns the compiled code; name : of this code
    prepare(model, environment) : returns the arrays of one chip: a named tuple with the records of registers as ``r``,
        the ``memories``, and the record of counters as ``counts``. The first index of each array is the chip. Arrays
        may share their memory. What is no array is the same for all chips that run together
    run_one(arrays, i, events, not_before, delays, terms, columns, words) : a kernel. It lets chip ``i`` go on, for
        which ``arrays`` are as from ``prepare``, and returns as ``loop.loop`` does. Between two calls ``words``
        holds the state of the buses, or of the host; the kernel adds the number of events that are done to word
        ``many.N_BUS_SENT``
    words(model, environment) : returns these words before a run, (``runs.N_BUS_WORDS``,) int64
    counts : the type of a record of counters, int64 each; statistics(counts) returns them by name, as a dataclass
    """

    def __init__(
        self,
        pins: ModuleType,
        name: str,
        prepare: Callable[..., Any],
        run_one: Callable[..., Any],
        words: Callable[..., np.ndarray],
        counts: np.dtype[Any],
        statistics: Callable[[np.record], Any],
    ) -> None:
        self.prepare, self.words = prepare, words
        self._counts, self._statistics = counts, statistics
        self.chips = module_of(pins, f"{__name__}.chips({name})", run_one=run_one)
        self.run = many.runner(pins, name, self.chips)

    @property
    def n_counts(self) -> int:
        """The number of integers that a run counts."""
        return int(self._counts.itemsize) // np.dtype(np.int64).itemsize

    def named_counts(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """Return the counts of many runs by name; those by state of the controller as "cycles_STATE".

        counts : (n, n_counts) int64
        """
        places = np.arange(self.n_counts).view(self._counts).view(np.recarray)
        columns: dict[str, np.ndarray] = {}
        for name, place in vars(self._statistics(places[0])).items():
            if isinstance(place, dict):
                columns |= {f"{name}_{state}": counts[:, i] for state, i in place.items()}
            else:
                columns[name] = counts[:, place]
        return columns
