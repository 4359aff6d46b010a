"""The edges of SCK and of the reset in a waveform.

The SPI slaves of all chips agree in this: MOSI is sampled as SCK rises, a bit counts as SCK falls, and a reset acts at
once and drops the bits of a transaction. If pins change in one moment, SCK rises first, then the reset acts, and then
SCK falls, as in the golden models. SCK is low before the recording.

Source: emulator/crossbar/clock.py and emulator/reckon/clock.py, ``apply_inputs``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.emulator.buses.spi import SPI
from draupnir.emulator.declare import Chip
from draupnir.golden.levels import PinMoments

_RISE = ("times", "mosi", "known", "together", "in_reset", "miso", "miso_known")


@dataclass(frozen=True)
class SpiEdges:
    """All edges of a recording.

    rises : name in ``_RISE`` -> (n,) int64: the time of each rise of SCK; MOSI, and 1 if it is known, and if it changes
        in this moment; 1 if the chip was in reset before it; and the level of MISO before it, and 1 if that is known
    falls, counts : (m,) int64, the time of each fall of SCK, and 1 if the chip is not in reset after it; m is n or n-1
    resets, mosi : (k,) int64, the time at which each reset begins, and MOSI then, -1 if SCK rises together with it
    first : the time of the recording's first moment, 0 if it has none
    """

    rises: dict[str, np.ndarray]
    falls: np.ndarray
    counts: np.ndarray
    resets: np.ndarray
    mosi: np.ndarray
    first: int = 0


class EdgeCollector:
    """Collects the edges, piece by piece. miso : the name of this pin"""

    def __init__(self, chip: Chip) -> None:
        (bus,) = chip.buses_of(SPI, "slave")
        self._sck, self._mosi, self.miso = (bus.pin(role).name for role in ("sck", "mosi", "miso"))
        self._resets = {pin.name: int(pin.active_level) for pin in chip.resets}
        self._rises: list[np.ndarray] = []
        self._falls: list[np.ndarray] = []
        self._reset_begins: list[np.ndarray] = []
        self._first: int | None = None

    @property
    def needed(self) -> tuple[str, ...]:
        """The pins without which nothing can be read."""
        return self._sck, self._mosi

    @property
    def pins(self) -> tuple[str, ...]:
        """The pins of the SPI, and the resets."""
        return self._sck, self._mosi, self.miso, *self._resets

    def feed(self, moments: PinMoments) -> np.ndarray:
        """Take the next moments. Return (n + 1,) int64, 1 before and after each if the chip is in reset."""
        times, level, is_known = moments.times, moments.level, moments.is_known
        self._first = int(times[0]) if self._first is None else self._first
        sck, mosi = level[self._sck], level[self._mosi]
        nothing = np.zeros(len(times) + 1, np.int64)
        miso, miso_known = level.get(self.miso, nothing), is_known.get(self.miso, nothing)
        reset = self._reset_levels(moments)
        up, down = (sck[1:] > sck[:-1]), (sck[1:] < sck[:-1])
        changes = mosi[1:] != mosi[:-1]
        columns = (times, mosi[1:], is_known[self._mosi][1:], changes, reset[:-1], miso[:-1], miso_known[:-1])
        self._rises.append(np.array([column[up] for column in columns], np.int64))
        self._falls.append(np.array([times[down], reset[1:][down] == 0], np.int64))
        begins = reset[1:] > reset[:-1]
        self._reset_begins.append(np.array([times[begins], np.where(up, -1, mosi[1:])[begins]], np.int64))
        return reset

    def _reset_levels(self, moments: PinMoments) -> np.ndarray:
        """(n + 1,) int64, 1 while a reset pin is active; a pin that is not known is inactive."""
        reset = np.zeros(len(moments.times) + 1, np.int64)
        for pin, active in self._resets.items():
            if pin in moments.level:
                reset |= (moments.level[pin] == active) & moments.is_known[pin]
        return reset

    def edges(self) -> SpiEdges:
        """All edges."""
        joined = (
            np.concatenate(pieces, axis=1) if pieces else np.zeros((n, 0), np.int64)
            for pieces, n in (
                (self._rises, len(_RISE)),
                (self._falls, 2),
                (self._reset_begins, 2),
            )
        )
        rises, (falls, counts), (resets, mosi) = joined
        return SpiEdges(dict(zip(_RISE, rises, strict=True)), falls, counts, resets, mosi, self._first or 0)
