"""The level at which nothing is taken at once: ``loop.looper`` then runs clock by clock, or in stretches.

``begin`` and ``end`` are those of a chip's ``stretch`` that keeps nothing to be quick; see ``drive.driver``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.speeds.runs import Buses, Given

LONGEST_WORK = 512  # clocks of a stretch that are work; in longer ones nothing moves


def opener(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop to be called with an array of one record in the place of each record; see ``loop.looper``."""

    @entry
    def opened(held: Any, shown: np.recarray, given: Given, terms: Any, columns: Any, left: np.ndarray) -> Any:
        return loop((held[0][0], *held[1:]), shown[0], given, terms, columns, left)

    return opened


@kernel
def load(state: Any) -> None:
    """Nothing is kept beside the chip's own state."""


@kernel
def flush(state: Any) -> None:
    """Nothing is kept beside the chip's own state."""


@kernel
def begin(r: np.record) -> None:
    """Nothing is kept from one call to the next."""


@kernel
def end(r: np.record) -> None:
    """Nothing is kept."""


@kernel
def at_once(state: Any, given: Given, bus: Buses, shown: np.record, limit: int) -> tuple[Buses, int, int]:
    """Take what begins with this clock, in at most ``limit`` clocks, if it can be taken at once.

    Spikes that are shown meanwhile are noted in ``shown``. Returns both buses afterwards, the clocks that were taken,
    or 0 if the clock is to be run by itself, and how much work that was (see ``pieces.WORK``).
    """
    return bus, 0, 0
