"""The wrapper's player of steps. It drives a side of a bus, and wakes Python up only once for many items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from draupnir.cocotb_tests.lib import memory, player_verilog
from draupnir.cocotb_tests.lib.bus import control, level
from draupnir.emulator.declare import Step, WiredBus


class Player:
    """Play lists of steps of a bus's sender (``lib.wrapper``), one list at a time, as ``BusSender`` would."""

    n_steps = player_verilog.N_STEPS  # the largest number of steps in a list
    n_items = player_verilog.N_STEPS // player_verilog.STEPS_OF_AN_ITEM

    @classmethod
    def for_bus(cls, dut: Any, bus: WiredBus) -> Player | None:
        """Return the player of a bus; None if the top is no wrapper."""
        return None if control(dut, player_verilog.control_name(bus, "busy")) is None else cls(dut, bus)

    def __init__(self, dut: Any, bus: WiredBus) -> None:
        self._code = player_verilog.StepCode(bus)
        self._step_memory = player_verilog.step_memory(bus)
        self._steps, self._n, self._busy, self._n_finished, self._since = (
            control(dut, player_verilog.control_name(bus, name)) for name in player_verilog.CONTROLS
        )

    async def play(self, steps: Sequence[Step]) -> None:
        """Carry steps out, until the last one is over. A step waits for clocks or for a level, never for both."""
        if not steps:
            return
        memory.write_first(self._steps, self._step_memory, [self._code.encode(step) for step in steps])
        self._n.value = len(steps)
        self._busy.value = 1
        await self._busy.falling_edge

    def n_finished(self) -> int:
        """Return the number of steps that are over; the next one is under way."""
        return level(self._n_finished) or 0

    def since(self) -> int:
        """Return the time, in the simulator's steps, at which the present step began."""
        return level(self._since) or 0
