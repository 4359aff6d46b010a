"""SNE's bench: words into an engine, events out of it, its configuration, and the golden model in lockstep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from draupnir.cocotb_tests.lib.bench import ChipBench, Limit
from draupnir.cocotb_tests.lib.recipe import RecipeBench
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.stream import StreamReceiverTiming, StreamSenderTiming
from draupnir.emulator.sne.chip import Model
from draupnir.emulator.sne.layer import EngineLayer, memories_of

LIMIT: Limit = {"timeout_time": 2, "timeout_unit": "ms"}  # simulated time: 200,000 clocks
REST = 200  # clocks; an event of a dense layer takes 72
AT_ONCE = Clocks(0, 0)
QUICK_SENDER, QUICK_RECEIVER = StreamSenderTiming(gap=AT_ONCE), StreamReceiverTiming(pause=AT_ONCE, patient=0.0)


class Bench(ChipBench):
    """``async with Bench(dut, layer) as bench:`` gives an engine with a layer, and checks everything at the end.

    sender, receiver : how both sides of the streams behave; None for any gaps and pauses
    loads : True to load the kernels through the back door, False to leave them 0
    """

    def __init__(
        self,
        dut: Any,
        layer: EngineLayer,
        sender: StreamSenderTiming | None = None,
        receiver: StreamReceiverTiming | None = None,
        loads: bool = True,
    ) -> None:
        super().__init__(dut, Model())
        self.layer, self._loads = layer, loads
        self.dst = self.sender("dst", sender, rng=self.rng)
        self.src = self.receiver("src", receiver, rng=self.rng)
        self.output = self.monitor("src")
        self.hold((self.dst, self.src))

    def initial(self) -> Mapping[str, np.ndarray]:
        return memories_of(self.layer.kernels) if self._loads else {}

    async def prepare(self) -> None:
        for pin, level in self.layer.pins(reset=True).items():
            self.pins[pin].value = level
        self.src.start()
        self.output.start()
        await super().prepare()

    async def send(self, words: Sequence[int]) -> list[int]:
        """Send words, wait until the engine is at rest, and return all events that have come out so far."""
        await self.dst.send_all(words)
        n_events = -1
        while len(self.output.events) > n_events:
            n_events = len(self.output.events)
            await self.clock.cycles(REST)
        return self.output.addrs


class SlowEngine(Bench):
    """The engine's clock is slower than that of the bus, so their edges come in any order."""

    periods = MappingProxyType({"engine_clk_i": 14})


class Played(RecipeBench):
    """A bench in which a golden recipe does everything, the first reset too, on two clocks that run apart."""

    periods = MappingProxyType({"engine_clk_i": 14})

    def __init__(self, dut: Any, recipe: str) -> None:
        super().__init__(dut, Model(), recipe)
