"""The three sequences of neurons: all in a row, the nine around a spike, and all with a weight of their own each.

Which one serves an event is decided by its operation and by the layer. Each writes a neuron's state one clock after it
has read it, and stands still while an event of any group waits for its FIFO (``grant``).

Source: evt_sequencer.sv, evt_opt_sequencer.sv, evt_counter.sv, evt_weight_fifo.sv.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import row_field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.sne import fifo
from draupnir.emulator.sne.layout import CHIP, THRESHOLD, TIME_BITS, Crossing, EventOp, LayerKind, NeuronOp
from draupnir.emulator.sne.states import FcState, OptState, SeqState

IN = positions(CHIP.input_word)
SYNCH = int(EventOp.SYNCH)
RST, UPDATE = int(NeuronOp.RST), int(NeuronOp.UPDATE)
OPT_CONV, FC = int(LayerKind.OPT_CONV), int(LayerKind.FC)
RIGHT, LEFT = int(Crossing.WEIGHTS_RIGHT), int(Crossing.WEIGHTS_LEFT)


class Sequence(IntEnum):
    """The sequences."""

    ALL = 0
    AROUND = 1
    WEIGHTED = 2


ALL, AROUND, WEIGHTED = (int(sequence) for sequence in Sequence)
SEQ_INIT, SEQ_RESUME, SEQ_WAIT, SEQ_RUN, SEQ_STOP = (int(state) for state in SeqState)
OPT_INIT, OPT_WAIT, OPT_RUN, OPT_STOP = (int(state) for state in OptState)
FC_INIT, FC_RESUME, FC_RUN, FC_STOP, FC_WAIT = (int(state) for state in FcState)
FIRST, LAST = 7, 1  # row or column of a kernel: -1 in three bits, and 1


@kernel
def of_event(r: np.record, op: int) -> int:
    """Return the sequence for an operation of the neurons, 0 if there is no event."""
    layer = row_field(r.inputs, IN.cfg_slice_i) & 3
    if op in (RST, UPDATE):
        return ALL
    if layer == FC:
        return WEIGHTED
    return AROUND if layer == OPT_CONV else ALL


@kernel
def waits(r: np.record, sequence: int) -> bool:
    """Return True if a sequence is not running, so that the time may change."""
    if sequence == WEIGHTED:
        return r.fc_state == FC_INIT
    if sequence == AROUND:
        return r.opt_state in (OPT_INIT, OPT_WAIT)
    return r.seq_state in (SEQ_INIT, SEQ_WAIT)


@kernel
def is_ready(r: np.record, sequence: int) -> int:
    """Return 1 if a sequence has reached its end."""
    if sequence == WEIGHTED:
        return r.fc_ready
    return r.opt_ready if sequence == AROUND else r.seq_ready


# --- All neurons ------------------------------------------------------------------------------------------------------


@outlined
def clock_all(r: np.record, begins: bool, grant: bool) -> None:
    """Run a clock of the sequence of all neurons; begins : there is an event for it"""
    state, address, wr_addr, at_end, ready = r.seq_state, r.seq_rd_addr, r.seq_wr_addr, r.seq_done, r.seq_ready
    r.seq_rd_addr, r.seq_wr_addr, r.seq_rd_en, r.seq_wr_en, r.seq_done, r.seq_ready = 0, 0, 0, 0, 0, 0
    if state == SEQ_INIT:
        r.seq_state = SEQ_WAIT if begins else SEQ_INIT
    elif state == SEQ_WAIT:
        r.seq_state = SEQ_RESUME if r.time_stable else SEQ_WAIT
    elif state == SEQ_RESUME:
        r.seq_state = SEQ_RUN
        r.seq_rd_addr, r.seq_rd_en = row_field(r.inputs, IN.cfg_addr_start_i), 1
    elif state == SEQ_RUN:
        r.seq_state = SEQ_STOP if at_end else SEQ_RUN
        r.seq_wr_addr, r.seq_rd_en = address, 1
        _step_all(r, address, wr_addr, at_end, grant)
    else:
        r.seq_state = SEQ_INIT if ready and grant else SEQ_STOP
        r.seq_ready = 1


@kernel
def _step_all(r: np.record, address: int, wr_addr: int, at_end: int, grant: bool) -> None:
    """Go to the next address, or stand still; the neuron at the last address is written once only."""
    if not grant:
        r.seq_rd_addr, r.seq_done = address, at_end
        return
    last, following = row_field(r.inputs, IN.cfg_addr_end_i), address + row_field(r.inputs, IN.cfg_addr_step_i)
    r.seq_done = int(following > last)
    r.seq_rd_addr = row_field(r.inputs, IN.cfg_addr_start_i) if following > last else following
    r.seq_wr_en = int(wr_addr < last)


# --- The nine neurons around a spike ----------------------------------------------------------------------------------


@outlined
def clock_around(r: np.record, begins: bool, grant: bool) -> None:
    """Run a clock of the sequence around a spike; begins : there is an event for it"""
    state, row, col = r.opt_state, r.opt_row & 3, r.opt_col & 3
    both_done = r.opt_row_done and r.opt_col_done
    if grant:
        r.opt_wr_row, r.opt_wr_col = byte_of(row), byte_of(col)
    idle = state in (OPT_INIT, OPT_WAIT)
    enable = state == OPT_RUN and grant
    r.opt_wr_en = int(enable and not both_done)
    ready = r.opt_ready
    r.opt_ready = 0
    if state == OPT_INIT:
        r.opt_state = OPT_WAIT if begins else OPT_INIT
    elif state == OPT_WAIT:
        r.opt_state = OPT_RUN if r.time_stable else OPT_INIT
    elif state == OPT_RUN:
        r.opt_state = OPT_STOP if grant and row == LAST and col == LAST else OPT_RUN
    elif ready and grant:
        r.opt_state = OPT_INIT
    else:
        r.opt_ready = 1
    r.opt_row, r.opt_row_done = _count(r.opt_row, idle, enable and col == LAST)
    r.opt_col, r.opt_col_done = _count(r.opt_col, idle, enable)


@kernel
def byte_of(counter: int) -> int:
    """Return a row or column of a kernel in eight bits; counter : 0..3, the lower two bits of the counter"""
    return counter if counter < 2 else counter | 0xFC


@kernel
def _count(counter: int, init: bool, enable: bool) -> tuple[int, int]:
    """Return the next counter, and 1 if it begins again at -1."""
    if init:
        return FIRST, 0
    if not enable:
        return counter, 0
    return (FIRST, 1) if counter == LAST else (counter + 1 & 7, 0)


@kernel
def around(low: int, word: int, row: int, col: int) -> int:
    """Return the number of a neuron of a group, 0..63, relative to a spike.

    low : the first column and row of the group; word : the spike; row, col : relative to it, in eight bits
    """
    y, x = (word >> 8) + row - (low >> 16), word + col - low
    return (y & 7) << 3 | x & 7


@kernel
def in_memory(neuron: int) -> int:
    """Return the address of a neuron's state for the sequence around a spike; neighbours are in different halves."""
    return neuron & ~1 | (neuron ^ neuron >> 3) & 1


