"""ODIN's bench: clock, reset, configuration through SPI, memories, event buses, and the golden model in lockstep."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from draupnir.cocotb_tests.crossbar.bench import LIMIT as LIMIT
from draupnir.cocotb_tests.crossbar.bench import CrossbarBench
from draupnir.emulator.codec import encode
from draupnir.emulator.odin import layout
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import CHIP, NEURONS
from draupnir.emulator.odin.port import PORT

EVENTS = {event.name: event for event in CHIP.events}


class Bench(CrossbarBench):
    """The bench of ODIN, see ``CrossbarBench``. The content of SPI_SYN_SIGN is one integer of 256 bits."""

    model_of = Model
    silent = encode(layout.LIF, lif_izh_sel=1, thr=255, neur_disable=1)  # This neuron never spikes.
    port = PORT
    too_long: tuple[str, ...] = ("bist_all",)  # It takes 16,000 clocks.
    of_lif: Mapping[str, int] = {"lif_izh_sel": 1}
    of_synapse: Mapping[str, int] = {layout.MAPPING.name: 1}
    existence, one_in = 1 << layout.MAPPING.lsb, 32
    drawn_with: Mapping[str, Mapping[str, int]] = {
        "open_loop": {"SPI_OPEN_LOOP": 1, "SPI_BURST_TIMEREF": 200},
        "closed_loop": {"SPI_SYN_SIGN": 0x5A << 96},
        "from_controller": {"SPI_AER_SRC_CTRL_nNEUR": 1},
        "resets": {"SPI_BURST_TIMEREF": 50},
        "abuse": {"SPI_OPEN_LOOP": 1},
    }

    async def define(self) -> None:
        """Write all SDSP flags."""
        await self.event("tref_all")

    def any_neurons(self) -> np.ndarray:
        """A neuron memory of which every other neuron is leaky integrate-and-fire, and every bit else random."""
        words = self.rng.integers(1 << 32, size=(NEURONS.depth, NEURONS.n_limbs), dtype=np.uint32)
        words[:, 0] = words[:, 0] & ~np.uint32(1) | np.arange(NEURONS.depth, dtype=np.uint32) % 2
        return words
