"""The common part of ODIN and tinyODIN, declared: pins, SPI, synapse memory, registers, flip-flops of their blocks.

A bit range, an address or a count that both chips fix stands here; what a chip alone fixes, in its own ``layout.py``.

Source: ODIN doc v0.1; tinyODIN doc v1.0; the Verilog of both where it says more.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from draupnir.emulator.buses.four_phase import FOUR_PHASE
from draupnir.emulator.buses.spi import spi_bus, spi_pins
from draupnir.emulator.declare import Block, Bus, Field, Matrix, Memory, Pin, Reg, Register, Word

N = 256  # neurons, and synapses on each neuron's dendritic tree
M = 8  # bits of a neuron's address

# --- Pins and buses (doc 2) -------------------------------------------------------------------------------------


def pins(aerin_addr_bits: int, aerout_addr: str) -> tuple[Pin, ...]:
    """The pins, in order. aerin_addr_bits : width of AERIN_ADDR; aerout_addr : meaning of AEROUT_ADDR"""
    return (
        Pin("CLK", "in", 1, "clock", "Clock; everything but the SPI slave runs on its rising edge."),
        Pin(
            "RST",
            "in",
            1,
            "reset",
            "Reset, active high; immediate in the SPI slave, through two flip-flops elsewhere.",
            asynchronous=True,
        ),
        *spi_pins(),
        Pin("AERIN_ADDR", "in", aerin_addr_bits, "bus", "Address of an input event; must stay until AERIN_ACK."),
        Pin("AERIN_REQ", "in", 1, "bus", "Request of the input event bus (four-phase)."),
        Pin("AERIN_ACK", "out", 1, "bus", "Acknowledge of the input event bus."),
        Pin("AEROUT_ADDR", "out", M, "bus", aerout_addr),
        Pin("AEROUT_REQ", "out", 1, "bus", "Request of the output event bus (four-phase)."),
        Pin("AEROUT_ACK", "in", 1, "bus", "Acknowledge of the output event bus."),
    )


BUSES = (
    spi_bus("Configuration, and all memories."),
    Bus("aerin", FOUR_PHASE, {"addr": "AERIN_ADDR", "req": "AERIN_REQ", "ack": "AERIN_ACK"}, "Input events."),
    Bus("aerout", FOUR_PHASE, {"addr": "AEROUT_ADDR", "req": "AEROUT_REQ", "ack": "AEROUT_ACK"}, "Output events."),
)

# --- Synapse memory (doc 3) -------------------------------------------------------------------------------------

N_SYN = 8  # synapses in a word
SYN_BITS = 4  # bits of a synapse
GROUP_BITS = N_SYN.bit_length() - 1  # bits of a neuron's address that tell its place in its group of eight
IN_GROUP = N_SYN - 1  # a mask of them


def syn_word(parts: Iterable[Field], source: str) -> Word:
    """A word of eight synapses. parts : the fields of a synapse"""
    fields = [
        Field(
            f"{f.name}{i}",
            SYN_BITS * i + f.lsb,
            f.width,
            f"Of post-synaptic neuron 8 k + {i}: {f.meaning}",
            f.unit,
            signed=f.signed,
            kind=f.kind,
        )
        for i in range(N_SYN)
        for f in parts
    ]
    return Word("syn", N_SYN * SYN_BITS, tuple(fields), source=source)


def synapse_memory(syn: Word, parts: tuple[Field, ...], source: str) -> Memory:
    """The synapses, a word for each pre-synaptic neuron and eight post-synaptic ones; parts as for ``syn_word``."""
    matrix = Matrix(("pre", N), ("post", N), Word("synapse", SYN_BITS, parts))
    return Memory("synapses", N * N // N_SYN, syn.width, (syn,), source, matrix=matrix)


SYN_ADDR = Word(
    "synapse word address",
    13,
    (
        Field("post_group", 0, 5, "Post-synaptic neuron's address, bits 7 to 3."),
        Field("pre", 5, M, "Pre-synaptic neuron."),
    ),
    source="doc 3",
)

# --- Scheduler ---------------------------------------------------------------------------------------------------


def sched_event(virts: Field) -> Word:
    """A word of the scheduler. virts : its field for a virtual event"""
    return Word("scheduler event", M + virts.width, (Field("addr", 0, M, "Neuron."), virts), source="scheduler.v")


# --- SPI (doc 2.1, 4; spi_slave.v; its clock edges: spi_slave.py) -----------------------------------------------
# A transaction is 20 address bits, then 20 data bits, most significant first.

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
SPI_NEURON_ADDR = Word(
    "SPI neuron address",
    16,
    (
        Field("word", 0, M, "Neuron."),
        Field("byte", 8, 8, "Byte of the word, 0 least significant; one beyond the word reads 0 and writes nothing."),
    ),
    source="doc 2.1; spi_slave.v, neuron_core.v",
)

REGISTERS = (
    Register("SPI_GATE_ACTIVITY", 0, 1, "Stops the network and lets the SPI reach the memories."),
    Register("SPI_OPEN_LOOP", 1, 1, "Keeps the neurons' own spikes out of the scheduler."),
)

# --- State (the flip-flops of each block) -----------------------------------------------------------------------

# The controller's first states, which both number alike; a chip's ``State`` has them all (controller.v).
WAIT, W_NEUR, R_NEUR, W_SYN, R_SYN = range(5)
CNT_BITS = 32  # bits of the controller's ctrl_cnt

SPI_REGS = (
    Reg("spi_cnt", 6, meaning="Falling SCK edges in this transaction."),
    Reg("spi_addr", SPI_BITS),
    Reg("spi_shift_reg_in", SPI_BITS, None),
    Reg("spi_shift_reg_out", SPI_BITS),
    Reg("ctrl_readback_event", 1),
    Reg("ctrl_prog_event", 1),
    Reg("ctrl_spi_addr", 16),
    Reg("ctrl_op_code", 2, states=SpiCmd),
    Reg("ctrl_prog_data", 16),
)


def first_blocks(
    top: str, registers: Iterable[Register], states: type[IntEnum], ptr_bits: int, event: Word, depth: int
) -> tuple[Block, ...]:
    """Reset, SPI slave, controller and scheduler.

    top : file of the chip's top module; states : of the controller
    ptr_bits : of the FIFO's pointers; event : a word of the FIFO, which holds ``depth`` of them
    """
    config_regs = (
        Reg(r.name.lower(), r.width, None, (r.n_addrs,) if r.n_addrs > 1 else (), r.meaning) for r in registers
    )
    return (
        Block("reset", (Reg("rst_sync_int", 1, None), Reg("rst_sync", 1, None)), top),
        Block("spi_slave", (*SPI_REGS, *config_regs), "spi_slave.v"),
        Block(
            "controller",
            (
                Reg("aerin_req_sync_int", 1),
                Reg("aerin_req_sync", 1),
                Reg("spi_gate_activity_sync_int", 1),
                Reg("spi_gate_activity_sync", 1),
                Reg("ctrl_readback_event_sync_int", 1),
                Reg("ctrl_readback_event_sync", 1),
                Reg("ctrl_prog_event_sync_int", 1),
                Reg("ctrl_prog_event_sync", 1),
                Reg("state", 4, states(WAIT), states=states),
                Reg("ctrl_cnt", CNT_BITS),
                Reg("neur_cnt", M),
            ),
            "controller.v",
        ),
        Block(
            "scheduler",
            (
                Reg("spi_open_loop_sync_int", 1),
                Reg("spi_open_loop_sync", 1),
                Reg("main_write_ptr", ptr_bits),
                Reg("main_read_ptr", ptr_bits),
                Reg("main_fill_cnt", ptr_bits, meaning="Words beyond the first."),
                Reg("main_empty", 1, 1),
                Reg("main_mem", event.width, None, (depth,), word=event),
            ),
            "scheduler.v, fifo.v",
        ),
    )


SYNAPTIC_CORE = Block(
    "synaptic_core",
    (Reg("synarray_rdata", N_SYN * SYN_BITS, None, meaning="Output register of the synapse memory."),),
    "synaptic_core.v",
)
AER_OUT_SYNC = (Reg("aerout_ack_sync_int", 1), Reg("aerout_ack_sync", 1), Reg("aerout_ack_sync_del", 1))
AER_OUT_REGS = (Reg("aerout_addr", M), Reg("aerout_req", 1), Reg("aerout_ctrl_busy", 1))
AER_OUT = Block("aer_out", (*AER_OUT_SYNC, *AER_OUT_REGS), "aer_out.v")  # all of it, without monitoring
