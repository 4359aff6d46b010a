"""SNE's engine, declared: its pins, its memories, its flip-flops, and the signals inside that are compared.

The pins are those of ``rtl/sne/sne_engine.sv``, which spreads the interfaces and the configuration of the original's
engine to pins. Each pin of the configuration has the layout of SNE's register of this name.

Source: pulp-platform/sne, rtl/evt_dp/evt_engine.sv and the modules in it; common_cells 1.21.0.
"""

from __future__ import annotations

from enum import IntEnum

from draupnir.emulator.buses.stream import STREAM
from draupnir.emulator.declare import Block, Bus, Chip, Field, Memory, Pin, Probe, Reg, Word
from draupnir.emulator.sne.states import (
    EntryState,
    FcState,
    KernelState,
    MapperState,
    OptState,
    PacketState,
    PassState,
    RefreshState,
    RouterState,
    SeqState,
)

GROUPS = 16
ALL_GROUPS = (1 << GROUPS) - 1  # as a mask, group 0 in the lowest bit
ADDR_BITS = 6  # a group has 64 neurons
EVENT_BITS, TIME_BITS = 32, 28
TIME_MASK = (1 << TIME_BITS) - 1
SLOTS = 16  # of the deepest FIFO between the two clocks
THRESHOLD = 64  # pairs of words with weights for an event of a dense layer


class EventOp(IntEnum):
    """The operations of an event word, in its highest four bits."""

    NEO = 0
    IDLE = 1
    SPIKE = 2
    ACCUMULATE = 3
    WIPE = 4
    TIME = 5
    PKT_END = 6
    SYNCH = 7
    UPDATE = 8
    EOP = 9


class NeuronOp(IntEnum):
    """The operations of the neurons."""

    IDLE = 0
    SPIKE = 1
    INTEGRATE = 4
    RST = 5
    UPDATE = 6


class LayerKind(IntEnum):
    """The kinds of layers, by the sequencer that serves them; 3 is as 0."""

    DEFAULT = 0
    OPT_CONV = 1
    FC = 2


class Crossing(IntEnum):
    """The FIFOs from the clock of the bus to that of the engine; the value is the index of the copy."""

    EVENTS = 0
    KERNEL = 1
    WEIGHTS_RIGHT = 2
    WEIGHTS_LEFT = 3


CROSSING_LOG_DEPTHS = (1, 3, 4, 4)
OUT_LOG_DEPTH = 2

# --- Pins and words --------------------------------------------------------------------------------------------------

