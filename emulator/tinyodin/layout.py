"""tinyODIN, declared: pins, memories, neuron and synapse words, configuration registers, events, state registers.

A bit range, an address or a count that tinyODIN fixes stands here and nowhere else.

Source: tinyODIN doc v1.0 (ChFrenkel/tinyODIN doc/README.md); the Verilog where it says more.
"""

from __future__ import annotations

from enum import IntEnum

from draupnir.emulator.buses.four_phase import FOUR_PHASE
from draupnir.emulator.buses.spi import SPI
from draupnir.emulator.declare import Block, Bus, Chip, Event, Field, Matrix, Memory, Pin, Reg, Register, Word
from draupnir.emulator.parts import spi_layout
from draupnir.emulator.parts.spi_layout import SPI_ADDR as SPI_ADDR
from draupnir.emulator.parts.spi_layout import SPI_BITS as SPI_BITS
from draupnir.emulator.parts.spi_layout import SPI_DATA as SPI_DATA
from draupnir.emulator.parts.spi_layout import SPI_FRAME as SPI_FRAME
from draupnir.emulator.parts.spi_layout import SPI_SYNAPSE_ADDR as SPI_SYNAPSE_ADDR
from draupnir.emulator.parts.spi_layout import SpiCmd as SpiCmd

N = 256  # neurons, and synapses on each neuron's dendritic tree
M = 8  # bits of a neuron's address

# --- Pins (tinyODIN.v; doc 2) -----------------------------------------------------------------------------------

PINS = (
    Pin("CLK", "in", 1, "clock", "Clock; everything but the SPI slave runs on its rising edge."),
    Pin(
        "RST",
        "in",
        1,
        "reset",
        "Reset, active high; immediate in the SPI slave, through two flip-flops elsewhere.",
        asynchronous=True,
    ),
    Pin("SCK", "in", 1, "bus", "SPI clock; MOSI is taken on its rising edge, MISO changes on its falling edge."),
    Pin("MOSI", "in", 1, "bus", "SPI data in, most significant bit first."),
    Pin("MISO", "out", 1, "bus", "SPI data out, most significant bit first."),
    Pin("AERIN_ADDR", "in", M + 2, "bus", "Address of an input event; must stay until AERIN_ACK."),
    Pin("AERIN_REQ", "in", 1, "bus", "Request of the input event bus (four-phase)."),
    Pin("AERIN_ACK", "out", 1, "bus", "Acknowledge of the input event bus."),
    Pin("AEROUT_ADDR", "out", M, "bus", "Address of an output event: the neuron that spikes."),
    Pin("AEROUT_REQ", "out", 1, "bus", "Request of the output event bus (four-phase)."),
    Pin("AEROUT_ACK", "in", 1, "bus", "Acknowledge of the output event bus."),
    Pin("SCHED_FULL", "out", 1, "status", "The scheduler holds as many events as it can."),
)
BUSES = (
    Bus("spi", SPI, {"sck": "SCK", "mosi": "MOSI", "miso": "MISO"}, "Configuration, and all memories."),
    Bus("aerin", FOUR_PHASE, {"addr": "AERIN_ADDR", "req": "AERIN_REQ", "ack": "AERIN_ACK"}, "Input events."),
    Bus("aerout", FOUR_PHASE, {"addr": "AEROUT_ADDR", "req": "AEROUT_REQ", "ack": "AEROUT_ACK"}, "Output events."),
)

# --- Memories (doc 3; neuron_core.v, synaptic_core.v) -----------------------------------------------------------

LIF = Word(
    "lif",
    32,
    (
        Field("core", 0, 12, "Membrane potential.", "LSB", signed=True, kind="state"),
        Field(
            "thr",
            12,
            12,
            "Firing threshold: the neuron spikes when its next potential is at or above; never from 2048 on.",
            "LSB of core",
            kind="parameter",
        ),
        Field(
            "leak_str",
            24,
            7,
            "Moves the membrane potential towards 0 at a time reference event.",
            "LSB of core",
            kind="parameter",
        ),
        Field(
            "neur_disable",
            31,
            1,
            "1: the neuron's spikes stay inside; its state is updated all the same.",
            kind="parameter",
        ),
    ),
    source="doc 3.1; neuron_core.v",
)

N_SYN = 8  # synapses in a word
SYN_BITS = 4  # bits of a synapse
SYN_WEIGHT = Field("syn_weight", 0, SYN_BITS, "Synaptic weight.", "LSB of core", signed=True, kind="parameter")

SYN = Word(
    "syn",
    N_SYN * SYN_BITS,
    tuple(
        Field(
            f"{SYN_WEIGHT.name}{i}",
            SYN_BITS * i,
            SYN_BITS,
            f"Of post-synaptic neuron 8 k + {i}: {SYN_WEIGHT.meaning}",
            SYN_WEIGHT.unit,
            signed=True,
            kind="parameter",
        )
        for i in range(N_SYN)
    ),
    source="doc 3.2; synaptic_core.v",
)

NEURONS = Memory(
    "neurons",
    N,
    LIF.width,
    (LIF,),
    "doc 3.1; neuron_core.v, SRAM_256x32_wrapper",
    unused={"neur_disable": 1},  # a neuron of zeros spikes at each event
)
SYNAPSES = Memory(
    "synapses",
    N * N // N_SYN,
    SYN.width,
    (SYN,),
    "doc 3.2; synaptic_core.v, SRAM_8192x32_wrapper",
    matrix=Matrix(("pre", N), ("post", N), Word("synapse", SYN_BITS, (SYN_WEIGHT,))),
)

