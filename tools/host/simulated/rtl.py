"""A simulated board in Verilator: bridge and chip are as in an FPGA, and the serial line runs bit by bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from draupnir.rtl import emit, verilated
from draupnir.rtl.bridge import board
from draupnir.tools.host.simulated.line import LineReceiver, levels

DIVIDER = 4  # clocks of a bit, for the fastest line that is possible
SLICE = 1 << 12  # clocks that run between two looks at the line
PATIENCE = 64  # the board is idle after so many slices with a quiet line


class RtlBoard:
    """A board whose chip is our RTL. It receives bytes from the line, and sends bytes.

    folder : the folder for Verilog and for the compiled board
    parameters : parameters of the chip, and of ``board.make_board``
    Raises InputError as ``verilated.build`` does.
    """

    def __init__(self, chip: str, folder: Path, **parameters: Any) -> None:
        self._board_pins = board.pins(emit.declaration(chip, **parameters))
        design = board.design(chip, folder / "verilog", DIVIDER, **parameters)
        self.device = verilated.build(design, self._board_pins, folder)
        self._receiver = LineReceiver(DIVIDER)
        self._idle = PATIENCE

    @property
    def busy(self) -> bool:
        """True if clocks must run although no byte comes from the line."""
        return self._idle < PATIENCE

    def step(self, content: bytes) -> bytes:
        """Take bytes from the line, and run for a while. Returns bytes for the line."""
        line = np.concatenate([levels(content, DIVIDER), np.ones(SLICE, np.int64)])
        outputs = self.device.run(line << self._board_pins.input_word["RX"].lsb, np.ones(len(line), np.uint8))
        answers = self._receiver.take(outputs >> self._board_pins.output_word["TX"].lsb & 1)
        self._idle = 0 if content or answers else self._idle + 1
        return answers