PARAMETER = Word(
    "cfg_parameter",
    32,
    (
        Field("vrest", 0, 8, "Potential at which the decay stops.", "LSB", signed=True, kind="parameter"),
        Field("vth", 8, 8, "Threshold.", "LSB", signed=True, kind="parameter"),
        Field("tref", 16, 8, "Refractory time.", "timesteps", kind="parameter"),
        Field("davth", 24, 4, "Growth of the adaptive threshold at a spike.", "LSB", kind="parameter"),
        Field("tscale", 28, 4, "The potential decays 2**tscale times as fast.", kind="parameter"),
    ),
    "engine_clock.hjson, cfg_parameter_i",
)
SLICE = Word(
    "cfg_slice",
    31,
    (
        Field("layer", 0, 2, "0 dense sequence, 1 convolution, 2 fully connected, 3 as 0.", kind="parameter"),
        Field("kernel_reset", 2, 1, "Kernels are written at address 0 again.", kind="parameter"),
        Field("channel", 3, 9, "Number of kernels in a packet.", kind="parameter"),
        Field("sel", 12, 2, "Kernels for groups: 1 four, 2 two, 0 and 3 one.", kind="parameter"),
        Field("online", 14, 1, "States are read, and nothing is computed.", kind="parameter"),
        Field("group_id_low_x", 15, 4, "Group with the left bound of the area of interest.", kind="parameter"),
        Field("group_id_low_y", 19, 4, "Group with the lower bound.", kind="parameter"),
        Field("group_id_high_x", 23, 4, "Group with the right bound.", kind="parameter"),
        Field("group_id_high_y", 27, 4, "Group with the upper bound.", kind="parameter"),
    ),
    "engine_clock.hjson, cfg_slice_i",
)
ERROR = Word(
    "cfg_error",
    4,
    (
        Field("error", 0, 1, "Not read by the engine.", kind="parameter"),
        Field("time_insert_enable", 1, 1, "Missing timesteps are inserted, repeated ones left out.", kind="parameter"),
        Field("refresh_enable", 2, 1, "An update comes before each 256th timestep.", kind="parameter"),
        Field("spike_filter_enable", 3, 1, "Words outside of the area of interest are lost.", kind="parameter"),
    ),
    "engine_clock.hjson, cfg_error_i",
)
BOUND = Word(
    "cfg_filter_bound",
    32,
    (Field("xid", 0, 16, "Column."), Field("yid", 16, 16, "Row.")),
    "engine_clock.hjson, cfg_filter_lbound_i and cfg_filter_ubound_i",
)
PINS = (
    Pin("bus_clk_i", "in", 1, "clock", "Clock of the streams of events."),
    Pin("engine_clk_i", "in", 1, "clock", "Clock of sequencers, neurons and memories."),
    Pin("bus_rst_ni", "in", 1, "reset", "Reset of the side of the bus.", active="low", asynchronous=True),
    Pin("engine_rst_ni", "in", 1, "reset", "Reset of the side of the engine.", active="low", asynchronous=True),
    Pin("ack_error_i", "in", 1, "control", "A packet for a wrong destination is given up."),
    Pin("dst_valid", "in", 1, "bus", "There is a word for the engine."),
    Pin("dst_ready", "out", 1, "bus", "The engine takes the word."),
    Pin("dst_evt", "in", EVENT_BITS, "bus", "Header of a packet, event, or weights."),
    Pin("src_valid", "out", 1, "bus", "There is an event."),
    Pin("src_ready", "in", 1, "bus", "The event is taken."),
    Pin("src_evt", "out", EVENT_BITS, "bus", "Spike or timestep."),
    Pin("online_enable_i", "in", 1, "control", "The memory of a group is read if cfg_slice_i.online is 1."),
    Pin("online_group_id", "in", 4, "control", "Group whose states are read."),
    Pin("online_addr", "in", ADDR_BITS, "control", "Neuron whose state is read."),
    Pin("online_data_o", "out", 32, "status", "State of a neuron of the group, from a clock ago."),
    Pin("cfg_filter_ubound_i", "in", 32 * GROUPS, "control", "Last column and row of each group, 16 bits each."),
    Pin("cfg_filter_lbound_i", "in", 32 * GROUPS, "control", "First column and row of each group, 16 bits each."),
    Pin("cfg_filter_en_i", "in", GROUPS, "control", "Groups that take events."),
    Pin("cfg_x_offset_i", "in", 3 * GROUPS, "control", "Offset of the kernel's column in each group, 3 bits each."),
    Pin("cfg_y_offset_i", "in", 3 * GROUPS, "control", "Offset of the kernel's row in each group, 3 bits each."),
    Pin("cfg_addr_step_i", "in", ADDR_BITS, "control", "Step of the dense sequence."),
    Pin("cfg_addr_start_i", "in", ADDR_BITS, "control", "First neuron of the dense sequence."),
    Pin("cfg_addr_end_i", "in", ADDR_BITS, "control", "Neuron with which the dense sequence ends."),
    Pin("cfg_parameter_i", "in", PARAMETER.width, "control", "vrest, vth, tref, davth, tscale of all neurons."),
    Pin("cfg_cid_i", "in", 32, "control", "Channel in the spikes of groups 0-3, 4-7, 8-11, 12-15; 8 bits each."),
    Pin("cfg_slice_i", "in", SLICE.width, "control", "Layer, kernels, area of interest; see cfg_slice."),
    Pin("cfg_error_i", "in", ERROR.width, "control", "Insertion of timesteps and updates, filter; see cfg_error."),
)
BUSES = (
    Bus(
        "dst",
        STREAM,
        {"valid": "dst_valid", "ready": "dst_ready", "payload": "dst_evt"},
        "Packets: a header, then events or weights.",
        clock="bus_clk_i",
    ),
    Bus(
        "src",
        STREAM,
        {"valid": "src_valid", "ready": "src_ready", "payload": "src_evt"},
        "Spikes of all groups, and the timesteps between them.",
        clock="bus_clk_i",
    ),
)
# --- Memories --------------------------------------------------------------------------------------------------------