SYN_ADDR = Word(
    "synapse word address",
    13,
    (
        Field("post_group", 0, 5, "Post-synaptic neuron's address, bits 7 to 3."),
        Field("pre", 5, M, "Pre-synaptic neuron."),
    ),
    source="doc 3.2",
)

# --- SPI (doc 2.1, 4; spi_slave.v; the frame: emulator/parts/spi_layout.py) -----------------------------------

SPI_NEURON_ADDR = Word(
    "SPI neuron address",
    16,
    (
        Field("word", 0, M, "Neuron."),
        Field("byte", 8, 8, "Byte of the word, 0 least significant; 4 and above reads 0 and writes nothing."),
    ),
    source="doc 2.1; spi_slave.v, neuron_core.v",
)

REGISTERS = (
    Register("SPI_GATE_ACTIVITY", 0, 1, "Stops the network and lets the SPI reach the memories."),
    Register("SPI_OPEN_LOOP", 1, 1, "Keeps the neurons' own spikes out of the scheduler."),
    Register(
        "SPI_AER_SRC_CTRL_nNEUR",
        2,
        1,
        "Output events come from 0 the neuron as it spikes, 1 the controller as it has processed a neuron's spike.",
    ),
    Register("SPI_MAX_NEUR", 3, 8, "The last neuron that events to all neurons visit."),
)

# --- Events (doc 2.2.1; controller.v) ---------------------------------------------------------------------------

_NEUR = Field("neur", 0, M, "Neuron.")

EVENTS = (
    Event("tref_all", "-1" + "1" * M, (), 2 * N, "Time reference to all neurons, up to SPI_MAX_NEUR."),
    Event("tref", "-1" + "-" * M, (_NEUR,), 2, "Time reference to one neuron, but for neuron 255."),
    Event(
        "virtual",
        "10" + "-" * M,
        (
            Field("neur", 0, 4, "Neuron, one of the first 16."),
            Field("weight", 4, 4, "Weight; 0 makes it a spike event of the neuron.", "LSB of core", signed=True),
        ),
        2,
        "Stimulates a neuron without a synapse; goes through the scheduler.",
    ),
    Event(
        "spike",
        "00" + "-" * M,
        (Field("pre_neur", 0, M, "Pre-synaptic neuron."),),
        2 * N + 1,
        "Spike of a neuron: stimulates all neurons, up to SPI_MAX_NEUR; goes through the scheduler.",
    ),
)

SCHED_EVENT = Word(
    "scheduler event",
    12,
    (
        Field("addr", 0, M, "Neuron."),
        Field("virts", M, 4, "0 for a neuron spike, else a virtual event's weight.", "LSB of core", signed=True),
    ),
    source="scheduler.v",
)

# --- State (the flip-flops of each block) -----------------------------------------------------------------------


class State(IntEnum):
    """States of the controller (controller.v)."""

    WAIT = 0
    W_NEUR = 1
    R_NEUR = 2
    W_SYN = 3
    R_SYN = 4
    TREF = 5
    PUSH = 6
    POP_NEUR = 7
    POP_VIRT = 8
    AER_POP = 9
    WAIT_SPIDN = 10
    WAIT_REQDN = 11


PTR_BITS = 7  # bits of the FIFO's pointers
MAIN_DEPTH = 1 << PTR_BITS  # words of the FIFO

BLOCKS = (
    Block("reset", (Reg("rst_sync_int", 1, None), Reg("rst_sync", 1, None)), "tinyODIN.v"),
    Block(
        "spi_slave",
        (*spi_layout.REGS, *(Reg(r.name.lower(), r.width, None, (), r.meaning) for r in REGISTERS)),
        "spi_slave.v",
    ),
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
            Reg("state", 4, State.WAIT),
            Reg("ctrl_cnt", 32),
            Reg("neur_cnt", M),
        ),
        "controller.v",
    ),
    Block(
        "scheduler",
        (
            Reg("spi_open_loop_sync_int", 1),
            Reg("spi_open_loop_sync", 1),
            Reg("main_write_ptr", PTR_BITS),
            Reg("main_read_ptr", PTR_BITS),
            Reg("main_fill_cnt", PTR_BITS, meaning="Words beyond the first."),
            Reg("main_empty", 1, 1),
            Reg("main_mem", SCHED_EVENT.width, None, (MAIN_DEPTH,)),
        ),
        "scheduler.v, fifo.v",
    ),
    Block(
        "synaptic_core",
        (Reg("synarray_rdata", SYN.width, None, meaning="Output register of the synapse memory."),),
        "synaptic_core.v",
    ),
    Block(
        "neuron_core",
        (Reg("neur_state", LIF.width, None, meaning="Output register of the neuron memory."),),
        "neuron_core.v",
    ),
    Block(
        "aer_out",
        (
            Reg("aerout_ack_sync_int", 1),
            Reg("aerout_ack_sync", 1),
            Reg("aerout_ack_sync_del", 1),
            Reg("aerout_addr", M),
            Reg("aerout_req", 1),
            Reg("aerout_ctrl_busy", 1),
        ),
        "aer_out.v",
    ),
)

CHIP = Chip(
    name="tinyodin",
    title="tinyODIN: 256 LIF neurons of 12 bits, 64k signed synapses",
    pins=PINS,
    memories=(NEURONS, SYNAPSES),
    registers=REGISTERS,
    blocks=BLOCKS,
    events=EVENTS,
    buses=BUSES,
    source="ChFrenkel/tinyODIN, commit 1865653; C. Frenkel et al., IEEE TBioCAS 13(1), 2019",
)
