"""tinyODIN's own part of the SPI slave: its four configuration registers, and the bytes of its neurons.

Source: tinyODIN doc v1.0, 2.1 and 4; spi_slave.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import addresses, positions
from draupnir.emulator.crossbar import spi_slave
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.tinyodin.layout import CHIP, NEURONS

IN = positions(CHIP.input_word)
A = addresses(CHIP)
MAX_NEUR_BITS = CHIP.register("SPI_MAX_NEUR").width
NEURON_BYTES = NEURONS.width // 8


@kernel
def configure(r: np.record, addr: int, given: int) -> None:
    """A write of a configuration register."""
    spi_slave.configure(r, addr, given)
    if addr == A.spi_aer_src_ctrl_nneur:
        r.spi_aer_src_ctrl_nneur = given & 1
    elif addr == A.spi_max_neur:
        r.spi_max_neur = wrap(given, MAX_NEUR_BITS)


@kernel
def neuron_byte(r: np.record, index: int) -> int:
    """A byte of the neuron last read; 0 beyond its word."""
    return spi_slave.byte_of(r.neur_state, index) if index < NEURON_BYTES else 0
