"""ReckOn, declared: pins, memories and their words, SPI frame, events, sizes, state registers.

A bit range, an address or a count that ReckOn fixes stands here, in registers.py (configuration) or in lfsrs.py (random
numbers), and nowhere else. Names are the Verilog's, in lower case.

Source: ReckOn doc v1.0 (ChFrenkel/ReckOn doc/README.md); the Verilog where it says more.
"""

from __future__ import annotations

from enum import IntEnum

from draupnir.emulator.buses.four_phase import FOUR_PHASE
from draupnir.emulator.buses.spi import spi_bus, spi_pins
from draupnir.emulator.buses.timesteps import TIMESTEPS
from draupnir.emulator.declare import Block, Bus, Chip, Event, Field, Matrix, Memory, Pin, Reg, Word
from draupnir.emulator.reckon.lfsrs import LFSRS as LFSRS
from draupnir.emulator.reckon.registers import REGISTERS as REGISTERS

N = 256  # input neurons, and recurrent neurons
M = 8  # bits of a neuron's address
N_OUT = 16  # output neurons
W_BITS = 8  # bits of a weight
N_WEIGHTS = 16  # weights in a word
U_BITS = 16  # bits of a potential, a threshold, a target, a learning signal
TRACE_BITS = 12  # bits of an input or recurrent trace
TOUT_BITS = 10  # bits of an output trace
H_BITS = 5  # bits of a pseudo-derivative
TRACE_INC = 8  # what an event adds to an input or recurrent trace, before SPI_FP_LOC_T*
TOUT_INC = 2  # likewise, output trace
ALPHA_ONE = 0x8000  # alpha and kappa with which nothing decays, and nothing is rounded
KAPPA_ONE = 0x80
ALPHA_MSB = (0x7, 0x8)  # upper 4 bits of alpha, by the word's bit of SPI_ALPHA_CONF
ACT_HALF = 2048  # the hard sigmoid is linear from -ACT_HALF to ACT_HALF; the target of the true label
PROB_BITS = 32  # bits of an update probability; of an output weight's: WOUT_PROB_BITS
WOUT_PROB_BITS = 28
REGUL_ONE = 16  # multiplicative regularisation takes from this many sixteenths

# --- Pins (reckon.v; doc 2) -------------------------------------------------------------------------------------

PINS = (
    Pin("CLK_EXT", "in", 1, "clock", "Clock; everything but the SPI slave runs on its rising edge."),
    Pin("CLK_INT_EN", "in", 1, "control", "Enables the internal clock; not in the released Verilog."),
    Pin(
        "RST",
        "in",
        1,
        "reset",
        "Reset, active high; immediate in the SPI slave, through two flip-flops elsewhere.",
        asynchronous=True,
    ),
    *spi_pins(miso="SPI data out; also high while a target is awaited, by SPI_GET_TAR_REQ_OUT."),
    Pin("AERIN_ADDR", "in", M, "bus", "Input neuron, label, or a byte of a target; must stay until ACK."),
    Pin("AERIN_REQ", "in", 1, "bus", "Request of the input event bus (four-phase)."),
    Pin("AERIN_ACK", "out", 1, "bus", "Acknowledge of the input event bus."),
    Pin("AERIN_TAR_EN", "in", 1, "bus", "The event is 0 a spike of an input neuron, 1 a target."),
    Pin("SAMPLE", "in", 1, "bus", "High from a sample's start to its end."),
    Pin("TIME_TICK", "in", 1, "bus", "A rising edge ends a timestep and begins the next."),
    Pin("TARGET_VALID", "in", 1, "bus", "Timesteps in which the weights are to learn."),
    Pin("INFER_ACC", "in", 1, "bus", "Timesteps whose winner counts for the sample's."),
    Pin("SPI_RDY", "out", 1, "status", "State CONFIG: the network stands still, the SPI may reach it."),
    Pin("TIMING_ERROR_RDY", "out", 1, "bus", "A timestep can begin, or, by SPI_TIMING_MODE, one began too early."),
    Pin("OUT_REQ", "out", 1, "bus", "Request of the output bus (four-phase)."),
    Pin("OUT_ACK", "in", 1, "bus", "Acknowledge of the output bus."),
    Pin("OUT_DATA", "out", 8, "bus", "Winner's label, or a byte of an output neuron's potential, low byte first."),
)
BUSES = (
    spi_bus("Configuration, and all memories."),
    Bus(
        "aerin",
        FOUR_PHASE,
        {"addr": ("AERIN_ADDR", "AERIN_TAR_EN"), "req": "AERIN_REQ", "ack": "AERIN_ACK"},
        "Input events, and targets.",
    ),
    Bus(
        "steps",
        TIMESTEPS,
        {"tick": "TIME_TICK", "ready": "TIMING_ERROR_RDY", "levels": ("SAMPLE", "TARGET_VALID", "INFER_ACC")},
        "Samples, timestep by timestep.",
    ),
    Bus("out", FOUR_PHASE, {"addr": "OUT_DATA", "req": "OUT_REQ", "ack": "OUT_ACK"}, "Answers."),
)

