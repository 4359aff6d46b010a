"""What tinyODIN adds to the SPI slave: its four configuration registers, and the bytes read from its memories.

Source: tinyODIN doc v1.0, 2.1 and 4; spi_slave.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import addresses, positions
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.parts import spi_slave
from draupnir.emulator.parts.spi_slave import BYTE_MASK, NO_BYTE
from draupnir.emulator.tinyodin.layout import CHIP, NEURONS, SPI_NEURON_ADDR, SPI_SYNAPSE_ADDR, SpiCmd

NEURON_ADDR = positions(SPI_NEURON_ADDR)
SYNAPSE_ADDR = positions(SPI_SYNAPSE_ADDR)
CMD_NEURONS, CMD_SYNAPSES = int(SpiCmd.NEURONS), int(SpiCmd.SYNAPSES)
A = addresses(CHIP)
MAX_NEUR_BITS = CHIP.register("SPI_MAX_NEUR").width
NEURON_BYTES = NEURONS.width // 8


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
    elif addr == A.spi_aer_src_ctrl_nneur:
        r.spi_aer_src_ctrl_nneur = given & 1
    elif addr == A.spi_max_neur:
        r.spi_max_neur = wrap(given, MAX_NEUR_BITS)


@kernel
def sck_fall(r: np.record) -> None:
    """Falling edge of SCK."""
    spi_slave.shift_out(r, _readback(r) if spi_slave.reads(r) else NO_BYTE)


@kernel
def _readback(r: np.record) -> int:
    """The byte asked for; NO_BYTE without a memory command."""
    if r.ctrl_op_code == CMD_SYNAPSES:
        return (r.synarray_rdata >> (8 * field(r.ctrl_spi_addr, SYNAPSE_ADDR.byte))) & BYTE_MASK
    if r.ctrl_op_code == CMD_NEURONS:
        index = field(r.ctrl_spi_addr, NEURON_ADDR.byte)
        return (r.neur_state >> (8 * index)) & BYTE_MASK if index < NEURON_BYTES else 0
    return NO_BYTE
