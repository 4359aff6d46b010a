"""A workload for a chip without a bus: random levels of an input pin."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.trace import pack, to_rows
from draupnir.tools.bench.workloads import Workload

RESET_CLOCKS = 4
STAY = (40, 1000)  # clocks; an event of the other chips takes about as many


def random_input(chip: Chip, pin: str, n_events: int) -> Workload:
    """Return a workload: a reset, and then any level of a pin, each for some hundred clocks.

    n_events : the number of levels, at least 1
    """
    rng, word = np.random.default_rng(1), chip.input_word
    levels, clocks = rng.integers(1 << word[pin].width, size=n_events), rng.integers(*STAY, size=n_events)
    resets = to_rows(word, [pack(word, chip.reset_levels(True))] * RESET_CLOCKS)
    events = np.stack((levels << word[pin].lsb, clocks), axis=1)
    return Workload(
        chip, "random-input", f"random levels of {pin}", {}, resets, np.ones(RESET_CLOCKS, np.uint8), events
    )
