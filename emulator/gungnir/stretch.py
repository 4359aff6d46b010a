"""Stretches of clocks in which only one thing moves: those of ODIN. A learn event runs clock by clock."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar.stretch import can_stretch_of, stretcher
from draupnir.emulator.gungnir import clock, visit
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.stretch import begin, end

__all__ = ["begin", "end"]
_can_stretch = can_stretch_of(clock, visit)
_stretch = stretcher(clock, visit)


@kernel
def can_stretch(r: np.record) -> bool:
    """Tell whether a stretch begins here; the inputs are those of the coming clock."""
    return r.learn_cnt == 0 and _can_stretch(r)


@kernel
def stretch(r: np.record, neurons: np.ndarray, synapses: np.ndarray, fractions: np.ndarray, clocks: int) -> int:
    """Run on for at most ``clocks`` clocks, as ODIN does; returns how many, perhaps none."""
    return _stretch(r, neurons, synapses, clocks)
