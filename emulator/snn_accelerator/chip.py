"""snn-accelerator's golden model: all pins and all state at every clock."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import entry
from draupnir.emulator.model import ClockLevel, RowLoop
from draupnir.emulator.snn_accelerator import clock
from draupnir.emulator.snn_accelerator.layout import CHIP
from draupnir.emulator.trace import from_row, new_rows


@entry
def drive(r: np.record, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
    """Run rows (see ``draupnir.emulator.trace``)."""
    for i in range(len(inputs)):
        clock.apply_inputs(r, inputs[i])
        if clk[i]:
            clock.outputs(r, out[i])
            clock.clock(r)


class Model(ClockLevel):
    """snn-accelerator, clock by clock; see ``ClockLevel`` for how it is driven.

    What no reset touches: the potentials of the slow neurons, and the divided clocks but for the first.
    """

    chip = CHIP

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        self.row_loop().run(inputs, clk, out)

    def row_loop(self) -> RowLoop:
        return RowLoop(drive, (self.registers[0],))

    @property
    def outputs(self) -> int:
        row = new_rows(self.chip.output_word, 1)[0]
        clock.outputs(self.registers[0], row)
        return from_row(self.chip.output_word, row)