# --- Memories (doc 1; srnn.v) -----------------------------------------------------------------------------------


def _neuron(n: int) -> tuple[Field, ...]:
    """State of the word's neuron n."""
    lsb = 50 * n
    parity = "odd" if n else "even"
    return (
        Field(
            f"neur_u{n}",
            lsb,
            U_BITS,
            f"Membrane potential, {parity} neuron.",
            "LSB",
            signed=True,
            kind="state",
            curve=True,
        ),
        Field(f"trace_inp{n}", lsb + 16, TRACE_BITS, f"Input trace, {parity} neuron.", "LSB", kind="state", curve=True),
        Field(
            f"trace_rec{n}", lsb + 28, TRACE_BITS, f"Recurrent trace, {parity} neuron.", "LSB", kind="state", curve=True
        ),
        Field(f"trace_out{n}", lsb + 40, TOUT_BITS, f"Output trace, {parity} neuron.", "LSB", kind="state", curve=True),
    )


PAIR = Word(
    "pair",
    128,
    (
        *_neuron(0),
        *_neuron(1),
        Field("thr", 100, U_BITS, "Firing threshold of both neurons.", "LSB", signed=True, kind="parameter"),
        Field("alpha", 116, 12, "Lower 12 bits of both neurons' decay.", "1/32768", kind="parameter"),
    ),
    source="doc 1; srnn.v",
)
WEIGHTS = Word(
    "weights",
    128,
    tuple(
        Field(f"w{i}", W_BITS * i, W_BITS, f"Weight to neuron 16 k + {i}.", "LSB", signed=True, kind="state")
        for i in range(N_WEIGHTS)
    ),
    source="doc 1; srnn.v",
)
OUT_WEIGHTS = Word(
    "out weights",
    128,
    tuple(
        Field(f"w{i}", W_BITS * i, W_BITS, f"Weight to output neuron {i}.", "LSB", signed=True, kind="state")
        for i in range(N_OUT)
    ),
    source="doc 1; srnn.v",
)

WEIGHT = Word("weight", W_BITS, (Field("w", 0, W_BITS, "Synaptic weight.", "LSB", signed=True, kind="state"),))
_ALL_TO_ALL = Matrix(("pre", N), ("post", N), WEIGHT)
N_WORDS = N * N // N_WEIGHTS  # of winp, of wrec
N_WOUT = 512  # words of wout, of which the chip uses the first N

