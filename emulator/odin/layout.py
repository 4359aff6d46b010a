"""ODIN, declared: pins, memories, neuron and synapse words, configuration registers, events, state registers.

A bit range, an address or a count that ODIN fixes stands here and nowhere else; but what tinyODIN has too stands in the
family's layout, ``emulator/crossbar/layout.py``. The neuron words are in neuron_words.py, for their length.

Source: ODIN doc v0.1 (ChFrenkel/ODIN doc/README.md); the Verilog where it says more.
"""

from __future__ import annotations

from enum import IntEnum

from draupnir.emulator.crossbar import layout as family
from draupnir.emulator.declare import Block, Chip, Event, Field, Memory, Reg, Register, Word
from draupnir.emulator.odin.neuron_words import IZH, LIF

N, M, N_SYN, SYN_BITS, SYN_ADDR = family.N, family.M, family.N_SYN, family.SYN_BITS, family.SYN_ADDR
SPI_ADDR, SPI_DATA = family.SPI_ADDR, family.SPI_DATA
SPI_NEURON_ADDR, SPI_SYNAPSE_ADDR = family.SPI_NEURON_ADDR, family.SPI_SYNAPSE_ADDR
SPI_BITS, SPI_FRAME = family.SPI_BITS, family.SPI_FRAME
SpiCmd = family.SpiCmd

PINS = family.pins(2 * M + 1, "Address of an output event, or a monitoring packet.")  # ODIN.v; doc 2

# --- Neuron memory (doc 3.1, 3.3; neuron_core.v; the words: neuron_words.py) ------------------------------------

# --- Synapse memory (doc 3.1, 3.2) ------------------------------------------------------------------------------

SYN_WEIGHT = Field("syn_weight", 0, 3, "Synaptic weight.", "LSB", kind="state")
MAPPING = Field(
    "mapping", 3, 1, "Mapping table bit: the synapse exists; see UPDATE_ and PROPAGATE_UNMAPPED_SYN.", kind="parameter"
)

SYN = family.syn_word((SYN_WEIGHT, MAPPING), source="doc 3.1, 3.2; synaptic_core.v")

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
SYNAPSES = family.synapse_memory(SYN, (SYN_WEIGHT, MAPPING), "doc 3.1; synaptic_core.v, SRAM_8192x32_wrapper")

# --- Configuration registers (doc 4; spi_slave.v) ---------------------------------------------------------------

REGISTERS = (
    *family.REGISTERS,
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
SCHED_EVENT = family.sched_event(
    Field("virts", M, 5, "0 for a neuron spike, else a virtual event's {weight, sign, leak}.")
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

    WAIT = family.WAIT
    W_NEUR = family.W_NEUR
    R_NEUR = family.R_NEUR
    W_SYN = family.W_SYN
    R_SYN = family.R_SYN
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
    *family.first_blocks("ODIN.v", REGISTERS, State, PTR_BITS, SCHED_EVENT, MAIN_DEPTH),
    Block(
        "burst_fifos",
        (
            Reg("priority_cnt", 20, meaning="Clocks in this burst time reference."),
            Reg("priority", 8, meaning="Burst FIFO whose turn it is."),
            Reg("burst_write_ptr", PTR_BITS, 0, (N_PRIO,)),
            Reg("burst_read_ptr", PTR_BITS, 0, (N_PRIO,)),
            Reg("burst_fill_cnt", PTR_BITS, 0, (N_PRIO,), "Words beyond the first."),
            Reg("burst_empty", 1, 1, (N_PRIO,)),
            Reg("burst_mem", BURST_WORD.width, None, (N_PRIO, BURST_DEPTH), word=BURST_WORD),
        ),
        "scheduler.v, fifo.v",
    ),
    family.SYNAPTIC_CORE,
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
            *family.AER_OUT_SYNC,
            Reg("neuron_state_monitor_samp", 8, None),
            Reg("synapse_state_samp", SYN_BITS, None),
            *family.AER_OUT_REGS,
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
    buses=family.BUSES,
    source="ChFrenkel/ODIN, commit 1781931; C. Frenkel et al., IEEE TBioCAS 13(1), 2019",
)
