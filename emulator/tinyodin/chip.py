"""tinyODIN's golden model: all pins and all state at every clock."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import ClassVar

from draupnir.emulator.crossbar.model import Crossbar
from draupnir.emulator.speeds.drive import driver
from draupnir.emulator.tinyodin import clock, stretch
from draupnir.emulator.tinyodin.layout import CHIP, SCHED_EVENT, State


class Model(Crossbar):
    """tinyODIN, clock by clock; see ``ClockLevel`` for how it is driven.

    What no reset touches: configuration registers, FIFO words, the memories' output registers.
    """

    chip = CHIP
    clock: ClassVar[ModuleType] = clock
    run_rows = staticmethod(driver(CHIP, clock, stretch))
    sched_event = SCHED_EVENT
    states = State
    from_aerin = (State.TREF, State.PUSH)
    from_scheduler = (State.POP_NEUR, State.POP_VIRT, State.AER_POP)

    def _virtual(self, event: Mapping[str, int]) -> str:
        return f"virtual event of weight {event['virts']} to neuron {event['addr']}"
