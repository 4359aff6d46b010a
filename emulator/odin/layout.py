"""ODIN, declared: pins, memories, neuron and synapse words, configuration registers, events, state registers.

A bit range, an address or a count that ODIN fixes stands here and nowhere else.

Source: ODIN doc v0.1 (ChFrenkel/ODIN doc/README.md) for the pins, the LIF neuron, the registers and the events;
neuron_core.v and IZH_neuron_blocks/*.v for the Izhikevich neuron, which the documentation leaves out.
"""

from __future__ import annotations

from enum import IntEnum

from emulator.declare import Block, Chip, Event, Field, Memory, Pin, Reg, Register, Word

N = 256  # neurons, and synapses on each neuron's dendritic tree
M = 8  # bits of a neuron's address

# --- Pins (ODIN.v; doc 2) ---------------------------------------------------------------------------------------

PINS = (
    Pin("CLK", "in", 1, "clock", "Clock; everything but the SPI slave runs on its rising edge."),
    Pin("RST", "in", 1, "reset", "Reset, active high; immediate in the SPI slave, through two flip-flops elsewhere."),
    Pin("SCK", "in", 1, "sck", "SPI clock; MOSI is taken on its rising edge, MISO changes on its falling edge.", "spi"),
    Pin("MOSI", "in", 1, "mosi", "SPI data in, most significant bit first.", "spi"),
    Pin("MISO", "out", 1, "miso", "SPI data out, most significant bit first.", "spi"),
    Pin("AERIN_ADDR", "in", 2 * M + 1, "addr", "Address of an input event; must stay until AERIN_ACK.", "aerin"),
    Pin("AERIN_REQ", "in", 1, "req", "Request of the input event bus (four-phase).", "aerin"),
    Pin("AERIN_ACK", "out", 1, "ack", "Acknowledge of the input event bus.", "aerin"),
    Pin("AEROUT_ADDR", "out", M, "addr", "Address of an output event, or a monitoring packet.", "aerout"),
    Pin("AEROUT_REQ", "out", 1, "req", "Request of the output event bus (four-phase).", "aerout"),
    Pin("AEROUT_ACK", "in", 1, "ack", "Acknowledge of the output event bus.", "aerout"),
)

# --- Neuron memory (doc 3.1, 3.3; neuron_core.v) ----------------------------------------------------------------


def _parameter(name: str, lsb: int, width: int, meaning: str, unit: str = "") -> Field:
    return Field(name, lsb, width, meaning, unit, kind="parameter")


def _state(name: str, lsb: int, width: int, meaning: str, unit: str = "", signed: bool = False) -> Field:
    return Field(name, lsb, width, meaning, unit, signed, kind="state")


_LIF_IZH_SEL = _parameter("lif_izh_sel", 0, 1, "Neuron model: 1 LIF, 0 Izhikevich.")
_NEUR_DISABLE = _parameter("neur_disable", 127, 1, "1: the neuron never spikes; its state is updated all the same.")

LIF = Word(
    "lif",
    128,
    (
        _LIF_IZH_SEL,
        _parameter("leak_str", 1, 7, "Taken from the membrane potential at a time reference event.", "LSB of core"),
        _parameter("leak_en", 8, 1, "Enables the leakage."),
        _parameter("thr", 9, 8, "Firing threshold: the neuron spikes when its next potential is at or above.", "LSB of core"),
        _parameter("ca_en", 17, 1, "Enables the calcium variable, and SDSP in the neuron's dendritic tree."),
        _parameter("thetamem", 18, 8, "SDSP threshold on the membrane potential.", "LSB of core"),
        _parameter("ca_theta1", 26, 3, "SDSP: no update below this calcium.", "calcium"),
        _parameter("ca_theta2", 29, 3, "SDSP: depression below this calcium.", "calcium"),
        _parameter("ca_theta3", 32, 3, "SDSP: potentiation below this calcium.", "calcium"),
        _parameter("caleak", 35, 5, "Time reference events per decrement of calcium; 0 disables.", "time references"),
        _state("core", 70, 8, "Membrane potential.", "LSB"),
        _state("calcium", 78, 3, "Calcium: recent firing activity."),
        _state("caleak_cnt", 81, 5, "Time reference events since the last decrement of calcium.", "time references"),
        _NEUR_DISABLE,
    ),
    source="doc 3.3.2; neuron_core.v, lif_neuron_0",
)

