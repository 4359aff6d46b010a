"""RANC's bench for a grid of any sizes: neurons, packets into the grid, ticks, packets out of it, and the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import cocotb
import numpy as np
from cocotb.triggers import ReadOnly, RisingEdge

from draupnir.cocotb_tests.lib.bench import ChipBench, Limit
from draupnir.cocotb_tests.lib.recipe import RecipeBench
from draupnir.cocotb_tests.lib.session import Session
from draupnir.emulator import chips
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.ranc.sizes import sizes_of
from draupnir.emulator.state import new_memory

LIMIT: Limit = {"timeout_time": 40, "timeout_unit": "ms"}  # simulated time: 4,000,000 clocks
FAR = 10  # clocks that a packet needs in a router and into a core, at most, if no other one is in its way


def model_here() -> Any:
    """Return a model of the sizes with which the design was made."""
    return chips.model("ranc", Session.here().sizes)()


class Bench(ChipBench):
    """``async with Bench(dut) as bench:`` gives a grid whose neurons never fire, and checks everything at the end.

    outputs : the numbers on ``packet_out`` so far
    """

    def __init__(self, dut: Any) -> None:
        super().__init__(dut, model_here())
        self.sizes = sizes_of(self.chip.sizes)
        self.outputs: list[int] = []
        self._word = self.chip.memory("csram").words[0]
        self.packets = self.sender("packets", rng=self.rng)
        self.hold((self.packets,))

    def initial(self) -> Mapping[str, np.ndarray]:
        csram = new_memory(self.chip.memory("csram"))
        idle = encode(self._word, positive_threshold=self._word["positive_threshold"].high)
        csram[...] = to_limbs(idle, csram.shape[-1])
        return {"csram": csram}

    async def prepare(self) -> None:
        cocotb.start_soon(self._watch())
        await super().prepare()

    async def _watch(self) -> NoReturn:
        """Note each packet that leaves the grid."""
        while True:
            await RisingEdge(self.pins["packet_out_valid"])
            await ReadOnly()  # both pins change at the same edge
            self.outputs.append(int(self.pins["packet_out"].value))

    def set_neurons(self, neurons: Mapping[tuple[int, int], Mapping[str, int]]) -> None:
        """Load neurons; the grid is idle.

        neurons : (core, neuron) -> the fields of its word that are not 0; cores are counted without the output bus
        """
        csram = self.model.memories["csram"].copy()
        for (core, neuron), fields in neurons.items():
            csram[core, neuron] = to_limbs(encode(self._word, **fields), csram.shape[-1])
        self.load({"csram": csram})

    def spikes(self, core: int) -> list[int]:
        """Return the words of a core's scheduler that are not 0: bit n is axon n."""
        return [word for n in range(self.sizes.n_ticks) if (word := self.word("scheduler_sram", n, copy=core))]

    def place(self, core: int) -> int:
        """Return the number of a core's router."""
        return core + (core >= self.sizes.output)

    def distance(self, place: int, origin: int = 0) -> dict[str, int]:
        """Return the distances of a packet from one router to another, as fields."""
        n_x = self.sizes.n_x
        return {"dx": place % n_x - origin % n_x, "dy": place // n_x - origin // n_x}

    async def send(self, place: int, axon: int, tick: int = 0) -> None:
        """Send a packet into the grid, and wait until it is there; ``place`` is the number of its router."""
        await self.send_to(**self.distance(place), axon=axon, tick=tick)

    async def send_to(self, **fields: int) -> None:
        """Send a packet with these fields, and wait for as long as it needs to cross the grid."""
        await self.packets.send_all([encode(self._word, **fields)])
        await self.clock.cycles(FAR + 2 * (self.sizes.n_x + self.sizes.n_y))

    async def tick(self) -> None:
        """Begin a tick, and wait for its end."""
        self.pins["tick"].value = 1
        await self.clock.cycles(1)
        self.pins["tick"].value = 0
        await self.clock.cycles(self.tick_clocks)

    @property
    def tick_clocks(self) -> int:
        """The clocks from a tick until every core is idle, if no neuron waits."""
        return self.sizes.n_neurons * (self.sizes.n_axons + 2) + 3

    def potential(self, core: int, neuron: int) -> int:
        """Return the potential of a neuron in the design, -2**(bits - 1)..2**(bits - 1) - 1."""
        field = self._word["current_potential"]
        bits = self.word("csram", neuron, copy=core) >> field.lsb & ((1 << field.width) - 1)
        return bits - (bits >> field.width - 1 << field.width)


class Played(RecipeBench):
    """A bench in which a recipe does everything, the first reset too."""

    def __init__(self, dut: Any, recipe: str) -> None:
        super().__init__(dut, model_here(), recipe)
