"""The synaptic core: 8192 x 32 bit memory, eight synapses a word. Only the SPI writes it.

The memory works as the neurons' does (``neuron_core``).

Source: tinyODIN doc v1.0, 3.2; synaptic_core.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.parts.spi_slave import BYTE_MASK, masked_byte
from draupnir.emulator.tinyodin.controller import SynMem
from draupnir.emulator.tinyodin.layout import N_SYN, SYN_BITS
from draupnir.emulator.tinyodin.spi import SYNAPSE_ADDR

SYN_MASK = (1 << SYN_BITS) - 1


@kernel
def synapse(word: int, post: int) -> int:
    """The weight of post-synaptic neuron ``post`` (0..255) in its word, 4 bits."""
    return (word >> (SYN_BITS * (post & (N_SYN - 1)))) & SYN_MASK


@kernel
def clock(r: np.record, synapses: np.ndarray, syn: SynMem) -> None:
    """Rising edge: read, then write (the read sees the old word)."""
    if syn.cs == 0:
        return
    before = synapses[syn.addr, 0]
    if syn.we:
        word = r.synarray_rdata
        shift = 8 * field(r.ctrl_spi_addr, SYNAPSE_ADDR.byte)
        byte = masked_byte((word >> shift) & BYTE_MASK, r.ctrl_prog_data)
        synapses[syn.addr, 0] = word & ~(BYTE_MASK << shift) | byte << shift
    r.synarray_rdata = np.int64(before)
