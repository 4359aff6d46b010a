"""Gungnir, declared: ODIN, and beside SDSP the traces, learning signals, weight fractions and events of e-prop.

Gungnir is a strict superset of ODIN. While SPI_EPROP_EN is 0, which it is after RST, each pin and each word that ODIN
has is ODIN's. So this file takes ODIN's declaration, and adds to it.

Source: our own specification, README.md; for the rest ODIN's layout.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum

from draupnir.emulator.crossbar import layout as family
from draupnir.emulator.declare import Block, Chip, Event, Field, Matrix, Memory, Reg, Register, Word
from draupnir.emulator.odin import layout as odin

N, M, N_SYN, SYN_BITS = odin.N, odin.M, odin.N_SYN, odin.SYN_BITS
SYN_ADDR, SCHED_EVENT, VIRTS = odin.SYN_ADDR, odin.SCHED_EVENT, odin.VIRTS
SPI_NEURON_ADDR, SPI_SYNAPSE_ADDR = odin.SPI_NEURON_ADDR, odin.SPI_SYNAPSE_ADDR

# --- Neurons: ODIN's LIF word has 71 bits without a use, of which e-prop takes 19 -------------------------------------

EPROP_EN = Field("eprop_en", 40, 1, "Enables e-prop in the neuron's dendritic tree.", kind="parameter")
READOUT = Field("readout", 41, 1, "The pseudo-derivative is always 1: the neuron is an output.", kind="parameter")
FIRED = Field("fired", 42, 1, "The neuron has spiked since the last time reference.", kind="state")
TRACE = Field("trace", 48, 8, "Trace of the neuron's spikes as a pre-synaptic neuron.", kind="state", curve=True)
SIGNAL = Field(
    "signal", 56, 8, "Learning signal since the last time reference, -127..127.", signed=True, kind="state", curve=True
)
LIF = replace(odin.LIF, fields=(*odin.LIF.fields, EPROP_EN, READOUT, FIRED, TRACE, SIGNAL))
IZH = odin.IZH
NEURONS = replace(odin.NEURONS, words=(LIF, IZH))

# --- Synapses: ODIN's memory, and beside it the bits of each weight below ODIN's -------------------------------------

SYNAPSES = odin.SYNAPSES
FRACTION = Field("fraction", 0, SYN_BITS, "Bits of the weight below the LSB of syn_weight.", "LSB / 16", kind="state")
FRACTIONS_WORD = replace(family.syn_word((FRACTION,), source="README.md"), name="fractions")
FRACTIONS = Memory(
    "fractions",
    SYNAPSES.depth,
    FRACTIONS_WORD.width,
    (FRACTIONS_WORD,),
    "README.md",
    matrix=Matrix(("pre", N), ("post", N), Word("fraction", SYN_BITS, (FRACTION,))),
)
SPI_FRACTIONS = 3  # the SPI's command for it, which ODIN does not use

# --- Configuration registers: far from ODIN's, so that no stimulus for ODIN reaches them by accident ------------------

FIRST_ADDR = 0xE000
LEARNING_REGISTERS = (
    Register("SPI_EPROP_EN", FIRST_ADDR, 1, "Enables e-prop; with 0 the chip is ODIN. RST makes it 0.", reset=0),
    Register("SPI_TRACE_INCR", FIRST_ADDR + 1, 8, "A spike adds this to its neuron's trace, which stops at 255."),
    Register(
        "SPI_TRACE_DECAY",
        FIRST_ADDR + 2,
        8,
        "A time reference takes this part of the trace, rounded up; 0 never decays.",
        unit="1 / 256",
    ),
    Register(
        "SPI_PSEUDO_SHIFT",
        FIRST_ADDR + 3,
        3,
        "The pseudo-derivative falls from 1 at the threshold to 0 over 8 << SPI_PSEUDO_SHIFT below it.",
    ),
    Register(
        "SPI_LEARN_SHIFT",
        FIRST_ADDR + 4,
        4,
        "Learning rate: a weight moves by trace x error >> SPI_LEARN_SHIFT, with stochastic rounding.",
    ),
)
REGISTERS = (*odin.REGISTERS, *LEARNING_REGISTERS)

# --- Events: codes that ODIN takes to the scheduler as "other"; they are new while SPI_EPROP_EN is 1 -----------------

_NEUR = Field("neur", 8, M, "Neuron.")
LEARN_ROW_CLOCKS = 2 + 2 * N // N_SYN  # the neuron's trace, then two clocks a word
NEW_EVENTS = (
    Event(
        "signal",
        "0-------------010",
        (_NEUR, Field("amount", 3, 5, "Added to the neuron's learning signal.", signed=True)),
        2,
        "Learning signal to one neuron, if SPI_EPROP_EN is 1; else as other.",
    ),
    Event(
        "feedback",
        "0-------------011",
        (
            Field("neur", 8, M, "Neuron whose row has the feedback weights."),
            Field("minus", 3, 1, "The error is negative."),
            Field("gain", 4, 2, "A weight is shifted left by this."),
        ),
        2 * N,
        "Learning signal to all neurons: the weights of one row, if SPI_EPROP_EN is 1; else as other.",
    ),
    Event(
        "learn_all",
        "0--------0----100",
        (),
        N * LEARN_ROW_CLOCKS,
        "E-prop for all synapses, row by row, 2 clocks for a row without a trace; if SPI_EPROP_EN is 1; else as other.",
    ),
    Event(
        "learn",
        "0--------1----100",
        (_NEUR,),
        LEARN_ROW_CLOCKS,
        "E-prop for the synapses in one neuron's row, if SPI_EPROP_EN is 1; else as other.",
    ),
    Event(
        "seed",
        "0-------------101",
        (Field("bits", 3, 13, "The oldest bits of the random sequence."),),
        2,
        "Starts the random numbers of stochastic rounding, if SPI_EPROP_EN is 1; else as other.",
    ),
)
EVENTS = (*odin.EVENTS[:-1], *NEW_EVENTS, odin.EVENTS[-1])

# --- State ---------------------------------------------------------------------------------------------------------


class State(IntEnum):
    """States of the controller: ODIN's, and three more."""

    WAIT = odin.State.WAIT
    W_NEUR = odin.State.W_NEUR
    R_NEUR = odin.State.R_NEUR
    W_SYN = odin.State.W_SYN
    R_SYN = odin.State.R_SYN
    TREF = odin.State.TREF
    BIST = odin.State.BIST
    SYNAPSE = odin.State.SYNAPSE
    PUSH = odin.State.PUSH
    POP_NEUR = odin.State.POP_NEUR
    POP_VIRT = odin.State.POP_VIRT
    WAIT_SPIDN = odin.State.WAIT_SPIDN
    WAIT_REQDN = odin.State.WAIT_REQDN
    SIGNAL = 13
    FEEDBACK = 14
    LEARN = 15


