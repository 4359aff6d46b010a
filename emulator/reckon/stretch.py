"""Stretches of clocks in which only one thing moves, run without looking at the rest of the chip.

Clock by clock the model computes everything; most of the time all but a little of it stands still. Here that is
recognised (``can_stretch``), and the little is run on: a chip that waits, the search for spikes, the sweep of an event,
the end of a timestep, the two parts of an e-prop group. It is the same state, by the same leaf functions, only quicker.
In none of these clocks do the output pins change, but by the last edge.
"""

from __future__ import annotations

import numpy as np

from emulator.kernel.bits import field
from emulator.kernel.jit import kernel, outlined
from emulator.reckon import controller
from emulator.reckon.controller import CONFIG, EPROP, GET_TAR, IDLE, PROP, SEND, STEP, WAIT
from emulator.reckon.layout import N_OUT
from emulator.reckon.srams import Mems
from emulator.reckon.stretch_eprop import eprop
from emulator.reckon.stretch_sweep import events, step
from emulator.reckon.sync import IN

TICK_MASK = (1 << controller.TICK_BITS) - 1


@kernel
def _is_settled(r: np.record) -> bool:
    """Nothing that comes from the pins or the SPI is still on its way through a flip-flop."""
    i = r.inputs
    req, ack = field(i, IN.AERIN_REQ), field(i, IN.OUT_ACK)
    sample, infer = field(i, IN.SAMPLE), field(i, IN.INFER_ACC)
    moving = (req ^ r.aerin_req_sync_int) | (req ^ r.aerin_req_sync) | (req ^ r.aerin_ack)
    moving |= (sample ^ r.sample_sync_int) | (sample ^ r.sample_sync)
    moving |= (infer ^ r.infer_acc_sync_int) | (infer ^ r.infer_acc_sync)
    moving |= (ack ^ r.out_ack_sync_int) | (ack ^ r.out_ack_sync)
    moving |= field(i, IN.RST) | r.rst_sync_int | r.rst_sync
    moving |= r.read_sync | (r.prog_sync & ~r.prog_del) | r.wout_cs_del | r.supp_cycle | r.e_post_lsb & 1
    if r.spi_do_eprop:
        target = field(i, IN.TARGET_VALID)
        moving |= (target ^ r.target_valid_sync_int) | (target ^ r.target_valid_sync)
    if not r.spi_local_tick:
        tick = field(i, IN.TIME_TICK)
        moving |= (tick ^ r.time_tick_sync_int) | (tick ^ r.time_tick_sync) | (tick ^ r.time_tick_del)
    if r.spi_en_conf:
        moving |= (r.prog ^ r.prog_sync_int) | (r.prog ^ r.prog_sync) | (r.prog ^ r.prog_del) | r.read | r.read_sync_int
    return moving == 0


@kernel
def can_stretch(r: np.record) -> bool:
    """Whether a stretch may begin here; the inputs are those of the coming clock."""
    if r.timing_error and r.spi_error_halt:
        return False
    return _is_settled(r)


@kernel
def _until_tick(r: np.record, clocks: int) -> int:
    """Clocks before a local tick, at most ``clocks``; a tick from outside takes an edge of its pin."""
    if not r.spi_local_tick:
        return clocks
    if r.state == IDLE:
        return 0 if r.spi_cycles_per_tick == 1 or r.tick_cnt != 1 else clocks
    return min(clocks, (r.spi_cycles_per_tick - r.tick_cnt) & TICK_MASK)


@outlined
def stretch(r: np.record, m: Mems, clocks: int) -> int:
    """Run on for at most ``clocks`` clocks with the inputs as they are; returns how many, perhaps none.

    Call it only where ``can_stretch``. The output pins stay as they are until the last of the edges.
    """
    clocks = _until_tick(r, clocks)
    state = r.state
    taken = 0
    if r.state_evt != WAIT:
        if state == PROP:
            taken = events(r, m, clocks)
    elif r.neur256_cnt == 0:
        if state == STEP:
            taken = step(r, m, clocks)
        elif state == EPROP:
            taken = eprop(r, m, clocks)
        elif _is_waiting(r):
            taken = clocks
    if taken:
        if r.spi_local_tick and state != IDLE:
            r.tick_cnt += taken
        else:
            r.tick_cnt = 1
        r.cycle += taken
    return taken


@kernel
def _is_waiting(r: np.record) -> bool:
    """A state that only a pin, or a register, can end; and nothing is left to be cleared."""
    state = r.state
    if r.neur_step_cnt | r.neur128x2_cnt:
        return False
    if state in (PROP, GET_TAR):
        return True
    if state == CONFIG:
        return r.spi_en_conf == 1
    if state == SEND:
        return r.send_cnt > controller.send_num(r) or r.out_req != r.out_ack_sync
    return state == IDLE and _is_clear(r)


@kernel
def _is_clear(r: np.record) -> bool:
    """State IDLE has cleared what it clears."""
    some = r.out_req | r.out_data | r.send_cnt | r.target_cnt | r.got_label
    for k in range(N_OUT):
        some |= r.cnt_winner[k]
    return some == 0
