"""The way of an event into the engine: timesteps and updates are inserted, strangers left out, and the rest sorted.

The three filters have no register in the path of a word, so the word at the exit of the FIFO shows at the router at
once, and the router's answer goes back through all of them.

Source: evt_time_inserter.sv, evt_refresh_insert.sv, evt_spike_filter.sv, evt_engine_router.sv, evt_decoder.sv.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import bit, row_field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.sne import fifo
from draupnir.emulator.sne.config import bound
from draupnir.emulator.sne.layout import CHIP, ERROR, SLICE, TIME_BITS, TIME_MASK, Crossing, EventOp, NeuronOp
from draupnir.emulator.sne.states import RefreshState, RouterState

IN = positions(CHIP.input_word)
EVENTS = int(Crossing.EVENTS)
TIME_INSERT, REFRESH, FILTER = (
    ERROR[name].lsb for name in ("time_insert_enable", "refresh_enable", "spike_filter_enable")
)
LOW_X, LOW_Y, HIGH_X, HIGH_Y = (
    SLICE[name].lsb for name in ("group_id_low_x", "group_id_low_y", "group_id_high_x", "group_id_high_y")
)
IDLE, SPIKE, ACCUMULATE, WIPE, TIME, SYNCH, UPDATE = (
    int(op)
    for op in (
        EventOp.IDLE,
        EventOp.SPIKE,
        EventOp.ACCUMULATE,
        EventOp.WIPE,
        EventOp.TIME,
        EventOp.SYNCH,
        EventOp.UPDATE,
    )
)
OP_SPIKE, OP_INTEGRATE, OP_RST, OP_UPDATE = (
    int(op) for op in (NeuronOp.SPIKE, NeuronOp.INTEGRATE, NeuronOp.RST, NeuronOp.UPDATE)
)


RESET, FETCH_EVT, PROCESS_SPIKE, UPDATE_TIME, DONE, FAULT = (int(state) for state in RouterState)
INIT, REFRESH_INSERT, ALLOW_NEW_EVT = (int(state) for state in RefreshState)


@kernel
def is_time(valid: int, word: int) -> bool:
    """Return True if there is a word, and it is a timestep."""
    return valid == 1 and word >> TIME_BITS == TIME


# --- Forwards ---------------------------------------------------------------------------------------------------------


@kernel
def behind_inserter(r: np.record) -> tuple[int, int]:
    """Return valid and word behind the insertion of timesteps."""
    valid, word = fifo.in_valid(r, EVENTS), fifo.in_word(r, EVENTS)
    if r.insert_state:
        if r.curr_time < r.next_time:
            return 1, TIME << TIME_BITS | r.curr_time + 1 & TIME_MASK
        return 0, 0
    if not bit(row_field(r.inputs, IN.cfg_error_i), TIME_INSERT):
        return valid, word
    if is_late(r, valid, word):
        return 0, word
    return (0, 0) if is_repeated(r, valid, word) else (valid, word)


@kernel
def is_late(r: np.record, valid: int, word: int) -> bool:
    """Return True for a timestep that leaves out at least one."""
    return is_time(valid, word) and word & TIME_MASK > r.curr_time + 1


@kernel
def is_repeated(r: np.record, valid: int, word: int) -> bool:
    """Return True for the present timestep; the first timestep 0 is new."""
    is_first = word & TIME_MASK == 0 and r.zero_seen == 0
    return is_time(valid, word) and word & TIME_MASK == r.curr_time and not is_first


@kernel
def begins_refresh(r: np.record, valid: int, word: int) -> bool:
    """Return True for a timestep before which an update comes: a multiple of 256 that is not 0."""
    value = word & TIME_MASK
    due = is_time(valid, word) and value & 255 == 0 and value != 0
    return due and bit(row_field(r.inputs, IN.cfg_error_i), REFRESH) == 1


@kernel
def behind_refresh(r: np.record, valid: int, word: int) -> tuple[int, int]:
    """Return valid and word behind the insertion of updates."""
    if r.refresh_state == REFRESH_INSERT:
        return 1, UPDATE << TIME_BITS
    if r.refresh_state == INIT and begins_refresh(r, valid, word):
        return 0, word
    return valid, word


@kernel
def is_outside(r: np.record, word: int) -> bool:
    """Return True if the filter is on and a word is outside of the area of interest. It sees any word as a spike."""
    if not bit(row_field(r.inputs, IN.cfg_error_i), FILTER):
        return False
    x, y, ids = word & 255, word >> 8 & 255, row_field(r.inputs, IN.cfg_slice_i)
    low_x, low_y = bound(r, False, ids >> LOW_X & 15) & 0xFFFF, bound(r, False, ids >> LOW_Y & 15) >> 16
    high_x, high_y = bound(r, True, ids >> HIGH_X & 15) & 0xFFFF, bound(r, True, ids >> HIGH_Y & 15) >> 16
    return x < low_x or x > high_x or y < low_y or y > high_y


@outlined
def arrived(r: np.record) -> tuple[int, int]:
    """Return valid and word at the router of events."""
    valid, word = behind_inserter(r)
    valid, word = behind_refresh(r, valid, word)
    return (0, 0) if is_outside(r, word) else (valid, word)


@kernel
def decoded(word: int) -> int:
    """Return an event as the neurons see it: their operation in the place of the event's."""
    op = word >> TIME_BITS
    if op == SPIKE:
        op = OP_SPIKE
    elif op == ACCUMULATE:
        op = OP_INTEGRATE
    elif op == WIPE:
        op = OP_RST
    elif op == UPDATE:
        op = OP_UPDATE
    else:
        op = 0
    return op << TIME_BITS | word & TIME_MASK


