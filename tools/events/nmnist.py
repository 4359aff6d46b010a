"""Files of N-MNIST and N-Caltech101 (.bin): five bytes an event, without a header.

byte  0      1      2, 3, 4
      x      y      the polarity, and 23 bits of the time in us, most significant byte first

An event with y = 240 is none: it says that all times from here on are 2**13 us later. Source: G. Orchard's
eventvision.py, which the data sets name as their reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.tools.events.recording import EventRecording, Events, FileOptions, SensorSize, events

N_BYTES = 5
BLOCK = 1 << 18  # events
OVERFLOW_Y, OVERFLOW = 240, 1 << 13
NMNIST = SensorSize(34, 34)


def read(path: Path, options: FileOptions) -> Iterator[EventRecording]:
    """Yield the recording of a file. Raises InputError for a file that no whole events fill."""
    n_bytes = path.stat().st_size
    if n_bytes % N_BYTES:
        raise InputError(f"{path}: it is cut: {n_bytes:,} bytes; right is {N_BYTES} bytes an event")
    yield EventRecording(str(path), options.size or NMNIST, _blocks(path), begins_at_zero=True)


def _blocks(path: Path) -> Iterator[Events]:
    later = 0
    with path.open("rb") as file:
        while chunk := file.read(N_BYTES * BLOCK):
            table = np.frombuffer(chunk, np.uint8).reshape(-1, N_BYTES).astype(np.int64)
            is_overflow = table[:, 1] == OVERFLOW_Y
            n_overflows = np.cumsum(is_overflow)
            t = (table[:, 2] & 0x7F) << 16 | table[:, 3] << 8 | table[:, 4]
            t += later + OVERFLOW * n_overflows
            later += OVERFLOW * int(n_overflows[-1])
            yield events(t, table[:, 0], table[:, 1], table[:, 2] >> 7)[~is_overflow]
