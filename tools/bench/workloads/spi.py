"""The configuration of a chip with the SPI slave of ODIN and tinyODIN, by a workload."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from draupnir.emulator.spi import pins
from draupnir.emulator.spi.bytewise import Bytewise
from draupnir.emulator.spi.port import writes_of
from draupnir.emulator.trace import pack

RESET_CLOCKS = 4


def configure(port: Bytewise, registers: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Rows: a reset, then every configuration register by SPI, those not named 0, SCK quicker than the clock."""
    writes = [write for r in port.chip.registers for write in writes_of(r, registers.get(r.name, 0))]
    reset, rest = pack(port.chip.input_word, {"RST": 1}), [0] * RESET_CLOCKS
    on_spi = pins.rows(port.chip, [port.encode(write) for write in writes], half=1)
    inputs = np.concatenate([[reset] * RESET_CLOCKS, rest, on_spi, rest])
    clk = np.repeat(np.array([1, 0, 1], np.uint8), [2 * RESET_CLOCKS, len(on_spi), RESET_CLOCKS])
    return inputs, clk
