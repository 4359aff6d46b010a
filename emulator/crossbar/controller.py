"""The common part of the controllers of ODIN and tinyODIN: how the SPI gets in, counters, synchronisers.

A chip's own controller decodes its events, and says what each of its states asks of the other blocks.

Source: controller.v of both.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar.layout import (
    CNT_BITS,
    R_NEUR,
    R_SYN,
    SPI_NEURON_ADDR,
    SPI_SYNAPSE_ADDR,
    SYN_ADDR,
    W_NEUR,
    W_SYN,
    WAIT,
    M,
    SpiCmd,
)
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.jit import kernel

NEURON_ADDR = positions(SPI_NEURON_ADDR)
SYNAPSE_ADDR = positions(SPI_SYNAPSE_ADDR)
SYN = positions(SYN_ADDR)
NEURONS, SYNAPSES = int(SpiCmd.NEURONS), int(SpiCmd.SYNAPSES)
ADDR_MAX = (1 << M) - 1


class SchedPort(NamedTuple):
    """A push from the controller to the scheduler (event_in = 0: none), and whether it pops."""

    virts: int
    addr: int
    event_in: int
    pop: int


NOT_ASKED = SchedPort(0, 0, 0, 0)


@kernel
def spi_state(r: np.record) -> int:
    """The state after WAIT while the gate is closed: whatever the SPI asks for."""
    if r.ctrl_prog_event_sync and r.ctrl_op_code == NEURONS:
        return W_NEUR
    if r.ctrl_readback_event_sync and r.ctrl_op_code == NEURONS:
        return R_NEUR
    if r.ctrl_prog_event_sync and r.ctrl_op_code == SYNAPSES:
        return W_SYN
    if r.ctrl_readback_event_sync and r.ctrl_op_code == SYNAPSES:
        return R_SYN
    return WAIT


def successor(states: type[IntEnum]) -> Callable[[np.record], int]:
    """Make the kernel that tells the state after this clock in the states that end alike in both chips.

    states : the controller's; the kernel takes any other to WAIT, as the Verilog does
    """
    push, pop_virt, wait_spidn, wait_reqdn = (int(states[n]) for n in ("PUSH", "POP_VIRT", "WAIT_SPIDN", "WAIT_REQDN"))

    @kernel
    def after(r: np.record) -> int:
        state = r.state
        if state == wait_reqdn:
            return state if r.aerin_req_sync else WAIT
        if state == wait_spidn:
            return state if r.ctrl_prog_event_sync or r.ctrl_readback_event_sync else WAIT
        if state == push:
            return wait_reqdn
        if state == pop_virt:
            return state if r.ctrl_cnt == 0 else WAIT
        if state in (W_NEUR, W_SYN):
            return wait_spidn if r.ctrl_cnt == 1 else state
        if state in (R_NEUR, R_SYN):
            return wait_spidn
        return WAIT

    return after


@kernel
def count(r: np.record, neur_cnt_inc: bool, busy: int) -> None:
    """Rising edge of the counters, which WAIT clears; neur_cnt_inc : the neuron counter moves on.

    busy : the output bus is in a transaction (AEROUT_CTRL_BUSY); the counters stand still
    """
    if r.state == WAIT:
        r.ctrl_cnt = 0
        r.neur_cnt = 0
    elif not busy:
        r.ctrl_cnt = wrap(r.ctrl_cnt + 1, CNT_BITS)
        if neur_cnt_inc:
            r.neur_cnt = wrap(r.neur_cnt + 1, M)


@kernel
def at_rest(r: np.record) -> bool:
    """Nothing is in the main FIFO, nothing under way; the pins may still be moving."""
    idle = r.state == WAIT and r.main_empty == 1 and r.aerout_ctrl_busy == 0
    return idle and r.aerin_req_sync == 0 and r.aerin_req_sync_int == 0


@kernel
def is_quiet(r: np.record, aerin_req: int) -> bool:
    """The counters are clear, and no event is on its way from the input bus."""
    return (aerin_req | r.aerin_req_sync | r.aerin_req_sync_int | r.ctrl_cnt | r.neur_cnt) == 0


# --- Synchronisers: two flip-flops each -------------------------------------------------------------------------


@kernel
def synchronise_req(r: np.record, aerin_req: int) -> None:
    """Rising edge of AERIN_REQ's synchroniser."""
    r.aerin_req_sync = r.aerin_req_sync_int
    r.aerin_req_sync_int = aerin_req


@kernel
def synchronise_req_for(r: np.record, aerin_req: int, clocks: int) -> None:
    """So many rising edges of AERIN_REQ's synchroniser, perhaps none, in which the pin does not move."""
    if clocks >= 2:
        r.aerin_req_sync = aerin_req
        r.aerin_req_sync_int = aerin_req
    elif clocks == 1:
        synchronise_req(r, aerin_req)


@kernel
def synchronise_req_after(r: np.record, clocks_high: int) -> None:
    """Set the synchroniser as it is after AERIN_REQ was high for the last ``clocks_high`` clocks, and low before."""
    r.aerin_req_sync_int = int(clocks_high >= 1)
    r.aerin_req_sync = int(clocks_high >= 2)


@kernel
def synchronise_spi(r: np.record) -> None:
    """Rising edge of the synchronisers of the SPI's requests to read and to write."""
    r.ctrl_readback_event_sync = r.ctrl_readback_event_sync_int
    r.ctrl_readback_event_sync_int = r.ctrl_readback_event
    r.ctrl_prog_event_sync = r.ctrl_prog_event_sync_int
    r.ctrl_prog_event_sync_int = r.ctrl_prog_event
