"""ODIN, declared: pins, memories, neuron and synapse words, configuration registers, events, state registers.

A bit range, an address or a count that ODIN fixes stands here and nowhere else.

The neuron words are in neuron_words.py, for their length.

Source: ODIN doc v0.1 (ChFrenkel/ODIN doc/README.md); the Verilog where it says more.
"""

from __future__ import annotations

from enum import IntEnum

from draupnir.emulator.buses.four_phase import FOUR_PHASE
from draupnir.emulator.buses.spi import SPI
from draupnir.emulator.declare import Block, Bus, Chip, Event, Field, Matrix, Memory, Pin, Reg, Register, Word
from draupnir.emulator.odin.neuron_words import IZH, LIF
from draupnir.emulator.parts import spi_layout
from draupnir.emulator.parts.spi_layout import SPI_ADDR as SPI_ADDR
from draupnir.emulator.parts.spi_layout import SPI_BITS as SPI_BITS
from draupnir.emulator.parts.spi_layout import SPI_DATA as SPI_DATA
from draupnir.emulator.parts.spi_layout import SPI_FRAME as SPI_FRAME
from draupnir.emulator.parts.spi_layout import SPI_SYNAPSE_ADDR as SPI_SYNAPSE_ADDR
from draupnir.emulator.parts.spi_layout import SpiCmd as SpiCmd

N = 256  # neurons, and synapses on each neuron's dendritic tree
M = 8  # bits of a neuron's address

# --- Pins (ODIN.v; doc 2) ---------------------------------------------------------------------------------------

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
    Pin("AERIN_ADDR", "in", 2 * M + 1, "bus", "Address of an input event; must stay until AERIN_ACK."),
    Pin("AERIN_REQ", "in", 1, "bus", "Request of the input event bus (four-phase)."),
    Pin("AERIN_ACK", "out", 1, "bus", "Acknowledge of the input event bus."),
    Pin("AEROUT_ADDR", "out", M, "bus", "Address of an output event, or a monitoring packet."),
    Pin("AEROUT_REQ", "out", 1, "bus", "Request of the output event bus (four-phase)."),
    Pin("AEROUT_ACK", "in", 1, "bus", "Acknowledge of the output event bus."),
)
BUSES = (
    Bus("spi", SPI, {"sck": "SCK", "mosi": "MOSI", "miso": "MISO"}, "Configuration, and all memories."),
    Bus("aerin", FOUR_PHASE, {"addr": "AERIN_ADDR", "req": "AERIN_REQ", "ack": "AERIN_ACK"}, "Input events."),
    Bus("aerout", FOUR_PHASE, {"addr": "AEROUT_ADDR", "req": "AEROUT_REQ", "ack": "AEROUT_ACK"}, "Output events."),
)

# --- Neuron memory (doc 3.1, 3.3; neuron_core.v; the words: neuron_words.py) ------------------------------------


class ResonSign(IntEnum):
    """Phase of a resonator (IZH ``reson_sign``; izh_neuron_state.v)."""

    POS = 0
    NEG = 1
    ZERO_TO_P = 2
    ZERO_TO_N = 3


# --- Synapse memory (doc 3.1, 3.2) ------------------------------------------------------------------------------

N_SYN = 8  # synapses in a word
SYN_BITS = 4  # bits of a synapse
SYN_WEIGHT = Field("syn_weight", 0, 3, "Synaptic weight.", "LSB", kind="state")
MAPPING = Field(
    "mapping", 3, 1, "Mapping table bit: the synapse exists; see UPDATE_ and PROPAGATE_UNMAPPED_SYN.", kind="parameter"
)

SYN = Word(
    "syn",
    N_SYN * SYN_BITS,
    tuple(
        Field(
            f"{f.name}{i}",
            SYN_BITS * i + f.lsb,
            f.width,
            f"Of post-synaptic neuron 8 k + {i}: {f.meaning}",
            f.unit,
            kind=f.kind,
        )
        for i in range(N_SYN)
        for f in (SYN_WEIGHT, MAPPING)
    ),
    source="doc 3.1, 3.2; synaptic_core.v",
)

NEURONS = Memory(
    "neurons",
    N,
    128,
    (LIF, IZH),
    "doc 3.1; neuron_core.v, SRAM_256x128_wrapper",
    view={1: "lif", 0: "izh"},
    view_field="lif_izh_sel",
    unused={"lif_izh_sel": 1, "neur_disable": 1},  # a neuron of zeros spikes at each event
)
SYNAPSES = Memory(
    "synapses",
    N * N // N_SYN,
    SYN.width,
    (SYN,),
    "doc 3.1; synaptic_core.v, SRAM_8192x32_wrapper",
    matrix=Matrix(("pre", N), ("post", N), Word("synapse", SYN_BITS, (SYN_WEIGHT, MAPPING))),
)

