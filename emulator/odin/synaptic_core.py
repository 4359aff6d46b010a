"""The synaptic core: 8192 x 32 bit memory, and the SDSP update of the word read.

The memory has one port: a clock with ``cs`` puts the addressed word, as it was before, into the output register; with
``we`` it also writes. So a word is read in one clock and written back, updated, in the next.

Source: ODIN doc v0.1, 3.1, 3.2; synaptic_core.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import sdsp
from draupnir.emulator.odin.controller import SynMem
from draupnir.emulator.odin.layout import CHIP, SPI_SYNAPSE_ADDR, SYN_ADDR, SYN_BITS
from draupnir.emulator.parts.spi_slave import BYTE_MASK, masked_byte

ADDR = positions(SYN_ADDR)
SPI_ADDR = positions(SPI_SYNAPSE_ADDR)
SIGNS_PER_WORD = CHIP.register("SPI_SYN_SIGN").width


@kernel
def syn_sign(r: np.record, syn: SynMem) -> int:
    """Sign of the pre-synaptic neuron whose row is addressed (row 0 if none is): 1 inhibitory."""
    pre = field(syn.addr, ADDR.pre)
    return bit(r.spi_syn_sign[pre // SIGNS_PER_WORD], pre % SIGNS_PER_WORD)


@kernel
def wdata(r: np.record, syn: SynMem) -> int:
    """SYNARRAY_WDATA: the word read, with a byte from the SPI if the gate is closed, else after SDSP."""
    word = r.synarray_rdata
    if r.spi_gate_activity_sync:
        shift = 8 * field(r.ctrl_spi_addr, SPI_ADDR.byte)
        byte = (word >> shift) & BYTE_MASK
        return word & ~(BYTE_MASK << shift) | masked_byte(byte, r.ctrl_prog_data) << shift
    if syn.pre_en == 0:
        return word
    group = field(syn.addr, ADDR.post_group)
    return sdsp.word_next(
        word, syn.pre_en, r.spi_update_unmapped_syn, syn.bist_ref, r.neur_v_up[group], r.neur_v_down[group]
    )


@kernel
def read(r: np.record, synapses: np.ndarray, syn: SynMem) -> None:
    """Rising edge where nothing is written."""
    if syn.cs:
        r.synarray_rdata = np.int64(synapses[syn.addr, 0])


@kernel
def clock(r: np.record, synapses: np.ndarray, syn: SynMem, word: int) -> None:
    """Rising edge: read, then write (the read sees the old word)."""
    read(r, synapses, syn)
    if syn.cs and syn.we:
        synapses[syn.addr, 0] = word


@kernel
def synapse(word: int, post: int) -> int:
    """The 4 bits of post-synaptic neuron ``post`` (0..255) in its word."""
    return (word >> (SYN_BITS * (post & 7))) & sdsp.SYN_MASK
