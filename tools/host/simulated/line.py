"""A serial line in arrays of levels, a level a clock: 8N1, as rtl/bridge/uart.py has it in hardware."""

from __future__ import annotations

import numpy as np

BITS = 10  # of a byte on the line, with start and stop bit


def levels(sent: bytes, divider: int) -> np.ndarray:
    """(n,) int64, the line while these bytes pass; divider : clocks of a bit."""
    content = np.unpackbits(np.frombuffer(sent, np.uint8), bitorder="little").reshape(-1, 8)
    framed = np.concatenate([np.zeros((len(content), 1)), content, np.ones((len(content), 1))], axis=1)
    return np.repeat(framed.astype(np.int64).ravel(), divider)


class LineReceiver:
    """Bytes out of levels that come in pieces; divider : clocks of a bit."""

    def __init__(self, divider: int) -> None:
        self._divider = divider
        self._kept = np.ones(0, np.int64)  # from the start bit on of a byte that is not complete

    def take(self, line: np.ndarray) -> bytes:
        """The bytes that these levels complete."""
        line = np.concatenate([self._kept, line])
        found, at, length = bytearray(), 0, BITS * self._divider
        middle = np.arange(1, 9) * self._divider + self._divider // 2
        lows = np.flatnonzero(line == 0)
        while (start := int(np.searchsorted(lows, at))) < len(lows):
            at = int(lows[start])
            if at + length - self._divider // 2 > len(line):
                self._kept = line[at:]
                return bytes(found)
            found.append(int(np.packbits(line[at + middle].astype(np.uint8), bitorder="little")[0]))
            at += length - self._divider // 2  # in the stop bit: the next start bit may come a little early
        self._kept = np.ones(0, np.int64)
        return bytes(found)
