"""The SPI slave that ODIN and tinyODIN have in common: transactions in SCK's own domain.

MOSI is taken on the rising edge of SCK, everything else moves on the falling edge. The slave never sees CLK; the
controller synchronises its requests. What a chip adds: the bytes of its neurons, and what hangs on its registers.

Source: ODIN doc v0.1, 2.1; tinyODIN doc v1.0, 2.1; spi_slave.v of both.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar.layout import (
    SPI_ADDR,
    SPI_BITS,
    SPI_FRAME,
    SPI_NEURON_ADDR,
    SPI_REGS,
    SPI_SYNAPSE_ADDR,
    SpiCmd,
)
from draupnir.emulator.declare import Block, Chip, Register
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.resets import compiled, resetter

ADDR = positions(SPI_ADDR)
NEURON_ADDR = positions(SPI_NEURON_ADDR)
SYNAPSE_ADDR = positions(SPI_SYNAPSE_ADDR)
CONFIG = int(SpiCmd.CONFIG)
CNT_ADDR = SPI_BITS - 1  # spi_cnt as the last address bit has been taken
CNT_READ = 31  # spi_cnt as the byte read is put into the output shift register (spi_slave.v)
CNT_LAST = SPI_FRAME - 1
BYTE_MASK = 0xFF
NO_BYTE = -1  # no memory's byte is read


# RST clears the transaction; the input shift register and the configuration registers stay.
reset = resetter(Block("spi_slave", SPI_REGS))


@kernel
def shift_in(r: np.record, mosi: int) -> bool:
    """Rising edge of SCK; whether the last 20 bits, now in ``spi_shift_reg_in``, are to go to a register."""
    r.spi_shift_reg_in = wrap(r.spi_shift_reg_in << 1 | mosi, SPI_BITS)
    return r.spi_cnt == CNT_LAST and field(r.spi_addr, ADDR.cmd) == CONFIG


@kernel
def reads(r: np.record) -> bool:
    """Tell whether the coming falling edge takes the byte that was read from a memory."""
    return r.spi_cnt == CNT_READ and field(r.spi_addr, ADDR.read) == 1


@kernel
def shift_out(r: np.record, byte: int) -> None:
    """Falling edge of SCK: shift MISO out; request a read after the address field, a write after the data field.

    A request to read stays up from the address field's end until the byte is taken; one to write for one SCK cycle.

    byte : of the memory's word, where ``reads``, or NO_BYTE
    """
    cnt = r.spi_cnt
    word_in = r.spi_shift_reg_in
    shifted = wrap(r.spi_shift_reg_out << 1, SPI_BITS)
    prog_event = 0
    if cnt == CNT_ADDR and field(word_in, ADDR.read) == 1:
        r.ctrl_readback_event = int(field(word_in, ADDR.cmd) != CONFIG)
        _take_addr(r, word_in)
    elif cnt == CNT_ADDR and field(word_in, ADDR.write) == 1:
        shifted = 0
        r.ctrl_readback_event = 0
        _take_addr(r, word_in)
    elif reads(r):
        shifted = shifted if byte == NO_BYTE else byte << (SPI_BITS - 8)
        r.ctrl_readback_event = 0
        r.ctrl_prog_data = 0
    elif cnt == CNT_LAST and field(r.spi_addr, ADDR.write) == 1:
        prog_event = int(r.ctrl_op_code != CONFIG)
        r.ctrl_readback_event = 0
        r.ctrl_prog_data = field(word_in, ADDR.addr)  # as wide as the address, whatever it means
    r.ctrl_prog_event = prog_event
    r.spi_shift_reg_out = shifted
    if cnt == CNT_ADDR:
        r.spi_addr = word_in
    r.spi_cnt = 0 if cnt == CNT_LAST else wrap(cnt + 1, 6)


@kernel
def _take_addr(r: np.record, header: int) -> None:
    r.ctrl_spi_addr = field(header, ADDR.addr)
    r.ctrl_op_code = field(header, ADDR.cmd)
    r.ctrl_prog_data = 0


@kernel
def masked_byte(content: int, prog_data: int) -> int:
    """A byte after a masked write: where the mask is 1, the bit stays."""
    mask = (prog_data >> 8) & BYTE_MASK
    return (prog_data & ~mask & BYTE_MASK) | (content & mask)


def configurer(chip: Chip) -> Callable[[np.record, int, int], None]:
    """Make the kernel that writes a configuration register, if there is one at the address; it takes as many bits.

    Of the kernel: addr : of the register; data : 20 bits
    """
    lines = [line for register in chip.registers for line in _write_lines(register)]
    return compiled(f"configure_{chip.name}", lines, "r, addr, data")


def _write_lines(register: Register) -> list[str]:
    """The lines of a kernel that write a register."""
    addr, name = register.addr, register.name.lower()
    place = f"{name}[addr - {addr}]" if register.n_addrs > 1 else name
    return [f"if {addr} <= addr < {addr + register.n_addrs}:", f"    r.{place} = data & {(1 << register.width) - 1}"]


@kernel
def neuron_byte_idx(r: np.record) -> int:
    """Index of the byte of a neuron's word that is read or written, 0..255: perhaps one beyond the word."""
    return field(r.ctrl_spi_addr, NEURON_ADDR.byte)


@kernel
def synapse_byte_idx(r: np.record) -> int:
    """Index of the byte of a word of synapses that is read or written, 0..3."""
    return field(r.ctrl_spi_addr, SYNAPSE_ADDR.byte)


@kernel
def byte_of(word: int, index: int) -> int:
    """A byte of a word of up to 32 bits, 0 the least significant."""
    return (word >> (8 * index)) & BYTE_MASK


@kernel
def with_byte(word: int, index: int, prog_data: int) -> int:
    """A word of up to 32 bits after a masked write of a byte."""
    byte = masked_byte(byte_of(word, index), prog_data)
    return word & ~(BYTE_MASK << (8 * index)) | byte << (8 * index)


def reader(neuron_byte: Callable[[np.record, int], int]) -> Callable[[np.record], int]:
    """Make the kernel that tells the byte that a read takes from the word last read, or NO_BYTE for another command.

    neuron_byte : the chip's kernel with the arguments record and index, for a byte of a neuron
    """
    neurons, synapses = int(SpiCmd.NEURONS), int(SpiCmd.SYNAPSES)

    @kernel
    def readback(r: np.record) -> int:
        if r.ctrl_op_code == synapses:
            return byte_of(r.synarray_rdata, synapse_byte_idx(r))
        return neuron_byte(r, neuron_byte_idx(r)) if r.ctrl_op_code == neurons else NO_BYTE

    return readback


@kernel
def miso(r: np.record) -> int:
    """The pin: most significant bit of the output shift register."""
    return bit(r.spi_shift_reg_out, SPI_BITS - 1)
