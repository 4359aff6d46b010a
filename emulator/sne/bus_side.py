"""The side of the bus: the router of packets, the entry of weights, and the exit that puts the groups' events in order.

Source: evt_global_router.sv, evt_weight_fifo.sv, evt_synchronizer.sv, evt_arbiter.sv, rr_arb_tree.sv of common_cells.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import bit, row_field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.sne import fifo
from draupnir.emulator.sne.layout import ALL_GROUPS, CHIP, GROUPS, THRESHOLD, TIME_BITS, Crossing, EventOp, LayerKind
from draupnir.emulator.sne.states import EntryState, PacketState

IN = positions(CHIP.input_word)
TIME, EOP, FC = int(EventOp.TIME), int(EventOp.EOP), int(LayerKind.FC)
TO_ENGINE, TO_MEMORY = 0, 1
EVENTS, KERNEL, RIGHT, LEFT = (int(k) for k in Crossing)
LAST_COUNT = 2 * THRESHOLD + 1
LEVELS = 4  # of the tree of the arbiter


RESET, OPEN_PKT, VERIFY_HEADER, ROUTE, CLOSE_PKT, ERROR = (int(state) for state in PacketState)
INIT, RESUME, RUN = (int(state) for state in EntryState)


# --- In ---------------------------------------------------------------------------------------------------------------


@kernel
def destination(header: int) -> int:
    """Return the destination in the header of a packet: 0 the engine, 1 its memories; any other is a mistake."""
    return header >> 24 & 15


@kernel
def route(r: np.record) -> tuple[int, int, int]:
    """Return what the word on the bus does at this clock.

    The three results are 1 or 0: the engine takes the word; the word is the end of a packet, which goes nowhere; the
    memories take the word.
    """
    valid, word = row_field(r.inputs, IN.dst_valid), row_field(r.inputs, IN.dst_evt)
    target = destination(r.header)
    if r.packet_state != ROUTE:
        return 0, 0, 0
    if target == TO_ENGINE:
        end = int(valid == 1 and word >> TIME_BITS == EOP)
        return valid & (1 - end) & fifo.in_ready(r, EVENTS), end, 0
    return 0, 0, valid & memory_ready(r)


@kernel
def memory_ready(r: np.record) -> int:
    """Return 1 if the memories take a word: the kernels, or the FIFOs of the weights of a fully connected layer."""
    if row_field(r.inputs, IN.cfg_slice_i) & 3 != FC:
        return fifo.in_ready(r, KERNEL)
    return r.ip_ready & (fifo.in_ready(r, LEFT) if r.ip_status else fifo.in_ready(r, RIGHT))


@kernel
def dst_ready(r: np.record) -> int:
    """Return the output pin dst_ready."""
    if r.packet_state != ROUTE:
        return 0
    if destination(r.header) == TO_MEMORY:
        return memory_ready(r)
    valid, word = row_field(r.inputs, IN.dst_valid), row_field(r.inputs, IN.dst_evt)
    return fifo.in_ready(r, EVENTS) | int(valid == 1 and word >> TIME_BITS == EOP)


@outlined
def clock_in(r: np.record) -> int:
    """Run a clock of the router and of the entry of weights, and return the FIFOs that get the word on the bus."""
    valid, word = row_field(r.inputs, IN.dst_valid), row_field(r.inputs, IN.dst_evt)
    is_fc = row_field(r.inputs, IN.cfg_slice_i) & 3 == FC
    to_engine, end, to_memory = route(r)
    push = to_engine << EVENTS
    if to_memory and not is_fc:
        push |= 1 << KERNEL
    offered = is_fc and valid == 1 and r.packet_state == ROUTE and destination(r.header) == TO_MEMORY
    if to_memory and is_fc and r.ip_count != 0:
        push |= 1 << (LEFT if r.ip_status else RIGHT)
    _clock_weights(r, offered, to_memory)
    _clock_packet(r, valid, word, end, to_engine | to_memory)
    return push


@kernel
def _clock_packet(r: np.record, valid: int, word: int, end: int, moves: int) -> None:
    """Run a clock of the router; moves : 1 if a word of the packet is taken by the engine or its memories"""
    state = r.packet_state
    if state == RESET:
        r.packet_state = OPEN_PKT if valid else RESET
    elif state == OPEN_PKT:
        r.packet_state = VERIFY_HEADER
    elif state == VERIFY_HEADER:
        r.packet_state = ROUTE if destination(r.header) in (TO_ENGINE, TO_MEMORY) else ERROR
    elif state == ROUTE:
        if end or (moves and r.packet_ptr >= r.header & 0xFFFF):
            r.packet_state = CLOSE_PKT
    elif state == CLOSE_PKT or row_field(r.inputs, IN.ack_error_i):
        r.packet_state = RESET
    if state == OPEN_PKT:
        r.header, r.packet_ptr = word, 0
    elif moves:
        r.packet_ptr = r.packet_ptr + 1 & 0xFFFF


@kernel
def _clock_weights(r: np.record, offered: bool, moves: int) -> None:
    """Run a clock of the entry of weights, which gives words to the two FIFOs in turn, but for the first word.

    offered : there is a word for a fully connected layer; moves : it is taken
    """
    if r.ip_state == INIT:
        r.ip_state = RESUME if offered else INIT
        r.ip_ready, r.ip_status, r.ip_count = 0, 0, 0
    elif r.ip_state == RESUME:
        r.ip_state, r.ip_ready = RUN, 1
    else:
        r.ip_state = INIT if r.ip_count == LAST_COUNT else RUN
        r.ip_ready = 1
        if moves:
            r.ip_status ^= 1
            r.ip_count = r.ip_count + 1 & 255


# --- Out --------------------------------------------------------------------------------------------------------------


@kernel
def barriers(r: np.record) -> int:
    """Return the groups whose next event is a timestep, group 0 in the lowest bit."""
    waiting = 0
    for g in range(GROUPS):
        waiting |= int(fifo.out_valid(r, g) == 1 and fifo.out_word(r, g) >> TIME_BITS == TIME) << g
    return waiting


@kernel
def requests(r: np.record, waiting: int) -> int:
    """Return the groups that have an event for the arbiter: a spike, or group 0's timestep once all groups have one.

    waiting : the groups whose next event is a timestep
    """
    if r.barrier_state:
        return fifo.out_valid(r, 0) & (1 - bit(r.barrier_status, 0))
    valid = 0
    for g in range(GROUPS):
        valid |= fifo.out_valid(r, g) << g
    return valid & ~waiting


@kernel
def winner(r: np.record, requested: int) -> int:
    """Return the group whose event passes; group 15 if there is none.

    Each node of a tree prefers its lower half, unless the bit of ``rr`` for this level is 1.
    """
    first = 0
    for level in range(LEVELS):
        half = GROUPS >> level + 1
        mask = (1 << half) - 1
        lower, upper = requested >> first & mask, requested >> first + half & mask
        if not lower or (upper and bit(r.rr, LEVELS - 1 - level)):
            first += half
    return first


@outlined
def src(r: np.record) -> tuple[int, int]:
    """Return the output pins src_valid and src_evt."""
    requested = r.req if r.lock else requests(r, barriers(r))
    g = winner(r, requested)
    absorbed = r.barrier_state and g != 0 and not bit(r.barrier_status, g)
    return int(requested != 0), 0 if absorbed else fifo.out_word(r, g)


@outlined
def clock_out(r: np.record) -> int:
    """Run a clock of the synchronizer and of the arbiter, and return the groups whose event is taken."""
    ready, waiting = row_field(r.inputs, IN.src_ready), barriers(r)
    requested = r.req if r.lock else requests(r, waiting)
    granted = ready << winner(r, requested)
    if r.barrier_state:
        pops = granted & 1 & ~r.barrier_status | ALL_GROUPS & ~r.barrier_status & ~1
        is_over = r.barrier_status & 1
        r.barrier_status = r.barrier_status | granted & 1 | ALL_GROUPS & ~1
        r.barrier_state = 1 - is_over
    else:
        pops = granted & ~waiting
        r.barrier_status = 0
        r.barrier_state = int(waiting == ALL_GROUPS)
    if requested and ready:
        r.rr = _next(r.rr, requested)
    r.lock, r.req = int(requested != 0 and ready == 0), requested
    return pops


@kernel
def _next(rr: int, requested: int) -> int:
    """Return the first group that requests behind group ``rr``, going round."""
    for step in range(1, GROUPS + 1):
        g = rr + step & GROUPS - 1
        if bit(requested, g):
            return g
    return rr
