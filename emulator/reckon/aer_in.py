"""The input event bus: spikes of input neurons, labels, targets.

The chip takes and acknowledges an event at any time, even if the event has no effect.

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


reset = resetter(_BLOCK, lambda reg: not reg.shape)  # AERIN_ACK; the core's reset acts at once
forget = resetter(_BLOCK, lambda reg: bool(reg.shape))  # no spikes: a sample ends, or a clock in reset


class Aer(NamedTuple):
    """The event that the chip takes in this clock.

    req : AERIN_REQ after its flip-flops, 0 or 1
    aerin_new : 1 for a spike; target_new : 1 for a label or a byte of a target
    target_done : True if this is the last byte that the chip waits for
    addr : AERIN_ADDR, 0..255
    """

    req: int
    aerin_new: int
    target_new: int
    target_done: bool
    addr: int


@kernel
def aer(r: np.record) -> Aer:
    """Return the event of this clock. Address and AERIN_TAR_EN come directly from the pins, without flip-flops."""
    arrives = r.aerin_req_sync & ~r.aerin_ack
    target = field(r.inputs, IN.AERIN_TAR_EN)
    is_last = r.spi_regression == 0 or r.target_cnt == (r.spi_num_out_neur << 1 | 1)
    return Aer(
        r.aerin_req_sync,
        arrives & ~target,
        arrives & target,
        bool(arrives & target) and is_last,
        field(r.inputs, IN.AERIN_ADDR),
    )


@kernel
def clock(r: np.record, a: Aer, tick: int, state: int, state_next: int, sweep_end: int, forgets: bool) -> None:
    """Rising edge of CLK. A spike in the clock of a tick is acknowledged and lost.

    tick : 1 if a timestep begins
    state, state_next : the controller's state in this clock and after it
    sweep_end : the neuron whose sweep ends, 0..255, or -1
    forgets : True if a sample ends
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
    """Write the label, or the next byte of the targets."""
    if not r.spi_regression:
        r.class_label = addr & LABEL_MASK
        r.got_label = 1
        return
    k = r.target_cnt >> 1
    if r.target_cnt & 1:
        r.reg_tar[k] = r.reg_tar[k] & LOW_BYTE | addr << BYTE_BITS
    else:
        r.reg_tar[k] = r.reg_tar[k] & ~LOW_BYTE | addr
