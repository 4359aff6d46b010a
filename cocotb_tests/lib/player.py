"""The wrapper's player of steps: what a side of a bus does, of which Python is woken once for many items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from draupnir.cocotb_tests.lib import memory, player_verilog
from draupnir.cocotb_tests.lib.bus import control, level
from draupnir.emulator.codec import to_limbs
from draupnir.emulator.declare import Step, WiredBus


class Player:
    """Plays the steps of a bus's sender (``lib.wrapper``) as ``BusSender`` would, one list of them at a time."""

    n_steps = player_verilog.N_STEPS  # at most, in a list
    n_items = player_verilog.N_STEPS // player_verilog.STEPS_OF_AN_ITEM

    @classmethod
    def for_bus(cls, dut: Any, bus: WiredBus) -> Player | None:
        """None if the top is no wrapper."""
        return None if control(dut, player_verilog.control_name(bus, "busy")) is None else cls(dut, bus)

    def __init__(self, dut: Any, bus: WiredBus) -> None:
        self._code = player_verilog.StepCode(bus)
        self._step_memory = player_verilog.step_memory(bus)
        self._steps, self._n, self._busy, self._n_finished, self._since = (
            control(dut, player_verilog.control_name(bus, name)) for name in player_verilog.CONTROLS
        )

    async def play(self, steps: Sequence[Step]) -> None:
        """Carry steps out, from now until the last is over. None has both a limit in clocks and a level to wait for."""
        words = [to_limbs(self._code.encode(step), self._step_memory.n_limbs) for step in steps]
        if not words:
            return
        memory.write_first(self._steps, self._step_memory, np.array(words, np.uint32))
        self._n.value = len(words)
        self._busy.value = 1
        await self._busy.falling_edge

    def n_finished(self) -> int:
        """Return how many of the steps are over; the next one lasts."""
        return level(self._n_finished) or 0

    def since(self) -> int:
        """The time, in the simulator's steps, at which the step began that lasts."""
        return level(self._since) or 0
