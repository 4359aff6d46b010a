"""The configuration of a workload for a chip with the SPI slave of ODIN and tinyODIN."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from draupnir.emulator.spi import pins
from draupnir.emulator.spi.bytewise import Bytewise
from draupnir.emulator.spi.port import writes_of
from draupnir.emulator.trace import pack

RESET_CLOCKS = 4


def configure(port: Bytewise, registers: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """The rows of pins that reset a chip and write all its configuration registers, with SCK faster than the clock.

    registers : name -> content; all others become 0
    Returns the input pins, (n,) int64, and the clock edges, (n,) uint8.
    """
    writes = [write for r in port.chip.registers for write in writes_of(r, registers.get(r.name, 0))]
    reset, rest = pack(port.chip.input_word, {"RST": 1}), [0] * RESET_CLOCKS
    on_spi = pins.rows(port.chip, [port.encode(write) for write in writes], half=1)
    inputs = np.concatenate([[reset] * RESET_CLOCKS, rest, on_spi, rest])
    clk = np.repeat(np.array([1, 0, 1], np.uint8), [2 * RESET_CLOCKS, len(on_spi), RESET_CLOCKS])
    return inputs, clk
