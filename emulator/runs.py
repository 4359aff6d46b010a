"""What a run between a sender of events and a receiver of spikes comes to, for every chip with both buses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emulator.kernel.jit import entry

FIRST = 1024  # first length of an array whose length only the run will tell; doubled when full


@dataclass(frozen=True)
class Run:
    """What came of a closed-loop run.

    cycles, addrs : (n,) int64, the first clock before whose edge AEROUT_REQ is seen high, and AEROUT_ADDR there;
    cycles count from the model's own first clock
    first_cycle : number of the run's first clock; n_cycles : clocks that the run took
    done : all events were sent and the chip came to rest; False: ``max_cycles`` was reached first
    rows : (n_cycles,) int64, the packed input pins in each clock, if they were asked for, else empty
    """

    cycles: np.ndarray
    addrs: np.ndarray
    first_cycle: int
    n_cycles: int
    done: bool
    rows: np.ndarray


@dataclass(frozen=True)
class EventRun:
    """What came of an event-level run: as of a ``Run``, and what was counted, by the chip's own words."""

    cycles: np.ndarray
    addrs: np.ndarray
    first_cycle: int
    n_cycles: int
    done: bool
    statistics: Any


@entry
def put(array: np.ndarray, index: int, element: int) -> np.ndarray:
    """The array with the element at its end, or a longer copy of it if it was full."""
    if index == len(array):
        longer = np.empty(2 * index, dtype=np.int64)
        longer[:index] = array
        array = longer
    array[index] = element
    return array
