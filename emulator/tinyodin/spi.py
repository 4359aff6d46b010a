"""tinyODIN's own part of the SPI slave: its configuration registers, and the bytes of its neurons.

Source: tinyODIN doc v1.0, 2.1 and 4; spi_slave.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import spi_slave
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.tinyodin.layout import CHIP, NEURONS

IN = positions(CHIP.input_word)
NEURON_BYTES = NEURONS.width // 8
reset = spi_slave.reset
configure = spi_slave.configurer(CHIP)


@kernel
def neuron_byte(r: np.record, index: int) -> int:
    """A byte of the neuron last read; 0 beyond its word."""
    return spi_slave.byte_of(r.neur_state, index) if index < NEURON_BYTES else 0


readback = spi_slave.reader(neuron_byte)