# --- Backwards --------------------------------------------------------------------------------------------------------


@outlined
def clock(r: np.record, spike_ready: int, time_ready: int) -> int:
    """Run a clock of the router and of all filters, and return 1 if the word at the exit of the FIFO is taken.

    spike_ready, time_ready : 1 if the neurons, or the unit of the time, are ready for the router's word
    """
    valid_1, word_1 = behind_inserter(r)
    valid_2, word_2 = behind_refresh(r, valid_1, word_1)
    ready = int(r.router_state in (DONE, FAULT))
    outside = is_outside(r, word_2)
    _clock_router(r, 0 if outside else valid_2, 0 if outside else word_2, spike_ready, time_ready)
    ready_2 = 1 if outside else ready
    ready_1 = _clock_refresh(r, valid_1, word_1, valid_2, ready_2)
    return _clock_inserter(r, ready_1)


@kernel
def _clock_router(r: np.record, valid: int, word: int, spike_ready: int, time_ready: int) -> None:
    op, state = word >> TIME_BITS, r.router_state
    if state == RESET:
        r.router_state = FETCH_EVT if valid else RESET
    elif state == FETCH_EVT:
        if valid and op in (IDLE, SPIKE, ACCUMULATE, WIPE, UPDATE):
            r.router_state = PROCESS_SPIKE
        elif valid and op in (TIME, SYNCH):
            r.router_state = UPDATE_TIME
        elif valid:
            r.router_state = FAULT
    elif state == PROCESS_SPIKE:
        r.router_state = DONE if spike_ready else PROCESS_SPIKE
    elif state == UPDATE_TIME:
        r.router_state = DONE if time_ready else UPDATE_TIME
    elif state == DONE:
        r.router_state = FETCH_EVT
    else:
        r.router_state = RESET


@kernel
def _clock_refresh(r: np.record, valid: int, word: int, valid_out: int, ready: int) -> int:
    """Return 1 if the insertion of updates is ready.

    valid, word : in front of it; valid_out : behind it; ready : 1 if the part behind it is ready
    """
    if r.refresh_state == REFRESH_INSERT:
        r.refresh_state = ALLOW_NEW_EVT if ready else REFRESH_INSERT
        return 0
    if r.refresh_state == ALLOW_NEW_EVT:
        r.refresh_state = INIT if ready and valid_out else ALLOW_NEW_EVT
        return ready
    if begins_refresh(r, valid, word):
        r.refresh_state = REFRESH_INSERT
        return 0
    return ready


@kernel
def _clock_inserter(r: np.record, ready: int) -> int:
    """Return 1 if the insertion of timesteps takes the word in front of it; ready : 1 if the part behind it is ready"""
    valid, word = fifo.in_valid(r, EVENTS), fifo.in_word(r, EVENTS)
    repeated, late = is_repeated(r, valid, word), is_late(r, valid, word)
    if is_time(valid, word) and word & TIME_MASK == 0 and ready:
        r.zero_seen = 1
    if r.insert_state:
        if r.curr_time < r.next_time:
            r.curr_time += ready
            return 0
        r.insert_state = 0
        return 1
    on = bit(row_field(r.inputs, IN.cfg_error_i), TIME_INSERT)
    if late and on:
        r.insert_state, r.next_time = 1, word & TIME_MASK
        return 0
    if repeated and on:
        return 1
    if is_time(valid, word) and ready:
        r.curr_time = word & TIME_MASK
    return ready