IZH = Word(
    "izh",
    128,
    (
        _LIF_IZH_SEL,
        _parameter("leak_str", 1, 7, "Taken from the input accumulator at a time reference event.", "LSB of inacc"),
        _parameter("leak_en", 8, 1, "Enables the leakage of the input accumulator."),
        _parameter(
            "fi_sel", 9, 3, "Fan-in: the membrane moves one step when bit 3 + fi_sel of the accumulator toggles."
        ),
        _parameter("spk_ref", 12, 3, "Further spikes in a burst; 0 is a single spike.", "spikes"),
        _parameter("isi_ref", 15, 3, "Burst spikes are isi_ref + 1 burst time references apart.", "burst time references - 1"),
        _parameter(
            "reson_sharp_en", 18, 1, "Sharp resonance: spike only when excited reson_sharp_amt after the last excitation."
        ),
        _parameter("thr", 19, 3, "Firing threshold: the neuron spikes when its next potential equals thr + thrmod.", "LSB of core"),
        _parameter(
            "rfr", 22, 3, "Potential after a spike: -rfr (refractory, climbs by 1 a time reference), +rfr for DAP and resonators.",
            "LSB of core",
        ),
        _parameter("dapdel", 25, 3, "Delay of the spike (spike latency) or of the end of the after-potential (DAP).", "time references"),
        _parameter("spklat_en", 28, 1, "Spike latency: spike at the dapdel-th time reference after the threshold was met."),
        _parameter("dap_en", 29, 1, "Depolarizing after-potential: stay at +rfr, fall to 0 after dapdel time references."),
        _parameter("stim_thr", 30, 3, "Stimulation strength that counts as stimulation (phasic, mixed, class 2, ...).", "membrane steps"),
        _parameter("phasic_en", 33, 1, "Phasic: one spike (or burst) at the onset of a stimulation, then locked."),
        _parameter("mixed_en", 34, 1, "Mixed mode: a burst at the onset of a stimulation, then single spikes."),
        _parameter("class2_en", 35, 1, "Class 2: excitation counts only while the stimulation strength reaches stim_thr."),
        _parameter("neg_en", 36, 1, "Potential may become negative, down to -8; else inhibition stops at 0."),
        _parameter("rebound_en", 37, 1, "Rebound: spike after a lone inhibitory stimulation."),
        _parameter("inhin_en", 38, 1, "Inhibition-induced: spike while inhibited; set off when -core equals the threshold."),
        _parameter("bist_en", 39, 1, "Bistability: a lone excitatory stimulation toggles between rest and spiking."),
        _parameter("reson_en", 40, 1, "Resonator: the potential's sign rotates with the time references."),
        _parameter("thrvar_en", 41, 1, "Enables the threshold modifier (variability or adaptation)."),
        _parameter(
            "thr_sel_of", 42, 1, "Threshold: 0 variability (raised by excitation, lowered by inhibition), 1 adaptation (raised by spikes)."
        ),
        _parameter("thrleak", 43, 4, "Time reference events per step of the threshold modifier back to 0; 0 disables.", "time references"),
        _parameter("acc_en", 47, 1, "Accommodation: the threshold follows the stimulation strength."),
        _parameter("ca_en", 48, 1, "Enables the calcium variable, and SDSP in the neuron's dendritic tree."),
        _parameter("thetamem", 49, 3, "SDSP threshold on the membrane potential.", "LSB of core"),
        _parameter("ca_theta1", 52, 3, "SDSP: no update below this calcium.", "calcium"),
        _parameter("ca_theta2", 55, 3, "SDSP: depression below this calcium.", "calcium"),
        _parameter("ca_theta3", 58, 3, "SDSP: potentiation below this calcium.", "calcium"),
        _parameter("caleak", 61, 5, "Time reference events per decrement of calcium; 0 disables.", "time references"),
        _parameter("burst_incr", 66, 1, "Threshold modifier and calcium rise by the burst's length instead of by 1."),
        _parameter("reson_sharp_amt", 67, 3, "Sharp resonance: time references between the two excitations.", "time references"),
        _state("inacc", 70, 11, "Input accumulator: weights in, leakage out; wraps.", "LSB of weight"),
        _state("refrac", 81, 1, "In the refractory period."),
        _state("core", 82, 4, "Membrane potential.", "LSB", signed=True),
        _state("dapdel_cnt", 86, 3, "Counts down dapdel; for sharp resonance, time references since the last excitation.", "time references"),
        _state("stim_str", 89, 4, "Stimulation strength in the last time step.", "membrane steps", signed=True),
        _state("stim_str_tmp", 93, 4, "Stimulation strength so far in this time step, -7..7.", "membrane steps", signed=True),
        _state("phasic_lock", 97, 1, "Phasic: locked until the stimulation ends."),
        _state("mixed_lock", 98, 1, "Mixed mode: single spikes until the stimulation ends."),
        _state("spkout_done", 99, 1, "Has spiked in this time step."),
        _state("stim0_prev", 100, 2, "Was there stimulation: bit 0 in the last time step, bit 1 in the one before."),
        _state("inhexc_prev", 102, 2, "Last time step's stimulation reached stim_thr: bit 0 excitatory, bit 1 inhibitory."),
        _state("bist_lock", 104, 1, "Bistability: in the spiking state."),
        _state("inhin_lock", 105, 1, "Inhibition-induced: spiking."),
        _state("reson_sign", 106, 2, "Resonator's phase: 0 positive, 1 negative, 2 zero to positive, 3 zero to negative."),
        _state("thrmod", 108, 4, "Threshold modifier.", "LSB of core", signed=True),
        _state("thrleak_cnt", 112, 4, "Time reference events since the last step of the threshold modifier.", "time references"),
        _state("calcium", 116, 3, "Calcium: recent firing activity."),
        _state("caleak_cnt", 119, 5, "Time reference events since the last decrement of calcium.", "time references"),
        _state("burst_lock", 124, 1, "A burst is under way; the refractory period waits for its end."),
        _NEUR_DISABLE,
    ),
    source="neuron_core.v, izh_neuron_0; IZH_neuron_blocks/*.v",
)


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
MAPPING = Field("mapping", 3, 1, "Mapping table bit: the synapse exists; see UPDATE_ and PROPAGATE_UNMAPPED_SYN.", kind="parameter")

