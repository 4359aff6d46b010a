"""The input of a run at the pins of a chip that takes packets out of a FIFO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np


class PinInput(NamedTuple):
    """The contents of a chip's memories, and the clocks in which its inputs move.

    memories : memory -> its content, uint32 of ``Memory.shape``; all others begin with 0
    packets : (n, 2) int64, the clock from which on a packet is in the FIFO, and the packet; in the order of the clocks
    pulses : input pin of no bus -> (m,) int64, the clocks in which it is active
    n_clocks : the clocks of the run
    """

    memories: Mapping[str, np.ndarray]
    packets: np.ndarray
    pulses: Mapping[str, np.ndarray]
    n_clocks: int
