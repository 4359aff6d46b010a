"""tinyODIN, declared: pins, memories, neuron and synapse words, configuration registers, events, state registers.

A bit range, an address or a count that tinyODIN fixes stands here and nowhere else; but what ODIN has too stands in the
family's layout, ``emulator/crossbar/layout.py``.

Source: tinyODIN doc v1.0 (ChFrenkel/tinyODIN doc/README.md); the Verilog where it says more.
"""

from __future__ import annotations

from enum import IntEnum

from draupnir.emulator.crossbar import layout as family
from draupnir.emulator.declare import Block, Chip, Event, Field, Memory, Pin, Reg, Register, Word

N, M, N_SYN, SYN_BITS, SYN_ADDR = family.N, family.M, family.N_SYN, family.SYN_BITS, family.SYN_ADDR
SPI_NEURON_ADDR = family.SPI_NEURON_ADDR

PINS = (  # tinyODIN.v; doc 2
    *family.pins(M + 2, "Address of an output event: the neuron that spikes."),
    Pin("SCHED_FULL", "out", 1, "status", "The scheduler holds as many events as it can."),
)

# --- Memories (doc 3; neuron_core.v, synaptic_core.v) -----------------------------------------------------------

LIF = Word(
    "lif",
    32,
    (
        Field("core", 0, 12, "Membrane potential.", "LSB", signed=True, kind="state", curve=True),
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

SYN_WEIGHT = Field("syn_weight", 0, SYN_BITS, "Synaptic weight.", "LSB of core", signed=True, kind="parameter")

SYN = family.syn_word((SYN_WEIGHT,), source="doc 3.2; synaptic_core.v")

NEURONS = Memory(
    "neurons",
    N,
    LIF.width,
    (LIF,),
    "doc 3.1; neuron_core.v, SRAM_256x32_wrapper",
    unused={"neur_disable": 1},  # a neuron of zeros spikes at each event
)
SYNAPSES = family.synapse_memory(SYN, (SYN_WEIGHT,), "doc 3.2; synaptic_core.v, SRAM_8192x32_wrapper")

# --- Configuration registers (doc 4; spi_slave.v) ---------------------------------------------------------------

REGISTERS = (
    *family.REGISTERS,
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

SCHED_EVENT = family.sched_event(
    Field("virts", M, 4, "0 for a neuron spike, else a virtual event's weight.", "LSB of core", signed=True)
)

# --- State (the flip-flops of each block) -----------------------------------------------------------------------


class State(IntEnum):
    """States of the controller (controller.v)."""

    WAIT = family.WAIT
    W_NEUR = family.W_NEUR
    R_NEUR = family.R_NEUR
    W_SYN = family.W_SYN
    R_SYN = family.R_SYN
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
    *family.first_blocks("tinyODIN.v", REGISTERS, State, PTR_BITS, SCHED_EVENT, MAIN_DEPTH),
    family.SYNAPTIC_CORE,
    Block(
        "neuron_core",
        (Reg("neur_state", LIF.width, None, meaning="Output register of the neuron memory."),),
        "neuron_core.v",
    ),
    family.AER_OUT,
)

CHIP = Chip(
    name="tinyodin",
    title="tinyODIN: 256 LIF neurons of 12 bits, 64k signed synapses",
    pins=PINS,
    memories=(NEURONS, SYNAPSES),
    registers=REGISTERS,
    blocks=BLOCKS,
    events=EVENTS,
    buses=family.BUSES,
    source="ChFrenkel/tinyODIN, commit 1865653; C. Frenkel et al., IEEE TBioCAS 13(1), 2019",
)
