"""How a workload configures a chip with the SPI slave of ODIN and tinyODIN."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from draupnir.emulator.codec import encode
from draupnir.emulator.declare import Chip
from draupnir.emulator.parts.spi_layout import SPI_ADDR, SPI_DATA, SPI_FRAME, SpiCmd
from draupnir.emulator.trace import pack

RESET_CLOCKS = 4


def configure(chip: Chip, registers: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Rows: a reset, then every configuration register by SPI, those not named 0, SCK quicker than the clock."""
    reset, rest = pack(chip.input_word, {"RST": 1}), 0
    inputs = [reset] * RESET_CLOCKS + [rest] * RESET_CLOCKS
    clk = [1] * len(inputs)
    for register in chip.registers:
        content = registers.get(register.name, 0)
        for i in range(register.n_addrs):
            part = content >> register.width * i & (1 << register.width) - 1
            inputs += _frame(chip, encode(SPI_ADDR, cmd=SpiCmd.CONFIG, addr=register.addr + i), part)
            clk += [0] * (len(inputs) - len(clk))
    inputs += [rest] * RESET_CLOCKS
    return np.array(inputs, dtype=np.int64), np.array(clk + [1] * RESET_CLOCKS, dtype=np.uint8)


def _frame(chip: Chip, addr: int, content: int) -> list[int]:
    """Rows of an SPI transaction: each bit with SCK low, then high; SCK low at the end."""
    bits = [(addr << SPI_DATA.width | content) >> i & 1 for i in reversed(range(SPI_FRAME))]
    return [pack(chip.input_word, {"MOSI": bit, "SCK": sck}) for bit in bits for sck in (0, 1)] + [0]
