"""A board in Verilator: bridge and chip as they go into an FPGA, the line bit by bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from draupnir.rtl import emit, verilated
from draupnir.rtl.bridge import board
from draupnir.tools.host.simulated.line import LineReceiver, levels

DIVIDER = 4  # clocks of a bit: the quickest line that there is
SLICE = 1 << 12  # clocks run before anybody looks at the line again
PATIENCE = 64  # slices without anything on the line after which nothing is expected


class RtlBoard:
    """A board whose chip is an RTL: it takes bytes from the line, and sends others.

    folder : for Verilog, and the compiled board
    parameters : of the chip, and of ``board.make_board``
    Raises InputError as ``verilated.build`` does.
    """

    def __init__(self, chip: str, folder: Path, **parameters: Any) -> None:
        self._declared = board.pins(emit.declaration(chip, **parameters))
        design = board.design(chip, folder / "verilog", DIVIDER, **parameters)
        self.device = verilated.build(design, self._declared, folder)
        self._receiver = LineReceiver(DIVIDER)
        self._idle = PATIENCE

    @property
    def busy(self) -> bool:
        """Tell whether clocks have to run although nothing comes from the line."""
        return self._idle < PATIENCE

    def step(self, received: bytes) -> bytes:
        """Take bytes from the line and run for a while; returns bytes for the line."""
        line = np.concatenate([levels(received, DIVIDER), np.ones(SLICE, np.int64)])
        shown = self.device.run(line << self._declared.input_word["RX"].lsb, np.ones(len(line), np.uint8))
        sent = self._receiver.take(shown >> self._declared.output_word["TX"].lsb & 1)
        self._idle = 0 if received or sent else self._idle + 1
        return sent
