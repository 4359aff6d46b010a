"""ODIN's golden model: all pins and all state at every clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from enum import IntEnum
from types import ModuleType
from typing import Any, ClassVar

from draupnir.emulator.codec import decode
from draupnir.emulator.crossbar import model as family
from draupnir.emulator.crossbar.model import Crossbar
from draupnir.emulator.declare import Reg
from draupnir.emulator.kernel.jit import plain
from draupnir.emulator.odin import clock, scheduler, stretch
from draupnir.emulator.odin.layout import CHIP, SCHED_EVENT, VIRTS, State
from draupnir.emulator.speeds.drive import driver

COUNTERS = (
    *family.COUNTERS,
    Reg("burst_clean", 1, meaning="While rows are run: the burst FIFOs are as after a reset. Else 0."),
    Reg("n_burst_lost", 63, meaning="Words pushed past the end of a burst FIFO."),
    Reg("n_burst_undefined", 63, meaning="Words popped from past the end of a burst FIFO."),
)


class Model(Crossbar):
    """ODIN, clock by clock; see ``ClockLevel`` for how it is driven.

    What no reset touches: configuration registers, SDSP flags, FIFO words, the memories' output registers.
    """

    chip = CHIP
    counters = COUNTERS
    clock: ClassVar[ModuleType] = clock
    run_rows = staticmethod(driver(CHIP, clock, stretch))
    sched_event = SCHED_EVENT
    states: ClassVar[type[IntEnum]] = State
    from_aerin: ClassVar[Collection[int]] = (State.TREF, State.BIST, State.SYNAPSE, State.PUSH)
    from_scheduler = (State.POP_NEUR, State.POP_VIRT)

    def _asynchronous_resets(self) -> dict[Callable[[Any], None], bool]:
        of_bursts = bool(plain(scheduler.rst_priority)(self.registers[0]))
        return {**super()._asynchronous_resets(), scheduler.reset_bursts: of_bursts}

    def warnings(self) -> list[str]:
        """Say what happened that the original's Verilog leaves undefined, counted and decoded."""
        r = self.registers[0]
        lines = []
        if r.n_burst_lost:
            lines.append(
                f"{r.n_burst_lost} burst spike(s) were pushed past the 4 words of a burst FIFO (its pointers count to"
                f" 32); {r.n_burst_undefined} of them have been read back: undefined in the Verilog, here the word at"
                " the pointer modulo 4"
            )
        return lines

    # --- What it is doing, in words ---

    def _queue(self) -> str:
        return f"main FIFO {super()._queue()}, burst turn {self.registers[0].priority}"

    def _virtual(self, event: Mapping[str, int]) -> str:
        return f"virtual event to neuron {event['addr']} {decode(VIRTS, event['virts'])}"
