"""tinyODIN's bench: clock, reset, configuration through SPI, memories, event buses, the golden model in lockstep."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from draupnir.cocotb_tests.crossbar.bench import LIMIT as LIMIT
from draupnir.cocotb_tests.crossbar.bench import CrossbarBench
from draupnir.emulator.codec import encode
from draupnir.emulator.tinyodin import layout
from draupnir.emulator.tinyodin.chip import Model
from draupnir.emulator.tinyodin.layout import CHIP, NEURONS, SYNAPSES, N
from draupnir.emulator.tinyodin.port import PORT

EVENTS = {event.name: event for event in CHIP.events}
RATE = 1 << layout.SYN_BITS  # In a random memory, one of so many synapses exists.


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

    def any_neurons(self) -> np.ndarray:
        """Return a neuron memory in which half of the words are random, and the other neurons spike easily."""
        words = self.rng.integers(1 << 32, size=(NEURONS.depth, NEURONS.n_limbs), dtype=np.uint32)
        low = ((1 << 5) - 1) << layout.LIF["thr"].lsb | ((1 << 3) - 1) << layout.LIF["leak_str"].lsb
        words[::2] &= np.uint32(low)
        return words

    def any_synapses(self) -> np.ndarray:
        """Return a synapse memory of random weights, most of them 0, so that a closed loop does not fill the FIFO."""
        shape = (SYNAPSES.depth, layout.N_SYN)
        weights = self.rng.integers(RATE, size=shape) * (self.rng.integers(RATE, size=shape) == 0)
        return (weights << layout.SYN_BITS * np.arange(layout.N_SYN)).sum(axis=1).astype(np.uint32)[:, np.newaxis]
