"""ODIN's own part of the SPI slave: what hangs on its configuration registers, and the bytes of its neurons.

Source: ODIN doc v0.1, 2.1 and 4; spi_slave.v.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import spi_slave
from draupnir.emulator.declare import Chip
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.layout import CHIP, NEURONS
from draupnir.emulator.odin.scheduler import reset_priority, rst_priority

IN = positions(CHIP.input_word)
SYN_SIGN_BITS = CHIP.register("SPI_SYN_SIGN").width
NEURON_BYTES = NEURONS.width // 8
reset = spi_slave.reset


def configurer(chip: Chip) -> Callable[[np.record, int, int], None]:
    """Make the kernel that writes a configuration register of a chip; bursts that it turns off are reset at once."""
    write = spi_slave.configurer(chip)

    @kernel
    def configure(r: np.record, addr: int, data: int) -> None:
        was_in_reset = rst_priority(r)
        write(r, addr, data)
        if rst_priority(r) and not was_in_reset:  # an asynchronous reset: SPI_BURST_TIMEREF has become 0
            reset_priority(r)

    return configure


configure = configurer(CHIP)


@kernel
def neuron_byte(r: np.record, index: int) -> int:
    """A byte of the neuron last read; 0 beyond its word."""
    return spi_slave.byte_of(r.neur_state[index >> 2], index & 3) if index < NEURON_BYTES else 0


readback = spi_slave.reader(neuron_byte)