SYN = Word(
    "syn",
    N_SYN * SYN_BITS,
    tuple(
        Field(f"{f.name}{i}", SYN_BITS * i + f.lsb, f.width, f"Of post-synaptic neuron 8 k + {i}: {f.meaning}", f.unit, kind=f.kind)
        for i in range(N_SYN)
        for f in (SYN_WEIGHT, MAPPING)
    ),
    source="doc 3.1, 3.2; synaptic_core.v",
)

NEURONS = Memory(
    "neurons", N, 128, (LIF, IZH), "doc 3.1; neuron_core.v, SRAM_256x128_wrapper", view={1: "lif", 0: "izh"}, view_field="lif_izh_sel"
)
SYNAPSES = Memory("synapses", N * N // N_SYN, SYN.width, (SYN,), "doc 3.1; synaptic_core.v, SRAM_8192x32_wrapper")

SYN_ADDR = Word(
    "synapse word address",
    13,
    (Field("post_group", 0, 5, "Post-synaptic neuron's address, bits 7 to 3."), Field("pre", 5, M, "Pre-synaptic neuron.")),
    source="doc 3.1",
)

# --- SPI (doc 2.1; spi_slave.v) ---------------------------------------------------------------------------------

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


SPI_NEURON_ADDR = Word(
    "SPI neuron address",
    16,
    (
        Field("word", 0, M, "Neuron."),
        Field("byte", 8, 8, "Byte of the word, 0 least significant; 16 and above reads 0 and writes nothing."),
    ),
    source="doc 2.1; spi_slave.v, neuron_core.v",
)
SPI_SYNAPSE_ADDR = Word(
    "SPI synapse address",
    16,
    (Field("word", 0, 13, "Word."), Field("byte", 13, 2, "Byte of the word, 0 least significant.")),
    source="doc 2.1; spi_slave.v",
)

REGISTERS = (
    Register("SPI_GATE_ACTIVITY", 0, 1, "Stops the network and lets the SPI reach the memories."),
    Register("SPI_OPEN_LOOP", 1, 1, "Keeps the neurons' own spikes out of the scheduler."),
    Register("SPI_SYN_SIGN", 2, 16, "Sign of each neuron's outgoing synapses: 1 inhibitory; neuron 16 k + i is bit i of address 2 + k.", 16),
    Register("SPI_BURST_TIMEREF", 18, 20, "A burst time reference is this many clocks, plus one; 0 turns bursts off.", unit="clocks - 1"),
    Register("SPI_AER_SRC_CTRL_nNEUR", 19, 1, "Output events come from 0 the neuron as it spikes, 1 the controller as it processes the event."),
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
    Event("spike", "0--------00000111", (_PRE,), 2 * N, "Spike of a neuron: stimulates all neurons; goes through the scheduler."),
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
    (Field("addr", 0, M, "Neuron."), Field("virts", M, 5, "0 for a neuron spike, else a virtual event's {weight, sign, leak}.")),
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
            Reg("spi_cnt", 6, meaning="Falling SCK edges in this transaction."),
            Reg("spi_addr", SPI_BITS),
            Reg("spi_shift_reg_in", SPI_BITS, None),
            Reg("spi_shift_reg_out", SPI_BITS),
            Reg("ctrl_readback_event", 1),
            Reg("ctrl_prog_event", 1),
            Reg("ctrl_spi_addr", 16),
            Reg("ctrl_op_code", 2),
            Reg("ctrl_prog_data", 16),
            *(
                Reg(r.name.lower(), r.width, None, () if r.n_addrs == 1 else (r.n_addrs,), r.meaning)
                for r in REGISTERS
            ),
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
            Reg("priority_cnt", 20, meaning="Clocks in this burst time reference."),
            Reg("priority", 8, meaning="Burst FIFO whose turn it is."),
            Reg("main_write_ptr", PTR_BITS),
            Reg("main_read_ptr", PTR_BITS),
            Reg("main_fill_cnt", PTR_BITS, meaning="Words beyond the first."),
            Reg("main_empty", 1, 1),
            Reg("main_mem", SCHED_EVENT.width, None, (MAIN_DEPTH,)),
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
            Reg("neur_state", 32, None, (NEURONS.n_limbs,), "Output register of the neuron memory, limb 0 least significant."),
            Reg("neur_v_up", N_SYN, None, (N // N_SYN,), "SDSP potentiation flags: neuron 8 k + i is bit i of element k."),
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
    source="ChFrenkel/ODIN, commit 1781931; C. Frenkel et al., IEEE TBioCAS 13(1), 2019",
)
