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
RATE = 1 << layout.SYN_BITS  # one synapse in so many exists in a random memory


class Bench(CrossbarBench):
    """``async with Bench(dut) as bench:``; see ``CrossbarBench``. SPI_MAX_NEUR is 255 if it is not given."""

    model_of = Model
    silent = encode(layout.LIF, thr=layout.LIF["thr"].high, neur_disable=1)  # a neuron that takes no part
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
        """A neuron memory of which half of the words are random, and the other half easily stirred."""
        words = self.rng.integers(1 << 32, size=(NEURONS.depth, NEURONS.n_limbs), dtype=np.uint32)
        low = ((1 << 5) - 1) << layout.LIF["thr"].lsb | ((1 << 3) - 1) << layout.LIF["leak_str"].lsb
        words[::2] &= np.uint32(low)
        return words

    def any_synapses(self) -> np.ndarray:
        """A synapse memory of random weights, most of them 0, so that a closed loop does not fill for ever."""
        shape = (SYNAPSES.depth, layout.N_SYN)
        weights = self.rng.integers(RATE, size=shape) * (self.rng.integers(RATE, size=shape) == 0)
        return (weights << layout.SYN_BITS * np.arange(layout.N_SYN)).sum(axis=1).astype(np.uint32)[:, np.newaxis]
