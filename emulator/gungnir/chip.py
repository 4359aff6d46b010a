"""Gungnir's golden model: all pins and all state at every clock."""

from __future__ import annotations

from types import ModuleType
from typing import Any, ClassVar

from draupnir.emulator.gungnir import clock, stretch
from draupnir.emulator.gungnir.layout import CHIP, State
from draupnir.emulator.odin import chip as odin
from draupnir.emulator.speeds.drive import driver


class Model(odin.Model):
    """Gungnir, clock by clock; see ``ClockLevel`` for how it is driven. While SPI_EPROP_EN is 0 it is ODIN."""

    chip = CHIP
    clock: ClassVar[ModuleType] = clock
    run_rows = staticmethod(driver(CHIP, clock, stretch))
    states = State
    from_aerin = (*odin.Model.from_aerin, State.SIGNAL, State.FEEDBACK, State.LEARN)

    def kernel_state(self) -> tuple[Any, ...]:
        """The state as kernels take it: the record, the neurons, the synapses, the fractions."""
        return (*super().kernel_state(), self.memories["fractions"])