SYN_ADDR = Word(
    "synapse word address",
    13,
    (
        Field("post_group", 0, 5, "Post-synaptic neuron's address, bits 7 to 3."),
        Field("pre", 5, M, "Pre-synaptic neuron."),
    ),
    source="doc 3.1",
)

# --- SPI (doc 2.1, 4; spi_slave.v; the frame: emulator/parts/spi_layout.py) ----------------------------------

SPI_NEURON_ADDR = Word(
    "SPI neuron address",
    16,
    (
        Field("word", 0, M, "Neuron."),
        Field("byte", 8, 8, "Byte of the word, 0 least significant; 16 and above reads 0 and writes nothing."),
    ),
    source="doc 2.1; spi_slave.v, neuron_core.v",
)
REGISTERS = (
    Register("SPI_GATE_ACTIVITY", 0, 1, "Stops the network and lets the SPI reach the memories."),
    Register("SPI_OPEN_LOOP", 1, 1, "Keeps the neurons' own spikes out of the scheduler."),
    Register(
        "SPI_SYN_SIGN",
        2,
        16,
        "Sign of each neuron's outgoing synapses: 1 inhibitory; neuron 16 k + i is bit i of address 2 + k.",
        16,
    ),
    Register(
        "SPI_BURST_TIMEREF",
        18,
        20,
        "A burst time reference is this many clocks, plus one; 0 turns bursts off.",
        unit="clocks - 1",
    ),
    Register(
        "SPI_AER_SRC_CTRL_nNEUR",
        19,
        1,
        "Output events come from 0 the neuron as it spikes, 1 the controller as it processes the event.",
    ),
    Register("SPI_OUT_AER_MONITOR_EN", 20, 1, "Output bus shows a neuron's and a synapse's state instead of spikes."),
    Register("SPI_MONITOR_NEUR_ADDR", 21, 8, "Neuron monitored."),
    Register("SPI_MONITOR_SYN_ADDR", 22, 8, "Pre-synaptic neuron of the synapse monitored."),
    Register("SPI_UPDATE_UNMAPPED_SYN", 23, 1, "SDSP also updates synapses whose mapping bit is 0."),
    Register("SPI_PROPAGATE_UNMAPPED_SYN", 24, 1, "Synapses whose mapping bit is 0 also stimulate."),
    Register("SPI_SDSP_ON_SYN_STIM", 25, 1, "SDSP also at single-synapse events."),
)

# --- Events (doc 2.2.1; controller.v) ---------------------------------------------------------------------------

_NEUR = Field("neur", 8, M, "Neuron.")
_PRE = Field("pre_neur", 8, M, "Pre-synaptic neuron.")