STATE = Word(
    "neuron_state",
    32,
    (
        Field("tlspk", 0, 8, "Time of the last spike.", "timesteps", kind="state"),
        Field("tlupd", 8, 8, "Time of the last update.", "timesteps", kind="state"),
        Field("avth", 16, 8, "Adaptive threshold.", "LSB", signed=True, kind="state", curve=True),
        Field("vmem", 24, 8, "Potential.", "LSB", signed=True, kind="state", curve=True),
    ),
    "sne_evt_stream_pkg.sv, alif_state_t",
)


def _weights(name: str, meanings: tuple[str, ...]) -> Word:
    fields = [Field(f"weight_{i}", 4 * i, 4, text, signed=True, kind="parameter") for i, text in enumerate(meanings)]
    return Word(name, 32, tuple(fields), "evt_kernel_memory.sv")


KERNEL = _weights("kernel", tuple(f"Weight {i} of a kernel of 3 x 3, row by row." for i in range(1, 9)))
CORNERS = _weights("corners", tuple(f"Weight 0 of kernel {7 - i} of eight." for i in range(8)))
MEMORIES = (
    Memory("state_sram_o", 32, 32, (STATE,), "evt_status_memory.sv, i_state_sram_o", copies=GROUPS),
    Memory("state_sram_e", 32, 32, (STATE,), "evt_status_memory.sv, i_state_sram_e", copies=GROUPS),
    Memory("weight_mem", 64, 32, (KERNEL,), "evt_kernel_memory.sv, weight_mem[0..3]", copies=4),
    Memory("weight_sram_o", 32, 32, (CORNERS,), "evt_kernel_memory.sv, weight_mem[4]"),
)

# --- Flip-flops ------------------------------------------------------------------------------------------------------


def _fifo_source(prefix: str, log_depth: int) -> tuple[Reg, ...]:
    """The side of a FIFO that is written. The pointers are Gray-coded in the original."""
    return (
        Reg(f"{prefix}_wptr", log_depth + 1),
        Reg(f"{prefix}_rptr_sync", log_depth + 1, shape=(2,), meaning="Read pointer, a clock and two clocks late."),
        Reg(f"{prefix}_words", EVENT_BITS, None, (1 << log_depth,)),
    )


def _fifo_destination(prefix: str, log_depth: int) -> tuple[Reg, ...]:
    """The side of a FIFO that is read, with the spill register behind it."""
    return (
        Reg(f"{prefix}_rptr", log_depth + 1),
        Reg(f"{prefix}_wptr_sync", log_depth + 1, shape=(2,), meaning="Write pointer, a clock and two clocks late."),
        Reg(f"{prefix}_a_full", 1),
        Reg(f"{prefix}_a_word", EVENT_BITS),
        Reg(f"{prefix}_b_full", 1),
        Reg(f"{prefix}_b_word", EVENT_BITS),
    )