NEURONS = Memory("neurons", N // 2, 128, (PAIR,), "doc 1; srnn.v, SRAM_128x128_wrapper neurons")
WINP = Memory("winp", N_WORDS, 128, (WEIGHTS,), "doc 1; srnn.v, weights_inp", matrix=_ALL_TO_ALL)
WREC = Memory("wrec", N_WORDS, 128, (WEIGHTS,), "doc 1; srnn.v, weights_rec", matrix=_ALL_TO_ALL)
WOUT = Memory(
    "wout",
    N_WOUT,
    128,
    (OUT_WEIGHTS,),
    "doc 1; srnn.v, weights_out",
    matrix=Matrix(("pre", N_WOUT), ("out", N_OUT), WEIGHT),
)

WEIGHTS_ADDR = Word(
    "weights word address",
    12,
    (
        Field("post_group", 0, 4, "Post-synaptic neuron's address, bits 7 to 4."),
        Field("pre", 4, M, "Pre-synaptic neuron."),
    ),
    source="doc 1",
)

# --- SPI (doc 2.1; spi_slave.v) ---------------------------------------------------------------------------------

SPI_BITS = 32  # bits of the address field, and of each data field
SPI_CNT_BITS = 17

SPI_HEADER = Word(
    "SPI address field",
    SPI_BITS,
    (
        Field("addr", 0, 16, "Address of the first data field."),
        Field("num_write", 16, 12, "Data fields that follow, written or read."),
        Field("code", 28, 3, "What is accessed: 0 configuration, 1 neurons, 2 output neurons, 3 winp, 4 wrec, 5 wout."),
        Field("read", 31, 1, "0 write, 1 read."),
    ),
    source="doc 2.1",
)


class SpiCode(IntEnum):
    """The target of an SPI transaction (``code`` of the address field)."""

    CONFIG = 0
    NEUR = 1
    ONEUR = 2
    WINP = 3
    WREC = 4
    WOUT = 5


SPI_WORD_ADDR = Word(
    "SPI memory address",
    16,
    (
        Field("chunk", 0, 2, "32 bits of the word, 0 least significant."),
        Field("word", 2, 12, "Word: 7 bits for neurons, 12 for winp and wrec, 9 for wout."),
    ),
    source="doc 2.1; srnn.v",
)
SPI_NEUR_ADDR = Word(
    "SPI neuron address",
    16,
    (
        Field("chunk", 0, 2, "32 bits of the word, 0 least significant."),
        Field("word", 2, 7, "Word."),
        Field(
            "flags", 9, 1, "1 also sets a neuron's spike and dirty bits, by SPI_NEUR_FLAGS; its address is bits 7..0."
        ),
    ),
    source="spi_slave.v, srnn.v",
)
SPI_NEUR_FLAGS = Word(
    "SPI neuron flags",
    SPI_BITS,
    (
        Field("neur_z", 0, 1, "The neuron spiked in the last timestep."),
        Field("neur_dirty", 1, 1, "The neuron's state in the memory counts; else it is taken for 0."),
    ),
    source="srnn.v",
)

# --- Events (doc 2.2; srnn.v) -----------------------------------------------------------------------------------

EVENTS = (
    Event(
        "spike",
        "-" * M,
        (Field("neur", 0, M, "Input neuron."),),
        N,
        "With AERIN_TAR_EN 0: the input neuron spikes in the next timestep. Cycles: of its sweep, all neurons enabled.",
        "srnn.v",
        {"AERIN_TAR_EN": 0},
    ),
    Event(
        "target",
        "-" * M,
        (Field("byte", 0, M, "Classification: label in bits 3..0. Regression: a byte of a target, low byte first."),),
        1,
        "With AERIN_TAR_EN 1: the label, or the targets of all output neurons, two bytes each.",
        "srnn.v",
        {"AERIN_TAR_EN": 1},
    ),
)

# --- State (the flip-flops of each block) -----------------------------------------------------------------------


class State(IntEnum):
    """States of the global controller (srnn.v)."""

    IDLE = 0
    PROP = 1
    STEP = 2
    SDONE = 3
    GET_TAR = 4
    CONFIG = 5
    EPROP = 6
    SEND = 7


class EvtState(IntEnum):
    """States of the event controller (srnn.v)."""

    WAIT = 0
    CNT = 1
    EVT = 2
    SUPP = 3


PROG = Word(
    "programming triggers",
    14,
    tuple(
        Field(name, i, 1, meaning)
        for i, (name, meaning) in enumerate(
            (
                ("neur", "Write to the neuron memory."),
                ("oneur", "Write to an output neuron."),
                ("winp", "Write to the input weights."),
                ("wrec", "Write to the recurrent weights."),
                ("wout", "Write to the output weights."),
                *((f"seed_{s}", f"Seed by SPI_SEED_{s.upper()}.") for s in ("inp", "rec", "out")),
                *((f"seed_strnd_{s}", f"Seed by SPI_SEED_STRND_{s.upper()}.") for s in ("neur", "oneur")),
                *((f"seed_strnd_{s}", f"Seed by SPI_SEED_STRND_{s.upper()}.") for s in ("tinp", "trec", "tout")),
                ("seed_noise_neur", "Seed by SPI_SEED_NOISE_NEUR."),
            )
        )
    ),
    source="spi_slave.v, PROG_*",
)
READ = Word(
    "reading triggers",
    5,
    tuple(Field(name, i, 1, "Read.") for i, name in enumerate(("neur", "oneur", "winp", "wrec", "wout"))),
    source="spi_slave.v, READ_*",
)


def _sync(name: str) -> tuple[Reg, Reg]:
    return Reg(f"{name}_sync_int", 1), Reg(f"{name}_sync", 1)


_Q = "Output register of the memory, a weight each."

BLOCKS = (
    Block("reset", (Reg("rst_sync_int", 1, None), Reg("rst_sync", 1, None)), "reckon.v"),
    Block(
        "spi_slave",
        (
            Reg("spi_cnt", SPI_CNT_BITS, meaning="Falling SCK edges in this transaction."),
            Reg("spi_addr", SPI_BITS, meaning="Address field of this transaction, once it is whole."),
            Reg("spi_shift_reg_in", SPI_BITS, None),
            Reg("spi_shift_reg_out", SPI_BITS),
            Reg("spi_addr_out", 16, None, meaning="SPI_ADDR: what the core is asked for."),
            Reg("spi_data", SPI_BITS, None),
            Reg("prog", PROG.width, meaning="PROG_*, a bit each.", word=PROG),
            Reg("read", READ.width, meaning="READ_*, a bit each.", word=READ),
            *(
                Reg(r.name.lower(), r.width, r.reset, () if r.n_addrs == 1 else (r.n_addrs,), r.meaning)
                for r in REGISTERS
            ),
        ),
        "spi_slave.v",
    ),
    Block(
        "sync",
        (
            *_sync("target_valid"),
            *_sync("aerin_req"),
            *_sync("sample"),
            *_sync("infer_acc"),
            *_sync("out_ack"),
            *_sync("time_tick"),
            Reg("time_tick_del", 1),
            Reg("prog_sync_int", PROG.width),
            Reg("prog_sync", PROG.width),
            Reg("prog_del", PROG.width),
            Reg("read_sync_int", READ.width),
            Reg("read_sync", READ.width),
        ),
        "srnn.v, Sync barriers",
    ),
    Block(
        "aer_in",
        (
            Reg("aerin_ack", 1),
            Reg("inp_events", 1, 0, (N,), "Input neurons that spike in this timestep."),
            Reg("inp_events_next", 1, 0, (N,), "Input neurons that spike in the next."),
            Reg("reg_tar", U_BITS, None, (N_OUT,), "Targets, regression."),
            Reg("class_label", 4, None),
            Reg("got_label", 1, None),
            Reg("target_cnt", 5, None, meaning="Targets received in this timestep."),
        ),
        "srnn.v, Receiving events, targets",
    ),
    Block(
        "out",
        (
            Reg("out_req", 1, None),
            Reg("out_data", 8, None),
            Reg("send_cnt", 5, None, meaning="Bytes sent."),
            Reg("cnt_winner", 16, None, (N_OUT,), "Timesteps won by each output neuron."),
        ),
        "srnn.v, Sending classification results, Winner computation",
    ),
    Block(
        "controller",
        (
            Reg("state", 4, State.IDLE, states=State),
            Reg("timing_error", 1),
            Reg("tick_cnt", 32, None),
            Reg("neur_step_cnt", M, None, meaning="Neuron in state STEP."),
            Reg("state_evt", 2, EvtState.WAIT, states=EvtState),
            Reg("neur256_cnt", M, None, meaning="Neuron whose spike is looked for, or processed."),
            Reg("neur128x2_cnt", M, None, meaning="Half-neuron of the sweep: word, then read or write."),
            Reg("supp_cycle", 1, None),
            Reg("wout_cs_del", 1, None),
        ),
        "srnn.v, Global controller, Event controller",
    ),
    Block(
        "eprop",
        (
            Reg("e_pre", M + 1, None, meaning="Pre-synaptic neuron, then read or write."),
            Reg("e_post_msb", 4, None, meaning="Group of 16 post-synaptic neurons."),
            Reg("e_post_lsb", 5, None, meaning="Neuron of the group, then read or write."),
            Reg("buf16_post", 1, None, meaning="The group's learning signals are being computed."),
            Reg("learning_signals", U_BITS, None, (16,)),
            Reg("neur_h", H_BITS, None, (16,), "Pseudo-derivatives."),
            Reg("trace_reg", TRACE_BITS, None, (16,), "Recurrent traces above SPI_REGUL_F0."),
        ),
        "srnn.v, e-prop handling",
    ),
    Block(
        "neurons",
        (
            Reg("neur_z", 1, 0, (N,), "Recurrent neurons that spiked in the last timestep."),
            Reg("neur_dirty", 1, 0, (N,), "Neurons whose state in the memory counts."),
            Reg("oneur_u", U_BITS, 0, (N_OUT,), "Output neurons' potentials.", signed=True, curve=True),
            Reg(
                "neur_data_o", 32, None, (NEURONS.n_limbs,), "Output register of the memory, limb 0 least significant."
            ),
            Reg("winp_data_o", W_BITS, None, (N_WEIGHTS,), _Q),
            Reg("wrec_data_o", W_BITS, None, (N_WEIGHTS,), _Q),
            Reg("wout_data_o", W_BITS, None, (N_OUT,), _Q),
            Reg("srnn_readback", 32, None),
        ),
        "srnn.v, Neuron array, SRAMs, Readback",
    ),
    Block(
        "lfsr",
        tuple(
            reg
            for lfsr in LFSRS
            for reg in (
                (
                    Reg(
                        lfsr.name,
                        32,
                        0,
                        (lfsr.width + lfsr.words,),
                        "Last words of the sequence, and last output; from the seed.",
                    ),
                )
                if lfsr.words
                else (Reg(lfsr.name, lfsr.width, lfsr.in_time(lfsr.reset), meaning="Last bits, the oldest in bit 0."),)
            )
        ),
        "lfsr/*.v",
    ),
)

CHIP = Chip(
    name="reckon",
    title="ReckOn: 256 recurrent LIF and 16 output neurons that learn on chip by e-prop",
    pins=PINS,
    memories=(NEURONS, WINP, WREC, WOUT),
    registers=REGISTERS,
    blocks=BLOCKS,
    events=EVENTS,
    buses=BUSES,
    source="ChFrenkel/ReckOn, commit 5e5c0be; C. Frenkel, G. Indiveri, ISSCC 2022",
)
