"""A serial line (8N1) as arrays of levels, one level for each clock. rtl/bridge/uart.py is the same in hardware."""

from __future__ import annotations

import numpy as np

BITS = 10  # bits of a byte on the line, with start and stop bit


def levels(message: bytes, divider: int) -> np.ndarray:
    """The levels of the line for these bytes: (n,) int64, 0 or 1. divider : clocks of a bit, at least 1"""
    content = np.unpackbits(np.frombuffer(message, np.uint8), bitorder="little").reshape(-1, 8)
    framed = np.concatenate([np.zeros((len(content), 1)), content, np.ones((len(content), 1))], axis=1)
    return np.repeat(framed.astype(np.int64).ravel(), divider)


class LineReceiver:
    """A receiver that turns pieces of levels into bytes. divider : clocks of a bit, at least 1"""

    def __init__(self, divider: int) -> None:
        self._divider = divider
        self._incomplete = np.ones(0, np.int64)  # the levels of an incomplete byte, from its start bit on

    def take(self, line: np.ndarray) -> bytes:
        """The bytes that are complete after these further levels, (n,) int64, 0 or 1."""
        line = np.concatenate([self._incomplete, line])
        content, position, length = bytearray(), 0, BITS * self._divider
        middle = np.arange(1, 9) * self._divider + self._divider // 2
        lows = np.flatnonzero(line == 0)
        while (start := int(np.searchsorted(lows, position))) < len(lows):
            position = int(lows[start])
            if position + length - self._divider // 2 > len(line):
                self._incomplete = line[position:]
                return bytes(content)
            content.append(int(np.packbits(line[position + middle].astype(np.uint8), bitorder="little")[0]))
            position += (
                length - self._divider // 2
            )  # into the stop bit, because the next start bit may come a little early
        self._incomplete = np.ones(0, np.int64)
        return bytes(content)
