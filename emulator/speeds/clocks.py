"""The ``level`` of a closed loop at clock level: ``loop.looper`` then runs clock by clock, or in stretches.

``begin`` and ``end`` are also the ones of a chip whose ``stretch`` module keeps nothing; see ``drive.driver``.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.speeds.runs import Buses, RunInputs

LONGEST_WORK = 512  # clocks of a stretch that count as work, at most; in a longer stretch nothing moves


def opener(loops: ModuleType) -> Callable[..., Any]:
    """Return a compiled function that takes an array of one record for each record of the loop; see ``loop.looper``."""

    @entry
    def opened(
        state: Any, burst: np.recarray, inputs: RunInputs, terms: Any, columns: Any, bus_words: np.ndarray
    ) -> Any:
        return loops.loop((state[0][0], *state[1:]), burst[0], inputs, terms, columns, bus_words)

    return opened


@kernel
def load(state: Any) -> None:
    """Do nothing: this level keeps no state of its own."""


@kernel
def flush(state: Any) -> None:
    """Do nothing: this level keeps no state of its own."""


@kernel
def begin(r: np.record) -> None:
    """Do nothing: this level keeps nothing from one call to the next."""


@kernel
def end(r: np.record) -> None:
    """Do nothing: this level keeps nothing."""


@kernel
def at_once(state: Any, inputs: RunInputs, bus: Buses, burst: np.record, limit: int) -> tuple[Buses, int, int]:
    """Run several clocks at once, at most ``limit``. This level never does, and returns 0 clocks.

    burst : the spikes that appear on the output bus in these clocks are written there

    Returns both buses after these clocks, the number of clocks, or 0 if the next clock must run by itself, and the
    amount of work (see ``pieces.WORK``).
    """
    return bus, 0, 0
