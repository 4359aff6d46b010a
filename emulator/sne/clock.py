"""The edges of both clocks, the resets, and the outputs of the whole engine.

Both sides compute what they do from the state before the edges, and the FIFOs between them move last.

Source: evt_engine.sv.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import bit, row_field, set_row_field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.resets import side_resetter
from draupnir.emulator.sne import bus_side, fifo, groups, memories, routing, sequencers, time_unit
from draupnir.emulator.sne.bus_side import EVENTS, KERNEL, LEFT, RIGHT
from draupnir.emulator.sne.layout import (
    ALL_GROUPS,
    BUS_BLOCKS,
    BUS_RISE,
    CHIP,
    ENGINE_BLOCKS,
    ENGINE_RISE,
    GROUPS,
    TIME_BITS,
)
from draupnir.emulator.sne.memories import Memories
from draupnir.emulator.sne.routing import PROCESS_SPIKE, UPDATE_TIME
from draupnir.emulator.sne.sequencers import ALL, AROUND, WEIGHTED
from draupnir.emulator.sne.time_unit import ALL_TAKERS, TO_ALL, TO_AROUND, TO_MAPPER, TO_REGISTER, TO_WEIGHTED

IN, OUT = positions(CHIP.input_word), positions(CHIP.output_word)
OF_SEQUENCES = GROUPS  # the last taker of an event; the groups are the first ones
_reset_bus = side_resetter("sne_bus", BUS_BLOCKS)
_reset_engine_blocks = side_resetter("sne_engine", ENGINE_BLOCKS)


@outlined
def apply_inputs(r: np.record, inputs: np.ndarray) -> None:
    """Set all input pins at once. A reset that begins acts at once on its side."""
    bus_reset, engine_reset = row_field(r.inputs, IN.bus_rst_ni), row_field(r.inputs, IN.engine_rst_ni)
    for i in range(len(inputs)):
        r.inputs[i] = inputs[i]
    if bus_reset and not row_field(r.inputs, IN.bus_rst_ni):
        _reset_bus(r)
    if engine_reset and not row_field(r.inputs, IN.engine_rst_ni):
        _reset_engine(r)


@outlined
def _reset_engine(r: np.record) -> None:
    _reset_engine_blocks(r)
    memories.settle(r)


@kernel
def outputs(r: np.record, m: Memories, row: np.ndarray) -> None:
    """Write the output pins and the probes into a row, in which all bits are 0 before."""
    src_valid, src_evt = bus_side.src(r)
    set_row_field(row, OUT.dst_ready, bus_side.dst_ready(r))
    set_row_field(row, OUT.src_valid, src_valid)
    set_row_field(row, OUT.src_evt, src_evt)
    set_row_field(row, OUT.online_data_o, memories.state(r, m, r.online_group))
    set_row_field(row, OUT.packet_state, r.packet_state)
    set_row_field(row, OUT.global_time, r.global_time)
    set_row_field(row, OUT.router_state, r.router_state)
    set_row_field(row, OUT.seq_wr_addr, r.seq_wr_addr)
    set_row_field(row, OUT.seq_wr_en, r.seq_wr_en)
    set_row_field(row, OUT.opt_wr_en, r.opt_wr_en)
    set_row_field(row, OUT.fc_wr_addr, r.fc_wr_addr)
    set_row_field(row, OUT.fc_weights[0], r.fc_weights[0])
    set_row_field(row, OUT.fc_weights[1], r.fc_weights[1])
    set_row_field(row, OUT.spikes_state, r.spikes_state)
    set_row_field(row, OUT.spikes_valid, r.spikes_valid)
    set_row_field(row, OUT.mapper_state, r.mapper_state)
    set_row_field(row, OUT.barrier_state, r.barrier_state)


@outlined
def clock(r: np.record, m: Memories, edges: int, words: np.ndarray) -> None:
    """Run a row's edges of the clocks; words : (16,), room for the events of the groups"""
    r.cycle += 1
    bus, engine = edges & BUS_RISE != 0, edges & ENGINE_RISE != 0
    in_push, in_taken, out_push, out_taken = 0, 0, 0, 0
    if bus:
        in_push, out_taken = bus_side.clock_in(r), bus_side.clock_out(r)
    if engine:
        out_push, in_taken = _clock_engine(r, m, words)
    fifo.clock_in(r, bus, engine, in_push, row_field(r.inputs, IN.dst_evt), in_taken)
    fifo.clock_out(r, bus, engine, out_push, words, out_taken)
    if bus and not row_field(r.inputs, IN.bus_rst_ni):
        _reset_bus(r)
    if engine and not row_field(r.inputs, IN.engine_rst_ni):
        _reset_engine(r)


