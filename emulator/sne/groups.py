"""The groups of neurons: which of them take part in an event, what they compute, and where their spikes go.

Source: evt_dp_group.sv, evt_filter.sv, evt_memory_sequencer.sv, evt_mapper_src.sv, evt_mapper.sv.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import bit, row_field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.sne import memories, neuron, sequencers
from draupnir.emulator.sne.config import bound, channel, contains
from draupnir.emulator.sne.layout import (
    ALL_GROUPS,
    CHIP,
    GROUPS,
    SLICE,
    TIME_BITS,
    TIME_MASK,
    EventOp,
    LayerKind,
    NeuronOp,
)
from draupnir.emulator.sne.memories import Memories
from draupnir.emulator.sne.sequencers import ALL, AROUND, WEIGHTED
from draupnir.emulator.sne.states import MapperState, PassState

IN = positions(CHIP.input_word)
ONLINE = SLICE["online"].lsb
RST, UPDATE, SPIKE_OP = int(NeuronOp.RST), int(NeuronOp.UPDATE), int(NeuronOp.SPIKE)
FC = int(LayerKind.FC)
SPIKE, TIME = int(EventOp.SPIKE), int(EventOp.TIME)


PASS_RUN, PASS_PAUSE, PASS_RESUME = (int(state) for state in PassState)
MAP_INIT, MAP_RUN, MAP_EXECUTE = (int(state) for state in MapperState)


@kernel
def is_online(r: np.record) -> int:
    """Return 1 if states are only read."""
    return bit(row_field(r.inputs, IN.cfg_slice_i), ONLINE)


@kernel
def forces(r: np.record, op: int) -> bool:
    """Return True if all groups take part, wherever the event is."""
    return op in (RST, UPDATE) or row_field(r.inputs, IN.cfg_slice_i) & 3 == FC


@kernel
def op_of_group(r: np.record, g: int, op: int, sequence: int) -> int:
    """Return the operation of the neuron of a group that takes part: none, if the group is off."""
    if sequence == WEIGHTED:
        return SPIKE_OP
    return op & 7 if bit(row_field(r.inputs, IN.cfg_filter_en_i), g) else 0


@kernel
def writes(r: np.record, sequence: int) -> int:
    """Return 1 if a sequence writes states."""
    if sequence == ALL:
        return r.seq_wr_en
    if sequence == WEIGHTED:
        return r.fc_wr_en
    return r.opt_wr_en | (r.opt_row_done & r.opt_col_done)


@kernel
def addresses(r: np.record, sequence: int) -> tuple[int, int, int]:
    """Return read enable, read address, and the neuron that is written, in the two sequences without a place."""
    if sequence == ALL:
        return r.seq_rd_en, r.seq_rd_addr & 63, r.seq_wr_addr & 63
    return r.fc_rd_en, r.fc_rd_addr & 63, r.fc_wr_addr & 63


@kernel
def addresses_around(r: np.record, low: int, word: int, row: int, col: int) -> tuple[int, int, int]:
    """Return read address, write address, and the neuron that is written, for the sequence around a spike.

    low : the first column and row of the group; word : the spike; row, col : relative to it, in eight bits
    """
    wr_neuron = sequencers.around(low, word, r.opt_wr_row, r.opt_wr_col)
    return sequencers.in_memory(sequencers.around(low, word, row, col)), sequencers.in_memory(wr_neuron), wr_neuron


@kernel
def weight(r: np.record, m: Memories, g: int, sequence: int, op: int, word: int, neuron_id: int) -> int:
    """Return the weight of an event for a neuron, 0..15."""
    if op in (RST, UPDATE):
        return 0
    if sequence == WEIGHTED:
        return r.fc_weights[g >> 3] >> 4 * (g & 7) & 15
    return memories.weight_at(r, m, g, word, neuron_id)


@outlined
def clock(r: np.record, m: Memories, op: int, word: int, spikes: np.ndarray) -> int:
    """Run a clock of all neurons and their memories, and return the groups with a spike.

    op : the operation of the neurons; word : the event
    spikes : (16,), gets the event of each group: the neuron, without the bounds of the group
    """
    sequence, valid, x, y = sequencers.of_event(r, op), 0, word & 255, word >> 8 & 255
    if is_online(r):
        _clock_online(r, m, spikes)
        return 0
    writing, forced, is_around = writes(r, sequence), forces(r, op), sequence == AROUND
    rd_en, rd_addr, neuron_id = addresses(r, sequence)
    rd_en, wr_addr = 1 if is_around else rd_en, neuron_id
    row, col = sequencers.byte_of(r.opt_row & 3), sequencers.byte_of(r.opt_col & 3)
    for g in range(GROUPS):
        low = bound(r, False, g)
        takes_part = forced or contains(low, bound(r, True, g), x, y)
        if is_around:
            rd_addr, wr_addr, neuron_id = addresses_around(r, low, word, row, col)
        spikes[g] = SPIKE << TIME_BITS | (neuron_id >> 3) << 8 | neuron_id & 7
        state = 0
        if writing and takes_part:  # a neuron that takes no part is idle, and its memory has no clock
            state, spike = _compute(r, m, g, op, word, sequence, spikes[g])
            loud = op in (RST, UPDATE) or sequence == WEIGHTED or not memories.is_silent(_neuron_of(r, g, spikes[g]))
            valid |= int(spike == 1 and loud) << g
        memories.clock_state(r, m, g, takes_part, rd_en, rd_addr, writing, wr_addr, state)
    return valid


@kernel
def _clock_online(r: np.record, m: Memories, spikes: np.ndarray) -> None:
    """Run a clock in which a state of one group is read from outside; arguments are as for ``clock``"""
    for g in range(GROUPS):
        on = row_field(r.inputs, IN.online_enable_i) == 1 and g == row_field(r.inputs, IN.online_group_id)
        memories.clock_state(r, m, g, on, 1, row_field(r.inputs, IN.online_addr), 0, 0, 0)
        spikes[g] = SPIKE << TIME_BITS


@kernel
def _compute(r: np.record, m: Memories, g: int, op: int, word: int, sequence: int, spike: int) -> tuple[int, int]:
    """Return the next state of the neuron of a group that takes part, and 1 if it spikes."""
    own_op = op_of_group(r, g, op, sequence)
    amount = weight(r, m, g, sequence, op, word, _neuron_of(r, g, spike))
    return neuron.update(
        memories.state(r, m, g), own_op, amount, r.global_time & 255, row_field(r.inputs, IN.cfg_parameter_i)
    )


@kernel
def _neuron_of(r: np.record, g: int, spike: int) -> int:
    """Return the neuron, 0..63, of the event that is shown to the mapper; it chooses the weight, too."""
    if r.spikes_state == PASS_PAUSE:
        spike = r.spikes_word[g]
    elif r.spikes_state == PASS_RESUME:
        spike = 0
    return (spike >> 8 & 7) << 3 | spike & 7


# --- To the FIFOs -----------------------------------------------------------------------------------------------------


@kernel
def accepts(r: np.record, room: int) -> int:
    """Return the groups from which the mapper takes spikes; room : the groups whose FIFO takes a word"""
    return room if r.mapper_state == MAP_INIT else 0


@kernel
def granted(r: np.record, room: int) -> bool:
    """Return True if the sequences may go on."""
    return r.spikes_state == PASS_RUN and accepts(r, room) == ALL_GROUPS


@outlined
def clock_passing(r: np.record, valid: int, room: int, spikes: np.ndarray) -> int:
    """Run a clock of the register of spikes that wait, and return the groups whose event is valid at the mapper.

    valid : the groups with a spike; spikes : (16,), their events; those that wait replace them
    """
    ready_groups = accepts(r, room)
    state, waiting = r.spikes_state, r.spikes_valid
    everyone = ready_groups == ALL_GROUPS
    r.spikes_valid = (waiting if state == PASS_PAUSE else valid) & ~ready_groups
    for g in range(GROUPS):
        spike, waiting_spike = spikes[g], r.spikes_word[g]
        if state == PASS_PAUSE:
            spikes[g] = waiting_spike
        else:
            r.spikes_word[g] = spike
            spikes[g] = spike if state == PASS_RUN else 0
    if state == PASS_RUN:
        r.spikes_state = PASS_RUN if everyone else PASS_PAUSE
        return valid
    if state == PASS_PAUSE:
        r.spikes_state = PASS_RESUME if everyone else PASS_PAUSE
        return waiting
    r.spikes_state = PASS_RUN if everyone else PASS_PAUSE
    return 0


@outlined
def clock_mapper(
    r: np.record, valid: int, room: int, time_valid: int, time_word: int, may_change: bool, spikes: np.ndarray
) -> int:
    """Run a clock of the mapper, and return the groups whose FIFO gets a word.

    valid : the groups with an event for the mapper; room : the groups whose FIFO takes a word
    time_valid, time_word : the word of the time; may_change : no sequence is running
    spikes : (16,), the events of the groups; those of the groups that are returned become the words for the FIFOs
    """
    state, passing = r.mapper_state, valid & room
    if state == MAP_INIT:
        r.mapper_state = MAP_RUN if time_valid and room == ALL_GROUPS and may_change else MAP_INIT
        for g in range(GROUPS):
            if bit(passing, g):
                spikes[g] = _mapped(r, g, spikes[g])
        return passing
    if state == MAP_RUN:
        r.mapper_state = MAP_EXECUTE if room == ALL_GROUPS else MAP_RUN
        return 0
    r.mapper_state = MAP_INIT
    for g in range(GROUPS):
        spikes[g] = TIME << TIME_BITS | time_word & TIME_MASK
    return room


@kernel
def _mapped(r: np.record, g: int, spike: int) -> int:
    """Return a spike with the channel of its group, and with its place in the whole layer."""
    low = bound(r, False, g)
    x, y = spike + low & 255, (spike >> 8) + (low >> 16) & 255
    return spike & 0xFF000000 | channel(r, g) << 16 | y << 8 | x
