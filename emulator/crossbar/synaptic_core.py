"""The synapse memory: 8192 x 32 bit, eight synapses a word.

It has one port: a clock with ``cs`` puts the addressed word, as it was before, into the output register; with ``we`` it
also writes. So a word is read in one clock and written back in the next.

Source: ODIN doc v0.1, 3.1; tinyODIN doc v1.0, 3.2; synaptic_core.v of both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.crossbar import spi_slave
from draupnir.emulator.crossbar.layout import N_SYN, SYN_BITS
from draupnir.emulator.kernel.jit import kernel

SYN_MASK = (1 << SYN_BITS) - 1


@kernel
def synapse(word: int, post: int) -> int:
    """The 4 bits of post-synaptic neuron ``post`` (0..255) in its word."""
    return (word >> (SYN_BITS * (post & (N_SYN - 1)))) & SYN_MASK


@kernel
def programmed(r: np.record) -> int:
    """The word read, with the SPI's masked byte."""
    return spi_slave.with_byte(r.synarray_rdata, spi_slave.synapse_byte_idx(r), r.ctrl_prog_data)


@kernel
def read(r: np.record, synapses: np.ndarray, syn: Any) -> None:
    """Rising edge where nothing is written; syn : the access, cs and addr."""
    if syn.cs:
        r.synarray_rdata = np.int64(synapses[syn.addr, 0])


@kernel
def clock(r: np.record, synapses: np.ndarray, syn: Any, word: int) -> None:
    """Rising edge: read, then write (the read sees the old word); syn : the access, cs, we and addr."""
    read(r, synapses, syn)
    if syn.cs and syn.we:
        synapses[syn.addr, 0] = word
