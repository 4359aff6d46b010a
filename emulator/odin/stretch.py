"""Stretches of clocks in which only one thing moves: those of both chips, with the visits of ODIN."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar.stretch import can_stretch_of, stretcher
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import clock, scheduler, visit

can_stretch = can_stretch_of(clock, visit)
stretch = stretcher(clock, visit)


@kernel
def begin(r: np.record) -> None:
    """Find out anew what is kept to be quick."""
    scheduler.begin(r)


@kernel
def end(r: np.record) -> None:
    """Let go what is kept to be quick."""
    r.burst_clean = 0