@kernel
def _clock_engine(r: np.record, m: Memories, words: np.ndarray) -> tuple[int, int]:
    """Run a clock of the engine; return the groups whose FIFO gets a word, and the FIFOs from the bus that lose one."""
    arrived = routing.arrived(r)[1]
    event = routing.decoded(arrived) if r.router_state == PROCESS_SPIKE else 0
    is_event, is_time = int(r.router_state == PROCESS_SPIKE), int(r.router_state == UPDATE_TIME)
    time_word = arrived if is_time else 0
    sequence, room = sequencers.of_event(r, event >> TIME_BITS), fifo.out_ready(r)
    grant = groups.granted(r, room)

    begins = is_event == 1 and grant and not bit(r.dp_fork_done, OF_SEQUENCES)
    event_ready = ALL_GROUPS | int(sequencers.is_ready(r, sequence) and grant) << OF_SEQUENCES
    event_taken = time_unit.fork_ready(r.dp_fork_waits, r.dp_fork_done, is_event, event_ready, 2 * ALL_GROUPS + 1)
    time_ready = time_unit.takers_ready(r, is_time, time_word, _ready_for_time(r))
    time_taken = time_unit.fork_ready(r.time_fork_waits, r.time_fork_done, is_time, time_ready, ALL_TAKERS)
    to_weighted = time_unit.shows(r, is_time, time_word, TO_WEIGHTED)
    in_taken = 1 << KERNEL | sequencers.takes_weights(r, grant) * (1 << LEFT | 1 << RIGHT)

    out_push = _clock_groups(r, m, event, sequence, room, is_time, time_word, words)
    memories.clock(r, m, event >> 16 & 255)
    sequencers.clock_all(r, begins and sequence == ALL, grant)
    sequencers.clock_around(r, begins and sequence == AROUND, grant)
    sequencers.clock_weighted(r, to_weighted, time_word, grant)
    time_unit.clock_time(r, is_time, time_word, time_ready, time_taken)
    time_unit.clock_dp_fork(r, is_event, event_ready, event_taken)
    in_taken |= routing.clock(r, event_taken, time_taken) << EVENTS
    r.online_group = row_field(r.inputs, IN.online_group_id)
    return out_push, in_taken


@kernel
def _clock_groups(
    r: np.record, m: Memories, event: int, sequence: int, room: int, is_time: int, time_word: int, words: np.ndarray
) -> int:
    """Run a clock of the neurons and of the way of their spikes; return the groups whose FIFO gets a word."""
    to_mapper, may_change = time_unit.shows(r, is_time, time_word, TO_MAPPER), sequencers.waits(r, sequence)
    spiking = groups.clock(r, m, event >> TIME_BITS, event, words)
    passing = groups.clock_passing(r, spiking, room, words)
    return groups.clock_mapper(r, passing, room, to_mapper, time_word, may_change, words)


@kernel
def _ready_for_time(r: np.record) -> int:
    """Return the takers of a word of the time that are ready."""
    return (
        int(r.mapper_state == groups.MAP_EXECUTE) << TO_MAPPER
        | 1 << TO_REGISTER
        | int(sequencers.waits(r, AROUND)) << TO_AROUND
        | int(sequencers.waits(r, ALL)) << TO_ALL
        | int(sequencers.waits(r, WEIGHTED)) << TO_WEIGHTED
    )