_IN_LOG_DEPTH = max(CROSSING_LOG_DEPTHS)
BUS_BLOCKS = (
    Block(
        "global_router",
        (Reg("packet_state", 3, states=PacketState), Reg("header", EVENT_BITS), Reg("packet_ptr", 16)),
        "evt_global_router.sv",
    ),
    Block(
        "weight_input",
        (Reg("ip_state", 2, states=EntryState), Reg("ip_ready", 1), Reg("ip_status", 1), Reg("ip_count", 8)),
        "evt_weight_fifo.sv, input port",
    ),
    Block("in_fifo_source", _fifo_source("in", _IN_LOG_DEPTH), "cdc_fifo_gray.sv", copies=len(Crossing)),
    Block("out_fifo_destination", _fifo_destination("out", OUT_LOG_DEPTH), "cdc_fifo_gray.sv", copies=GROUPS),
    Block(
        "synchronizer",
        (Reg("barrier_state", 1), Reg("barrier_status", GROUPS, meaning="Groups whose barrier is done.")),
        "evt_synchronizer.sv",
    ),
    Block("arbiter", (Reg("rr", 4), Reg("lock", 1), Reg("req", GROUPS)), "rr_arb_tree.sv"),
)
ENGINE_BLOCKS = (
    Block("in_fifo_destination", _fifo_destination("in", _IN_LOG_DEPTH), "cdc_fifo_gray.sv", copies=len(Crossing)),
    Block("out_fifo_source", _fifo_source("out", OUT_LOG_DEPTH), "cdc_fifo_gray.sv", copies=GROUPS),
    Block(
        "time_inserter",
        (Reg("insert_state", 1), Reg("curr_time", TIME_BITS), Reg("next_time", TIME_BITS), Reg("zero_seen", 1)),
        "evt_time_inserter.sv",
    ),
    Block("refresh_insert", (Reg("refresh_state", 2, states=RefreshState),), "evt_refresh_insert.sv"),
    Block("engine_router", (Reg("router_state", 3, states=RouterState),), "evt_engine_router.sv"),
    Block(
        "time_unit",
        (
            Reg("global_time", TIME_BITS),
            Reg("time_stable", 1),
            Reg("time_fork_waits", 1),
            Reg("time_fork_done", 5, meaning="Outputs of the fork that have taken the word."),
        ),
        "evt_time_unit.sv, stream_fork_dynamic.sv",
    ),
    Block(
        "dp_fork",
        (Reg("dp_fork_waits", 1), Reg("dp_fork_done", GROUPS + 1, meaning="As time_fork_done.")),
        "evt_dp_group.sv, stream_fork.sv",
    ),
    Block(
        "sequencer",
        (
            Reg("seq_state", 3, states=SeqState),
            Reg("seq_rd_addr", ADDR_BITS + 1),
            Reg("seq_wr_addr", ADDR_BITS + 1),
            Reg("seq_rd_en", 1),
            Reg("seq_wr_en", 1),
            Reg("seq_done", 1),
            Reg("seq_ready", 1),
        ),
        "evt_sequencer.sv",
    ),
    Block(
        "opt_sequencer",
        (
            Reg("opt_state", 2, states=OptState),
            Reg("opt_row", 3, reset=7, meaning="Row of the kernel, -1..1, in three bits."),
            Reg("opt_col", 3, reset=7),
            Reg("opt_row_done", 1),
            Reg("opt_col_done", 1),
            Reg("opt_wr_row", 8, reset=255),
            Reg("opt_wr_col", 8, reset=255),
            Reg("opt_wr_en", 1),
            Reg("opt_ready", 1),
        ),
        "evt_opt_sequencer.sv, evt_counter.sv",
    ),
    Block(
        "weight_output",
        (
            Reg("fc_state", 3, states=FcState),
            Reg("fc_rd_addr", ADDR_BITS + 1),
            Reg("fc_wr_addr", ADDR_BITS + 1),
            Reg("fc_rd_en", 1),
            Reg("fc_wr_en", 1),
            Reg("fc_done", 1),
            Reg("fc_ready", 1),
            Reg("fc_ready_op", 1),
            Reg("fc_weights", EVENT_BITS, shape=(2,), meaning="Weights of groups 0-7 and 8-15."),
        ),
        "evt_weight_fifo.sv, output port",
    ),
    Block(
        "kernel_memory",
        (
            Reg("kernel_state", 1, states=KernelState),
            Reg("kernel_wr_en", 1),
            Reg("kernel_wr_addr", 9),
            Reg("kernel_wr_word", EVENT_BITS),
            Reg("kernel_mode", 2),
            Reg("kernel_corner_we", 1, None, meaning="A latch: write enable of the memory of the corners."),
            Reg("kernel_rd_addr", 8, None, meaning="Address in the memories, which read all five at once."),
            Reg("kernel_select", 3),
            Reg("kernel_sel", 2),
        ),
        "evt_kernel_memory_wrapper.sv, evt_kernel_memory.sv",
    ),
    Block(
        "status_memory",
        (Reg("state_odd", 1), Reg("state_rd_addr_o", 5, None), Reg("state_rd_addr_e", 5, None)),
        "evt_status_memory.sv",
        copies=GROUPS,
    ),
    Block(
        "mapper_src",
        (
            Reg("spikes_state", 2, states=PassState),
            Reg("spikes_valid", GROUPS),
            Reg("spikes_word", EVENT_BITS, shape=(GROUPS,)),
        ),
        "evt_mapper_src.sv",
    ),
    Block("mapper", (Reg("mapper_state", 2, states=MapperState),), "evt_mapper.sv"),
    Block("online", (Reg("online_group", 4),), "evt_memory_sequencer.sv"),
)

