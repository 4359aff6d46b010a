"""tinyODIN's bench: clock, reset, configuration through SPI, memories, event buses, the golden model in lockstep."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from draupnir.cocotb_tests.crossbar.bench import LIMIT as LIMIT
from draupnir.cocotb_tests.crossbar.bench import CrossbarBench
from draupnir.emulator.codec import encode
from draupnir.emulator.crossbar import synaptic_core
from draupnir.emulator.tinyodin import layout
from draupnir.emulator.tinyodin.chip import Model
from draupnir.emulator.tinyodin.layout import NEURONS, N
from draupnir.emulator.tinyodin.port import PORT


class Bench(CrossbarBench):
    """The bench of tinyODIN, see ``CrossbarBench``. The default of SPI_MAX_NEUR is 255."""

    model_of = Model
    silent = encode(layout.LIF, thr=layout.LIF["thr"].high, neur_disable=1)  # This neuron never spikes.
    port = PORT
    drawn_with: Mapping[str, Mapping[str, int]] = {
        "open_loop": {"SPI_OPEN_LOOP": 1, "SPI_MAX_NEUR": 200},
        "closed_loop": {"SPI_MAX_NEUR": 60},
        "from_controller": {"SPI_AER_SRC_CTRL_nNEUR": 1, "SPI_MAX_NEUR": 40},
        "resets": {"SPI_MAX_NEUR": 255},
        "abuse": {"SPI_OPEN_LOOP": 1, "SPI_MAX_NEUR": 99},
    }
    always: Mapping[str, int] = {"SPI_MAX_NEUR": N - 1}
    existence, one_in = synaptic_core.SYN_MASK, 16

    def any_neurons(self) -> np.ndarray:
        """Return a neuron memory in which half of the words are random, and the other neurons spike easily."""
        words = self.rng.integers(1 << 32, size=(NEURONS.depth, NEURONS.n_limbs), dtype=np.uint32)
        low = ((1 << 5) - 1) << layout.LIF["thr"].lsb | ((1 << 3) - 1) << layout.LIF["leak_str"].lsb
        words[::2] &= np.uint32(low)
        return words
