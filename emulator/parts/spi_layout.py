"""The SPI slave that ODIN and tinyODIN have in common, declared; its clock edges are in ``spi_slave.py``.

A transaction is 20 address bits, then 20 data bits, most significant first.

Source: ODIN doc v0.1, 2.1; tinyODIN doc v1.0, 2.1; spi_slave.v of both.
"""

from __future__ import annotations

from enum import IntEnum

from draupnir.emulator.declare import Field, Reg, Word

SPI_BITS = 20  # bits of the address field, and of the data field
SPI_FRAME = 2 * SPI_BITS  # SCK cycles of a transaction

SPI_ADDR = Word(
    "SPI address field",
    SPI_BITS,
    (
        Field("addr", 0, 16, "Configuration address, or word and byte address in a memory."),
        Field("cmd", 16, 2, "0 configuration register, 1 neuron memory, 2 synapse memory."),
        Field("write", 18, 1, "Write to a memory."),
        Field("read", 19, 1, "Read from a memory."),
    ),
    source="doc 2.1",
)
SPI_DATA = Word(
    "SPI data field",
    SPI_BITS,
    (Field("byte", 0, 8, "Data byte."), Field("mask", 8, 8, "Write mask: 1 keeps the bit.")),
    source="doc 2.1",
)


class SpiCmd(IntEnum):
    """SPI command (``cmd`` of the address field; ``CTRL_OP_CODE`` in the chip)."""

    CONFIG = 0
    NEURONS = 1
    SYNAPSES = 2


SPI_SYNAPSE_ADDR = Word(
    "SPI synapse address",
    16,
    (Field("word", 0, 13, "Word."), Field("byte", 13, 2, "Byte of the word, 0 least significant.")),
    source="doc 2.1; spi_slave.v",
)

REGS = (
    Reg("spi_cnt", 6, meaning="Falling SCK edges in this transaction."),
    Reg("spi_addr", SPI_BITS),
    Reg("spi_shift_reg_in", SPI_BITS, None),
    Reg("spi_shift_reg_out", SPI_BITS),
    Reg("ctrl_readback_event", 1),
    Reg("ctrl_prog_event", 1),
    Reg("ctrl_spi_addr", 16),
    Reg("ctrl_op_code", 2),
    Reg("ctrl_prog_data", 16),
)
