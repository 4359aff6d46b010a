"""wrapped_snn_network's golden model: all pins and all state at every clock."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import entry
from draupnir.emulator.model import ClockLevel, RowLoop
from draupnir.emulator.trace import from_row, new_rows
from draupnir.emulator.wrapped_snn_network import clock
from draupnir.emulator.wrapped_snn_network.layout import CHIP, REPAIRED


@entry
def drive(r: np.record, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray, repaired: int) -> None:
    """Run rows (see ``draupnir.emulator.trace``)."""
    for i in range(len(inputs)):
        clock.apply_inputs(r, inputs[i])
        if clk[i]:
            clock.outputs(r, out[i])
            clock.clock(r, repaired)


class Model(ClockLevel):
    """wrapped_snn_network, clock by clock; see ``ClockLevel`` for how it is driven. A reset reaches all registers."""

    chip = CHIP

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        self.row_loop().run(inputs, clk, out)

    def row_loop(self) -> RowLoop:
        return RowLoop(drive, (self.registers[0],), (self.chip.sizes[REPAIRED.name],))

    @property
    def outputs(self) -> int:
        row = new_rows(self.chip.output_word, 1)[0]
        clock.outputs(self.registers[0], row)
        return from_row(self.chip.output_word, row)
