"""Gungnir's own part of the SPI slave: ODIN's registers and its own, and the bytes of the fractions.

Source: README.md; the rest: ODIN's SPI slave.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import spi_slave
from draupnir.emulator.gungnir.layout import CHIP, LEARNING_CONFIG, SPI_FRACTIONS
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import spi as odin
from draupnir.emulator.resets import resetter

IN = positions(CHIP.input_word)
configure = odin.configurer(CHIP)
_reset_config = resetter(LEARNING_CONFIG)


@kernel
def reset(r: np.record) -> None:
    """RST clears the transaction, and SPI_EPROP_EN."""
    spi_slave.reset(r)
    _reset_config(r)


@kernel
def readback(r: np.record) -> int:
    """The byte that a read asks for: of the fractions, or as in ODIN."""
    if r.ctrl_op_code == SPI_FRACTIONS and r.spi_eprop_en == 1:
        return spi_slave.byte_of(r.fractions_rdata, spi_slave.synapse_byte_idx(r))
    return odin.readback(r)
