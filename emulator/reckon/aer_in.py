"""The input event bus: spikes of input neurons, labels, targets.

An event is taken, and acknowledged, at any time, also where nothing will come of it.

Source: ReckOn doc v1.0, 2.2; srnn.v, Receiving events, Receiving targets.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon.controller import GET_TAR, IDLE
from draupnir.emulator.reckon.layout import CHIP, N
from draupnir.emulator.reckon.sync import IN
from draupnir.emulator.resets import resetter

TARGET_CNT_BITS = 5
LABEL_MASK = 0xF
_BLOCK = CHIP.block("aer_in")
BYTE_BITS = 8
LOW_BYTE = 0xFF


reset = resetter(_BLOCK, lambda reg: not reg.shape)  # AERIN_ACK, at once
forget = resetter(_BLOCK, lambda reg: bool(reg.shape))  # a sample ends, or by a clock in reset: no spikes


class Aer(NamedTuple):
    """The event that this clock takes: aerin_new a spike, target_new a target, target_done the last that is awaited.

    req : AERIN_REQ through its flip-flops
    """

    req: int
    aerin_new: int
    target_new: int
    target_done: bool
    addr: int


@kernel
def aer(r: np.record) -> Aer:
    """The bus as it is in this clock; the address and AERIN_TAR_EN are taken from the pins."""
    new = r.aerin_req_sync & ~r.aerin_ack
    target = field(r.inputs, IN.AERIN_TAR_EN)
    last = r.spi_regression == 0 or r.target_cnt == (r.spi_num_out_neur << 1 | 1)
    return Aer(
        r.aerin_req_sync, new & ~target, new & target, bool(new & target) and last, field(r.inputs, IN.AERIN_ADDR)
    )


@kernel
def clock(r: np.record, a: Aer, tick: int, state: int, state_next: int, sweep_end: int, forgets: bool) -> None:
    """Rising edge. A spike that comes in the very clock of a tick is acknowledged and lost.

    state, state_next : of the controller, in this clock and after it; sweep_end : the neuron whose sweep ends, or -1
    forgets : a sample ends
    """
    if a.aerin_new | a.target_new:
        r.aerin_ack = 1
    elif not a.req:
        r.aerin_ack = 0
    if tick:
        for i in range(N):
            r.inp_events[i] = r.inp_events_next[i]
            r.inp_events_next[i] = 0
    else:
        if sweep_end >= 0 and not (a.aerin_new == 1 and a.addr == sweep_end):
            r.inp_events[sweep_end] = 0
        if a.aerin_new:
            r.inp_events_next[a.addr] = 1
    if a.target_new:
        _take_target(r, a.addr)
    if state == IDLE:
        r.got_label = 0
    if state == IDLE or (state == GET_TAR and state_next != GET_TAR):
        r.target_cnt = 0
    elif a.target_new:
        r.target_cnt = wrap(r.target_cnt + 1, TARGET_CNT_BITS)
    if forgets:
        forget(r)


@kernel
def _take_target(r: np.record, addr: int) -> None:
    """The label; or a byte of the target whose turn it is."""
    if not r.spi_regression:
        r.class_label = addr & LABEL_MASK
        r.got_label = 1
        return
    k = r.target_cnt >> 1
    if r.target_cnt & 1:
        r.reg_tar[k] = r.reg_tar[k] & LOW_BYTE | addr << BYTE_BITS
    else:
        r.reg_tar[k] = r.reg_tar[k] & ~LOW_BYTE | addr
