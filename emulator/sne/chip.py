"""The golden model of SNE's engine: all pins and all state at every edge of both clocks."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import entry
from draupnir.emulator.model import ClockLevel, RowLoop
from draupnir.emulator.sne import clock
from draupnir.emulator.sne.layout import CHIP, GROUPS
from draupnir.emulator.sne.memories import Memories
from draupnir.emulator.trace import from_row, new_rows


@entry
def drive(r: np.record, m: Memories, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray, words: np.ndarray) -> None:
    """Run rows (see ``draupnir.emulator.trace``); words : (16,), room for the events of the groups"""
    for i in range(len(inputs)):
        clock.apply_inputs(r, inputs[i])
        if clk[i]:
            clock.outputs(r, m, out[i])
            clock.clock(r, m, clk[i], words)


class Model(ClockLevel):
    """SNE's engine, edge by edge; see ``ClockLevel`` for how it is driven.

    What no reset touches: the memories, the addresses at which they were read last, and the words in the FIFOs.
    """

    chip = CHIP

    def memory_arrays(self) -> Memories:
        """Return the memories in the form that kernels take."""
        m = self.memories
        return Memories(m["state_sram_o"], m["state_sram_e"], m["weight_mem"], m["weight_sram_o"])

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        self.row_loop().run(inputs, clk, out)

    def row_loop(self) -> RowLoop:
        return RowLoop(drive, (self.registers[0], self.memory_arrays()), (np.zeros(GROUPS, np.int64),))

    @property
    def outputs(self) -> int:
        row = new_rows(self.chip.output_word, 1)[0]
        clock.outputs(self.registers[0], self.memory_arrays(), row)
        return from_row(self.chip.output_word, row)
