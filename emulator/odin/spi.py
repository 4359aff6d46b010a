"""The SPI slave: 40-bit transactions in SCK's own clock domain, configuration registers, access to the memories.

A transaction is 20 address bits, then 20 data bits, most significant first. MOSI is taken on the rising edge of SCK,
everything else moves on the falling edge. The slave never sees CLK; the controller synchronises its requests.

Source: ODIN doc v0.1, 2.1 and 4; spi_slave.v.
"""

from __future__ import annotations

import numpy as np

from emulator.codec import addresses, positions
from emulator.kernel.arith import wrap
from emulator.kernel.bits import bit, field
from emulator.kernel.jit import kernel
from emulator.odin.layout import (
    CHIP,
    SPI_ADDR,
    SPI_BITS,
    SPI_FRAME,
    SPI_NEURON_ADDR,
    SPI_SYNAPSE_ADDR,
    SpiCmd,
)

ADDR = positions(SPI_ADDR)
NEURON_ADDR = positions(SPI_NEURON_ADDR)
SYNAPSE_ADDR = positions(SPI_SYNAPSE_ADDR)
CONFIG, NEURONS, SYNAPSES = int(SpiCmd.CONFIG), int(SpiCmd.NEURONS), int(SpiCmd.SYNAPSES)
CNT_ADDR = SPI_BITS - 1  # spi_cnt as the last address bit has been taken
CNT_READ = 31  # spi_cnt as the byte read is put into the output shift register (spi_slave.v)
CNT_LAST = SPI_FRAME - 1
BYTE_MASK = 0xFF


A = addresses(CHIP)
N_SYN_SIGN = CHIP.register("SPI_SYN_SIGN").n_addrs
SYN_SIGN_BITS = CHIP.register("SPI_SYN_SIGN").width
MONITOR_BITS = CHIP.register("SPI_MONITOR_NEUR_ADDR").width


@kernel
def reset(r: np.record) -> None:
    """RST clears the transaction; the input shift register and the configuration registers stay."""
    r.spi_cnt = 0
    r.spi_addr = 0
    r.spi_shift_reg_out = 0
    r.ctrl_readback_event = 0
    r.ctrl_prog_event = 0
    r.ctrl_spi_addr = 0
    r.ctrl_op_code = 0
    r.ctrl_prog_data = 0


@kernel
def sck_rise(r: np.record, mosi: int) -> None:
    """Rising edge of SCK: shift MOSI in; the last bit of a configuration write also writes the register."""
    shifted = wrap(r.spi_shift_reg_in << 1 | mosi, SPI_BITS)
    if r.spi_cnt == CNT_LAST and field(r.spi_addr, ADDR.cmd) == CONFIG:
        _configure(r, field(r.spi_addr, ADDR.addr), shifted)
    r.spi_shift_reg_in = shifted


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
    """Falling edge of SCK: shift MISO out; request a read after the address field, a write after the data field.

    A request to read stays up from the address field's end until the byte is taken; one to write for one SCK cycle.
    """
    cnt = r.spi_cnt
    taken = r.spi_shift_reg_in
    shifted = wrap(r.spi_shift_reg_out << 1, SPI_BITS)
    prog_event = 0
    if cnt == CNT_ADDR and field(taken, ADDR.read) == 1:
        r.ctrl_readback_event = int(field(taken, ADDR.cmd) != CONFIG)
        _take_addr(r, taken)
    elif cnt == CNT_ADDR and field(taken, ADDR.write) == 1:
        shifted = 0
        r.ctrl_readback_event = 0
        _take_addr(r, taken)
    elif cnt == CNT_READ and field(r.spi_addr, ADDR.read) == 1:
        shifted = _readback(r, shifted)
        r.ctrl_readback_event = 0
        r.ctrl_prog_data = 0
    elif cnt == CNT_LAST and field(r.spi_addr, ADDR.write) == 1:
        prog_event = int(r.ctrl_op_code != CONFIG)
        r.ctrl_readback_event = 0
        r.ctrl_prog_data = field(taken, ADDR.addr)  # as wide as the address, whatever it means
    r.ctrl_prog_event = prog_event
    r.spi_shift_reg_out = shifted
    if cnt == CNT_ADDR:
        r.spi_addr = taken
    r.spi_cnt = 0 if cnt == CNT_LAST else wrap(cnt + 1, 6)


@kernel
def _take_addr(r: np.record, taken: int) -> None:
    r.ctrl_spi_addr = field(taken, ADDR.addr)
    r.ctrl_op_code = field(taken, ADDR.cmd)
    r.ctrl_prog_data = 0


@kernel
def _readback(r: np.record, shifted: int) -> int:
    """The output shift register with the byte asked for in bits 19 to 12; without a memory command it shifts on."""
    if r.ctrl_op_code == SYNAPSES:
        byte = r.synarray_rdata >> (8 * field(r.ctrl_spi_addr, SYNAPSE_ADDR.byte))
    elif r.ctrl_op_code == NEURONS:
        index = field(r.ctrl_spi_addr, NEURON_ADDR.byte)
        byte = r.neur_state[index >> 2] >> (8 * (index & 3)) if index < 16 else 0
    else:
        return shifted
    return (byte & BYTE_MASK) << (SPI_BITS - 8)


@kernel
def masked_byte(content: int, prog_data: int) -> int:
    """A byte after a masked write: where the mask is 1, the bit stays."""
    mask = (prog_data >> 8) & BYTE_MASK
    return (prog_data & ~mask & BYTE_MASK) | (content & mask)


@kernel
def miso(r: np.record) -> int:
    """The pin: most significant bit of the output shift register."""
    return bit(r.spi_shift_reg_out, SPI_BITS - 1)
