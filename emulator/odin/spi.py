"""What ODIN adds to the SPI slave: its configuration registers, and the bytes read from its memories.

Source: ODIN doc v0.1, 2.1 and 4; spi_slave.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import addresses, positions
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.layout import CHIP, SPI_NEURON_ADDR, SPI_SYNAPSE_ADDR, SpiCmd
from draupnir.emulator.parts import spi_slave
from draupnir.emulator.parts.spi_slave import BYTE_MASK, NO_BYTE

NEURON_ADDR = positions(SPI_NEURON_ADDR)
SYNAPSE_ADDR = positions(SPI_SYNAPSE_ADDR)
NEURONS, SYNAPSES = int(SpiCmd.NEURONS), int(SpiCmd.SYNAPSES)
A = addresses(CHIP)
N_SYN_SIGN = CHIP.register("SPI_SYN_SIGN").n_addrs
SYN_SIGN_BITS = CHIP.register("SPI_SYN_SIGN").width
MONITOR_BITS = CHIP.register("SPI_MONITOR_NEUR_ADDR").width


@kernel
def sck_rise(r: np.record, mosi: int) -> None:
    """Rising edge of SCK: shift MOSI in; the last bit of a configuration write also writes the register."""
    if spi_slave.shift_in(r, mosi):
        _configure(r, field(r.spi_addr, spi_slave.ADDR.addr), r.spi_shift_reg_in)


@kernel
def _configure(r: np.record, addr: int, given: int) -> None:
    if addr == A.spi_gate_activity:
        r.spi_gate_activity = given & 1
    elif addr == A.spi_open_loop:
        r.spi_open_loop = given & 1
    elif A.spi_syn_sign <= addr < A.spi_syn_sign + N_SYN_SIGN:
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


@kernel
def sck_fall(r: np.record) -> None:
    """Falling edge of SCK."""
    spi_slave.shift_out(r, _readback(r) if spi_slave.reads(r) else NO_BYTE)


@kernel
def _readback(r: np.record) -> int:
    """The byte asked for; NO_BYTE without a memory command."""
    if r.ctrl_op_code == SYNAPSES:
        return (r.synarray_rdata >> (8 * field(r.ctrl_spi_addr, SYNAPSE_ADDR.byte))) & BYTE_MASK
    if r.ctrl_op_code == NEURONS:
        index = field(r.ctrl_spi_addr, NEURON_ADDR.byte)
        return (r.neur_state[index >> 2] >> (8 * (index & 3))) & BYTE_MASK if index < 16 else 0
    return NO_BYTE
