"""NumPy files (.npy) with a table of events, as the libraries for event cameras give them.

The columns are found by their names: t, x, y and p, or the other names in ``NAMES``. Times are whole numbers of us.
Without y the events are of channels, and without p all are on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.golden import npy
from draupnir.tools.events.recording import EventRecording, Events, FileOptions, events

BLOCK = 1 << 18  # events
NAMES = {"t": ("t", "ts", "time", "timestamp"), "x": ("x",), "y": ("y",), "p": ("p", "on", "polarity", "pol")}
MOST_PLACE = {"x": (1 << 32) - 1, "y": (1 << 16) - 1}


def read(path: Path, options: FileOptions) -> Iterator[EventRecording]:
    """Yield the recording of a file. Raises InputError for another table, and for one that is cut."""
    with path.open("rb") as file:
        shape, _, dtype = npy.header(path, file)
        start = file.tell()
    columns = _columns(dtype)
    if len(shape) != 1 or dtype.hasobject or not {"t", "x"} <= columns.keys():
        form = f"{dtype} of shape {shape}"
        raise InputError(f"{path}: it holds {form[:80]}; right is a table with the whole numbers t, x, y and p")
    blocks = _blocks(path, start, shape[0], dtype, columns)
    yield EventRecording(str(path), options.size, blocks, has_polarity="p" in columns)


def _columns(dtype: np.dtype) -> Mapping[str, str]:
    """The name of each column that a table has, if it has whole numbers."""
    fields: Mapping[str, Any] = dtype.fields or {}
    return {
        one: name
        for one, names in NAMES.items()
        for name in names
        if name in fields and fields[name][0].kind in "biu" and fields[name][0].shape == ()
    }


def _blocks(path: Path, start: int, n: int, dtype: np.dtype, columns: Mapping[str, str]) -> Iterator[Events]:
    with path.open("rb") as file:
        file.seek(start)
        for first in range(0, n, BLOCK):
            n_block = min(BLOCK, n - first)
            table = np.fromfile(file, dtype, n_block)
            if len(table) < n_block:
                raise InputError(f"{path}: it is cut: {first + len(table):,} of {n:,} events")
            for one in columns.keys() & MOST_PLACE:
                column = table[columns[one]]
                if (wrong := np.flatnonzero((column < 0) | (column > MOST_PLACE[one]))).size:
                    text = f"event {first + wrong[0]}: {one} is {column[wrong[0]]}"
                    raise InputError(f"{path}: {text}; right is within 0..{MOST_PLACE[one]}")
            y = table[columns["y"]] if "y" in columns else 0
            p = table[columns["p"]] > 0 if "p" in columns else 1
            yield events(table[columns["t"]], table[columns["x"]], y, p)