# --- All neurons, each with weights -----------------------------------------------------------------------------------


@kernel
def takes_weights(r: np.record, grant: bool) -> int:
    """Return 1 if the sequence takes the words at the exits of both FIFOs."""
    return int(r.fc_ready_op == 1 and grant and r.fc_state != FC_STOP)


@outlined
def clock_weighted(r: np.record, time_valid: int, time_word: int, grant: bool) -> None:
    """Run a clock of the sequence with weights; time_valid, time_word : the word for the unit of the time"""
    state, left_valid, right_valid = r.fc_state, fifo.in_valid(r, LEFT), fifo.in_valid(r, RIGHT)
    if state == FC_RUN:
        r.fc_state = FC_STOP if r.fc_done else FC_RUN
        _step_weighted(r, left_valid and right_valid, grant)
        return
    ready = r.fc_ready
    r.fc_ready_op, r.fc_ready, r.fc_rd_addr, r.fc_wr_addr = 0, 0, 0, 0
    r.fc_rd_en, r.fc_wr_en, r.fc_done = 0, 0, 0
    if state == FC_INIT:
        r.fc_state = FC_WAIT if time_valid and time_word >> TIME_BITS == SYNCH else FC_INIT
    elif state == FC_WAIT:
        r.fc_state = FC_RESUME if left_valid or right_valid else FC_WAIT
    elif state == FC_RESUME:
        r.fc_state, r.fc_rd_en = FC_RUN, 1
    else:
        r.fc_state = FC_INIT if ready else FC_STOP
        r.fc_ready, r.fc_rd_en = 1 - ready, 1


@kernel
def _step_weighted(r: np.record, both: int, grant: bool) -> None:
    """Take two words every second clock, if both FIFOs have one; both : 1 if they have"""
    address, wr_addr, was_writing = r.fc_rd_addr, r.fc_wr_addr, r.fc_wr_en
    takes = both and r.fc_ready_op and grant
    r.fc_done, r.fc_rd_en, r.fc_wr_en = 0, 1, int(takes)
    r.fc_ready_op = int(both and not r.fc_ready_op and grant)
    if takes:
        r.fc_rd_addr, r.fc_wr_addr = address + 1 & 127, address
        r.fc_weights[0], r.fc_weights[1] = fifo.in_word(r, RIGHT), fifo.in_word(r, LEFT)
    if wr_addr == THRESHOLD - 1 and was_writing:
        r.fc_rd_addr, r.fc_wr_addr, r.fc_rd_en, r.fc_wr_en = 0, 0, 0, 0
        r.fc_done, r.fc_ready_op = 1, 0
