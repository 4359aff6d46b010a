"""Stretches of clocks in which only one thing moves, without a look at the rest of the chip.

Clock by clock the model computes everything, but most of the time only one thing moves. ``can_stretch`` finds this out,
and ``stretch`` runs this one thing: a chip that waits, the search for spikes, the sweep of an event, the end of a
timestep, or one of the two parts of an e-prop group. State and leaf functions are the same, so it is only faster. In
these clocks the output pins do not change, except by the last edge.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import controller, sync
from draupnir.emulator.reckon.controller import CNT, CONFIG, EPROP, EVT, GET_TAR, IDLE, PROP, SEND, STEP, WAIT
from draupnir.emulator.reckon.layout import N_OUT
from draupnir.emulator.reckon.phases.eprop import eprop
from draupnir.emulator.reckon.phases.events import events
from draupnir.emulator.reckon.phases.step import step
from draupnir.emulator.reckon.srams import Mems
from draupnir.emulator.reckon.sync import IN
from draupnir.emulator.speeds.clocks import begin as begin
from draupnir.emulator.speeds.clocks import end as end

TICK_MASK = (1 << controller.TICK_BITS) - 1
SYNC_CLOCKS = 3  # flip-flops of the longest synchroniser, which is stable after this number of clocks


@kernel
def can_stretch(r: np.record) -> bool:
    """Return True if a stretch may begin with the next clock, whose inputs are in the record.

    No change on which every state acts may be on its way through a flip-flop: an event's REQ, a tick, a reset, or the
    SPI. The falling edge of TIME_TICK has no effect. ``stretch`` checks the levels that single states use.
    """
    i = r.inputs
    req, tick = field(i, IN.AERIN_REQ), field(i, IN.TIME_TICK)
    moving = (req ^ r.aerin_req_sync_int) | (req ^ r.aerin_req_sync) | (req ^ r.aerin_ack)
    moving |= field(i, IN.RST) | r.rst_sync_int | r.rst_sync
    moving |= r.read_sync | (r.prog_sync & ~r.prog_del) | r.e_post_lsb & 1
    if not r.spi_local_tick:
        int_, out = r.time_tick_sync_int, r.time_tick_sync
        moving |= (tick & ~int_) | (int_ & ~out) | (out & ~r.time_tick_del)
    if r.spi_en_conf:
        moving |= (r.prog ^ r.prog_sync_int) | (r.prog ^ r.prog_sync) | (r.prog ^ r.prog_del) | r.read | r.read_sync_int
    sweeps = (r.wout_cs_del == 0 or r.state_evt == EVT) and (r.supp_cycle == 0 or r.state_evt == CNT)
    return moving == 0 and sweeps and (r.timing_error & r.spi_error_halt) == 0


@kernel
def _until_tick(r: np.record, clocks: int) -> int:
    """Return the clocks before a local tick, at most ``clocks``. An external tick needs an edge of its pin."""
    if not r.spi_local_tick:
        return clocks
    if r.state == IDLE:
        return 0 if r.spi_cycles_per_tick == 1 or r.tick_cnt != 1 else clocks
    return min(clocks, (r.spi_cycles_per_tick - r.tick_cnt) & TICK_MASK)


@outlined
def stretch(r: np.record, m: Mems, clocks: int) -> int:
    """Run at most ``clocks`` clocks with constant inputs, and return their number, which may be 0.

    Call it only if ``can_stretch`` is True. The output pins do not change before the last of the edges.
    """
    clocks = _until_tick(r, clocks)
    state, rests = r.state, r.state_evt == WAIT
    n_clocks = 0
    if not rests:
        if state == PROP:
            n_clocks = events(r, m, clocks)
    elif state == STEP:
        n_clocks = step(r, m, clocks)
    elif state == EPROP:
        n_clocks = eprop(r, m, clocks) if _is_target_settled(r) else 0
    elif is_waiting(r):
        n_clocks = clocks
    if n_clocks:
        if rests:
            r.neur256_cnt = 0
        pass_clocks(r, n_clocks, state == IDLE)
    return n_clocks


@kernel
def pass_clocks(r: np.record, clocks: int, idle: bool) -> None:
    """Advance what moves in every clock: tick counter, synchronisers, cycle; idle : True in state IDLE."""
    if r.spi_local_tick and not idle:
        r.tick_cnt += clocks
    else:
        r.tick_cnt = 1
    for _ in range(min(clocks, SYNC_CLOCKS)):
        sync.clock(r)
    r.cycle += clocks


@kernel
def _is_target_settled(r: np.record) -> bool:
    """Return True if TARGET_VALID has passed its flip-flops, or if these do not move."""
    target = field(r.inputs, IN.TARGET_VALID)
    return r.spi_do_eprop == 0 or (r.target_valid_sync_int == target and r.target_valid_sync == target)


@kernel
def is_waiting(r: np.record) -> bool:
    """Return True in a state that only a pin or a register can end, and in which nothing is to be cleared."""
    state = r.state
    if r.neur_step_cnt | r.neur128x2_cnt | int(r.state_evt != WAIT):
        return False
    if state in (PROP, GET_TAR):
        return True
    if state == CONFIG:
        return r.spi_en_conf == 1
    if state == SEND:
        return r.send_cnt > controller.send_num(r) or _awaits_ack(r)
    return state == IDLE and _is_clear(r)


@kernel
def _awaits_ack(r: np.record) -> bool:
    """Return True if OUT_ACK has passed its flip-flops, and the bus waits for its change."""
    ack = field(r.inputs, IN.OUT_ACK)
    return r.out_ack_sync_int == ack and r.out_ack_sync == ack and r.out_req != ack


@kernel
def _is_clear(r: np.record) -> bool:
    """Return True if state IDLE has cleared all of its registers."""
    bits = r.out_req | r.out_data | r.send_cnt | r.target_cnt | r.got_label
    for k in range(N_OUT):
        bits |= r.cnt_winner[k]
    return bits == 0
