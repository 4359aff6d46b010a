"""RANC's golden model: all pins, all probes and all state at both edges of every clock."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.changes import Changes, joined
from draupnir.emulator.kernel.jit import entry
from draupnir.emulator.model import ClockLevel, RowLoop
from draupnir.emulator.ranc import clock, stretch
from draupnir.emulator.ranc.layout import CHIP
from draupnir.emulator.ranc.planes import CorePlanes, planes_of
from draupnir.emulator.ranc.sizes import sizes_of
from draupnir.emulator.ranc.sleep import Sleepers, new_sleepers
from draupnir.emulator.ranc.state import Ranc, new_scratch, of_model
from draupnir.emulator.speeds import pieces
from draupnir.emulator.trace import from_row, new_rows, words

N_CHANGES = 1 << 16  # of the output pins, in one piece of work
RESTLESS = 1 << 12  # clocks until we look again whether a core may sleep
RISE = CHIP.clocks[0].rise


@entry
def drive(chip: Ranc, places: np.ndarray, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
    """Run rows (see ``draupnir.emulator.trace``)."""
    clock.begin(chip)
    for i in range(len(inputs)):
        chip.inputs[0] = inputs[i]
        if clk[i]:
            clock.outputs(chip, places)
            out[i] = chip.derived.row
            chip.cycle[0] += 1
            if clk[i] == RISE:
                clock.rise(chip)
            else:
                clock.fall(chip)


def _prepare(chip: Ranc) -> tuple[CorePlanes, Sleepers]:
    """Return what a stretch needs to know of a chip in this state."""
    return planes_of(chip.sizes, chip.cores.csram, chip.cores.instructions), new_sleepers(chip)


class Model(ClockLevel):
    """RANC, edge by edge; see ``ClockLevel`` for how it is driven.

    A reset reaches the routers, ``error``, and the scheduler's word of the present tick; no other register of a core.
    """

    chip = CHIP

    def __init__(self, seed: int | None = None, stretch: bool = True) -> None:
        super().__init__(seed, stretch)
        word = self.chip.output_word
        pieces = [word.pieces_of(pin.name)[0] for pin in self.chip.outputs_and_probes]
        self._places = np.array([(piece.word, piece.shift, (1 << piece.width) - 1) for piece in pieces], np.int64)
        self._scratch = new_scratch(sizes_of(self.chip.sizes), len(word.row))
        if seed is None:
            self.registers["read_address"] = self.chip.memory("scheduler_sram").depth - 1  # its initial block

    def kernel_state(self) -> Ranc:
        """Return views of the state, in the form that kernels take."""
        return of_model(self.chip, self._scratch, self.registers, self.memories)

    def drive_changes(self, inputs: Changes) -> Changes:
        """Do what every model does; with ``stretch``, clocks in which nothing moves are left out."""
        if not self.stretch:
            return super().drive_changes(inputs)
        self._check_whole_clocks(inputs)
        chip = self.kernel_state()
        busy = stretch.new_busy(chip.sizes)
        n_clocks, now = inputs.n_rows // len(self.chip.period), busy.now
        rows: list[np.ndarray] = []
        levels: list[np.ndarray] = []
        planes, sleepers = _prepare(chip)
        while not rows or now[stretch.CLOCK] < n_clocks:
            if rows:
                pieces.check_stop()
            if sleepers.restless.any():
                planes, sleepers = _prepare(chip)
            end = min(n_clocks, now[stretch.CLOCK] + RESTLESS) if sleepers.restless.any() else n_clocks
            out_rows, out_pins = np.zeros((2, N_CHANGES), np.int64)
            columns = stretch.PinColumns(inputs.rows, inputs.levels, out_rows, out_pins, self._places)
            try:
                stretch.run(chip, planes, sleepers, columns, busy, end)
            except SystemError as error:
                raise pieces.raised_by_signal(error) from None
            rows.append(out_rows[: now[stretch.N_OUT]])
            levels.append(out_pins[: now[stretch.N_OUT]])
        changes = joined(rows, levels, inputs.n_rows)
        whole = new_rows(self.chip.output_word, len(changes.rows))
        words(whole)[:, 0] = changes.levels
        return Changes(changes.rows, whole, inputs.n_rows)

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        self.row_loop().run(inputs, clk, out)

    def row_loop(self) -> RowLoop:
        return RowLoop(drive, (self.kernel_state(), self._places))

    @property
    def outputs(self) -> int:
        chip = self.kernel_state()
        clock.begin(chip)
        clock.outputs(chip, self._places)
        return from_row(self.chip.output_word, self._scratch.derived.row)