EVENTS = (
    Event(
        "synapse",
        "1" + "-" * 16,
        (Field("post_neur", 0, M, "Post-synaptic neuron."), _PRE),
        2,
        "Stimulates post_neur through its synapse from pre_neur.",
    ),
    Event("tref_all", "0--------01111111", (), 2 * N, "Time reference to all neurons."),
    Event("tref", "0--------11111111", (_NEUR,), 2, "Time reference to one neuron."),
    Event("bist_all", "0--------00000000", (), 2 * N * N // N_SYN, "Bistability for all synapses, row by row."),
    Event("bist", "0--------10000000", (_NEUR,), 2 * N // N_SYN, "Bistability for the synapses in one neuron's row."),
    Event(
        "virtual",
        "0-------------001",
        (
            _NEUR,
            Field("leak", 3, 1, "A time reference instead of a stimulation."),
            Field("sign", 4, 1, "1 inhibitory."),
            Field("weight", 5, 3, "Weight.", "LSB"),
        ),
        2,
        "Stimulates a neuron without a synapse; goes through the scheduler.",
    ),
    Event(
        "spike",
        "0--------00000111",
        (_PRE,),
        2 * N,
        "Spike of a neuron: stimulates all neurons; goes through the scheduler.",
    ),
    Event(
        "other",
        "0" + "-" * 16,
        (Field("virts", 3, 5, "Taken as {weight, sign, leak} of a virtual event; 0 is a neuron spike."), _NEUR),
        2,
        "Any other code: pushed to the scheduler as if bits 2 to 0 were of no importance.",
    ),
)

VIRTS = Word(
    "virts",
    5,
    (
        Field("leak", 0, 1, "A time reference instead of a stimulation."),
        Field("sign", 1, 1, "1 inhibitory."),
        Field("weight", 2, 3, "Weight.", "LSB"),
    ),
    source="neuron_core.v",
)
SCHED_EVENT = Word(
    "scheduler event",
    13,
    (
        Field("addr", 0, M, "Neuron."),
        Field("virts", M, 5, "0 for a neuron spike, else a virtual event's {weight, sign, leak}."),
    ),
    source="scheduler.v",
)
NEUR_EVENT = Word(
    "neuron event out",
    7,
    (
        Field("isi_ref", 0, 3, "Distance of the burst's spikes."),
        Field("spk_ref", 3, 3, "Further spikes of the burst."),
        Field("spike", 6, 1, "The neuron spikes."),
    ),
    source="scheduler.v, izh_neuron_state.v",
)
MONITOR = Word(
    "neuron monitoring packets",
    16,
    (
        Field("v_mem", 0, 8, "Membrane potential; an Izhikevich neuron's in the lower 4 bits."),
        Field("reson_sign", 8, 2, "Izhikevich: reson_sign."),
        Field("calcium", 10, 3, "Calcium."),
        Field("v_down", 13, 1, "SDSP depression flag."),
        Field("v_up", 14, 1, "SDSP potentiation flag."),
        Field("event", 15, 1, "Spike flag."),
    ),
    source="doc 2.2.2; neuron_core.v",
)
MONITOR_SYN = 0b1111  # upper half of a synapse monitoring packet (doc 2.2.2)

# --- State (the flip-flops of each block) -----------------------------------------------------------------------


class State(IntEnum):
    """States of the controller (controller.v)."""

    WAIT = 0
    W_NEUR = 1
    R_NEUR = 2
    W_SYN = 3
    R_SYN = 4
    TREF = 5
    BIST = 6
    SYNAPSE = 7
    PUSH = 8
    POP_NEUR = 9
    POP_VIRT = 10
    WAIT_SPIDN = 11
    WAIT_REQDN = 12


N_PRIO = 57  # burst FIFOs: a burst reaches up to 7 x 8 burst time references ahead
MAIN_DEPTH = 32  # words of the main FIFO
BURST_DEPTH = 4  # words of a burst FIFO; its pointers, though, count to 32
BURST_WORD = Word(
    "burst FIFO word",
    9,
    (Field("addr", 0, M, "Neuron."), Field("last", M, 1, "Last spike of its burst.")),
    source="scheduler.v",
)
PTR_BITS = 5  # bits of a FIFO pointer (fifo.v, depth_addr)

BLOCKS = (
    Block(
        "reset",
        (Reg("rst_sync_int", 1, None), Reg("rst_sync", 1, None)),
        "ODIN.v",
    ),
    Block(
        "spi_slave",
        (
            *spi_layout.REGS,
            *(Reg(r.name.lower(), r.width, None, () if r.n_addrs == 1 else (r.n_addrs,), r.meaning) for r in REGISTERS),
        ),
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
        "burst_fifos",
        (
            Reg("priority_cnt", 20, meaning="Clocks in this burst time reference."),
            Reg("priority", 8, meaning="Burst FIFO whose turn it is."),
            Reg("burst_write_ptr", PTR_BITS, 0, (N_PRIO,)),
            Reg("burst_read_ptr", PTR_BITS, 0, (N_PRIO,)),
            Reg("burst_fill_cnt", PTR_BITS, 0, (N_PRIO,), "Words beyond the first."),
            Reg("burst_empty", 1, 1, (N_PRIO,)),
            Reg("burst_mem", BURST_WORD.width, None, (N_PRIO, BURST_DEPTH)),
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
        (
            Reg(
                "neur_state",
                32,
                None,
                (NEURONS.n_limbs,),
                "Output register of the neuron memory, limb 0 least significant.",
            ),
            Reg(
                "neur_v_up",
                N_SYN,
                None,
                (N // N_SYN,),
                "SDSP potentiation flags: neuron 8 k + i is bit i of element k.",
            ),
            Reg("neur_v_down", N_SYN, None, (N // N_SYN,), "SDSP depression flags, likewise."),
        ),
        "neuron_core.v",
    ),
    Block(
        "aer_out",
        (
            Reg("aerout_ack_sync_int", 1),
            Reg("aerout_ack_sync", 1),
            Reg("aerout_ack_sync_del", 1),
            Reg("neuron_state_monitor_samp", 8, None),
            Reg("synapse_state_samp", SYN_BITS, None),
            Reg("aerout_addr", M),
            Reg("aerout_req", 1),
            Reg("aerout_ctrl_busy", 1),
            Reg("do_neuron0_transfer", 1),
            Reg("do_neuron1_transfer", 1),
            Reg("do_synapse_transfer", 1),
            Reg("synapse_state_event_del", 1),
        ),
        "aer_out.v",
    ),
)

CHIP = Chip(
    name="odin",
    title="ODIN: 256 LIF or Izhikevich neurons, 64k synapses with SDSP",
    pins=PINS,
    memories=(NEURONS, SYNAPSES),
    registers=REGISTERS,
    blocks=BLOCKS,
    events=EVENTS,
    buses=BUSES,
    source="ChFrenkel/ODIN, commit 1781931; C. Frenkel et al., IEEE TBioCAS 13(1), 2019",
)
