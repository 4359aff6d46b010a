"""ODIN's own part of the SPI slave: its configuration registers, and the bytes of its neurons.

Source: ODIN doc v0.1, 2.1 and 4; spi_slave.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import addresses, positions
from draupnir.emulator.crossbar import spi_slave
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.layout import CHIP, NEURONS
from draupnir.emulator.odin.scheduler import reset_priority, rst_priority

IN = positions(CHIP.input_word)
A = addresses(CHIP)
N_SYN_SIGN = CHIP.register("SPI_SYN_SIGN").n_addrs
SYN_SIGN_BITS = CHIP.register("SPI_SYN_SIGN").width
MONITOR_BITS = CHIP.register("SPI_MONITOR_NEUR_ADDR").width
NEURON_BYTES = NEURONS.width // 8


@kernel
def configure(r: np.record, addr: int, given: int) -> None:
    """A write of a configuration register; bursts that it turns off are reset at once."""
    held = rst_priority(r)
    spi_slave.configure(r, addr, given)
    if A.spi_syn_sign <= addr < A.spi_syn_sign + N_SYN_SIGN:
        r.spi_syn_sign[addr - A.spi_syn_sign] = wrap(given, SYN_SIGN_BITS)
    elif addr == A.spi_burst_timeref:
        r.spi_burst_timeref = given
    elif addr == A.spi_aer_src_ctrl_nneur:
        r.spi_aer_src_ctrl_nneur = given & 1
    elif addr == A.spi_out_aer_monitor_en:
        r.spi_out_aer_monitor_en = given & 1
    elif addr == A.spi_monitor_neur_addr:
        r.spi_monitor_neur_addr = wrap(given, MONITOR_BITS)
    elif addr == A.spi_monitor_syn_addr:
        r.spi_monitor_syn_addr = wrap(given, MONITOR_BITS)
    elif addr == A.spi_update_unmapped_syn:
        r.spi_update_unmapped_syn = given & 1
    elif addr == A.spi_propagate_unmapped_syn:
        r.spi_propagate_unmapped_syn = given & 1
    elif addr == A.spi_sdsp_on_syn_stim:
        r.spi_sdsp_on_syn_stim = given & 1
    if rst_priority(r) and not held:  # an asynchronous reset: SPI_BURST_TIMEREF has become 0
        reset_priority(r)


@kernel
def neuron_byte(r: np.record, index: int) -> int:
    """A byte of the neuron last read; 0 beyond its word."""
    return spi_slave.byte_of(r.neur_state[index >> 2], index & 3) if index < NEURON_BYTES else 0