# --- Signals inside --------------------------------------------------------------------------------------------------

_SEQUENCER = "engine.i_memory_sequencer"
PROBES = (
    Probe("packet_state", 4, "engine.i_evt_global_router.PS", "State of the router of packets."),
    Probe("global_time", TIME_BITS, "engine.i_evt_time_unit.global_time_o", "Present timestep."),
    Probe("router_state", 4, "engine.i_evt_engine_router.PS", "State of the router of events."),
    Probe("seq_wr_addr", 7, f"{_SEQUENCER}.i_evt_sequencer.wr_addr_q", "Neuron that the dense sequence writes."),
    Probe("seq_wr_en", 1, f"{_SEQUENCER}.i_evt_sequencer.wr_en_q", "The dense sequence writes a state."),
    Probe("opt_wr_en", 1, f"{_SEQUENCER}.i_evt_opt_sequencer.wr_en_q", "The sequence of a convolution writes."),
    Probe("fc_wr_addr", 7, f"{_SEQUENCER}.i_evt_weight_fifo.wr_addr_q", "Neuron of a fully connected layer."),
    Probe("fc_weights", 64, f"{_SEQUENCER}.i_evt_weight_fifo.weight_q", "Weights of a fully connected layer."),
    Probe("spikes_state", 2, f"{_SEQUENCER}.i_evt_mapper_src.state_q", "Spikes pass, wait, or have just passed."),
    Probe("spikes_valid", GROUPS, f"{_SEQUENCER}.i_evt_mapper_src.evt_valid_q", "Groups whose spike waits."),
    Probe("mapper_state", 2, "engine.i_evt_mapper.state_q", "A timestep follows the spikes if it is not 0."),
    Probe("barrier_state", 1, "engine.i_evt_synchronizer.state_q", "All groups have the timestep."),
)

CHIP = Chip(
    name="sne",
    title="SNE: an engine with 16 groups of 64 adaptive neurons that share kernels or take streamed weights",
    pins=PINS,
    memories=MEMORIES,
    registers=(),
    blocks=(*BUS_BLOCKS, *ENGINE_BLOCKS),
    events=(),
    buses=BUSES,
    source="pulp-platform/sne, rtl/evt_dp/evt_engine.sv",
    probes=PROBES,
)
BUS_RISE, ENGINE_RISE = CHIP.clocks[0].rise, CHIP.clocks[1].rise