PSEUDO_BITS = 3
PSEUDO_MAX = 1 << PSEUDO_BITS  # the pseudo-derivative 1
WEIGHT_MAX = odin.SYN_WEIGHT.high << FRACTION.width | FRACTION.high  # a weight with its fraction
LFSR_BITS = 31
LEAP = 28  # new bits of the sequence for each word; x[n] = x[n - 31] ^ x[n - 28], so they depend on old bits alone
RANDOM_BITS, RANDOM_STEP = 15, 2  # of a random number, and from that of a synapse to that of the next one
# Evenly many ones and zeros: from 31 ones the sequence takes some thousand words to become even.
LFSR_RESET = 0x5A3C9E71
SEED_REST_BITS = LFSR_BITS - next(event["bits"].width for event in NEW_EVENTS if event.name == "seed")
SEED_REST = 0x2D65B  # the bits that a seed event does not have
ERROR = Word(
    "error",
    8,
    (
        Field("magnitude", 0, 7, "Pseudo-derivative x learning signal.", "LSB of signal"),
        Field("minus", 7, 1, "The error is negative."),
    ),
    source="README.md",
)
ERRORS_IN_REG = 4  # errors in a register of the model
LEARNING = Block(
    "learning",
    (
        Reg("learn_cnt", 7, meaning="Clocks in this row of a learn event."),
        Reg("lfsr", LFSR_BITS, LFSR_RESET, meaning="The last bits of the random sequence, the newest in bit 0."),
        Reg("fractions_rdata", FRACTIONS.width, None, meaning="Output register of the fractions' memory."),
        Reg(
            "errors",
            ERRORS_IN_REG * ERROR.width,
            None,
            (N // ERRORS_IN_REG,),
            "Errors at the last time reference: neuron 4 k + i is byte i of element k.",
        ),
    ),
    "README.md",
)
LEARNING_CONFIG = Block(
    "learning_config",
    tuple(Reg(reg.name.lower(), reg.width, reg.reset, meaning=reg.meaning) for reg in LEARNING_REGISTERS),
    "README.md",
)
_FIRST = family.first_blocks("ODIN.v", odin.REGISTERS, State, odin.PTR_BITS, SCHED_EVENT, odin.MAIN_DEPTH)
BLOCKS = (*_FIRST, *odin.BLOCKS[len(_FIRST) :], LEARNING_CONFIG, LEARNING)

CHIP = Chip(
    name="gungnir",
    title="Gungnir: ODIN with e-prop beside SDSP, 256 neurons, 64k synapses",
    pins=odin.PINS,
    memories=(NEURONS, SYNAPSES, FRACTIONS),
    registers=REGISTERS,
    blocks=BLOCKS,
    events=EVENTS,
    buses=family.BUSES,
    source="Draupnir; a strict superset of ChFrenkel/ODIN, commit 1781931",
)
