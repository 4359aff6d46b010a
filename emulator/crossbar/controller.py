"""The common part of the controllers of ODIN and tinyODIN: how the SPI gets in, what some states ask for, clock edge.

A chip's own controller decodes its events, and says what each of its own states asks of the other blocks.

Source: controller.v of both.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar.layout import (
    CNT_BITS,
    GROUP_BITS,
    IN_GROUP,
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
from draupnir.emulator.declare import Word
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel

NEURON_ADDR = positions(SPI_NEURON_ADDR)
SYNAPSE_ADDR = positions(SPI_SYNAPSE_ADDR)
SYN = positions(SYN_ADDR)
NEURONS, SYNAPSES = int(SpiCmd.NEURONS), int(SpiCmd.SYNAPSES)
ADDR_MAX = (1 << M) - 1


class NeurMem(NamedTuple):
    """Access to the neuron memory, and what the neuron is told; virts : a virtual event instead of a synapse, or 0."""

    cs: int
    we: int
    addr: int
    event: int
    tref: int
    virts: int


class SynMem(NamedTuple):
    """Access to the synapse memory."""

    cs: int
    we: int
    addr: int


class SchedPort(NamedTuple):
    """A push from the controller to the scheduler (event_in = 0: none), and whether it pops."""

    virts: int
    addr: int
    event_in: int
    pop: int


NO_NEURON, NO_SYNAPSES, NOT_ASKED = NeurMem(0, 0, 0, 0, 0, 0), SynMem(0, 0, 0), SchedPort(0, 0, 0, 0)

# --- State machine ----------------------------------------------------------------------------------------------


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
    def next_state(r: np.record) -> int:
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

    return next_state


def acknowledger(states: type[IntEnum]) -> Callable[[np.record], int]:
    """Make the kernel that tells the pin AERIN_ACK."""
    wait_reqdn = int(states["WAIT_REQDN"])

    @kernel
    def aerin_ack(r: np.record) -> int:
        return int(r.state == wait_reqdn)

    return aerin_ack


# --- What each state asks for -----------------------------------------------------------------------------------


def neuron_access(states: type[IntEnum], sched_event: Word) -> Callable[[np.record, Any, int], NeurMem]:
    """Make the kernel that tells the access to the neuron memory in the states that ask alike in both chips.

    Others ask for none. Neurons are read in one clock and written in the next: ``we`` on odd counts.
    sched_event : the scheduler's word

    Of the kernel: sched : what the scheduler shows, of which it reads ``data_out``
    tref_neur : the neuron that a time reference visits in this clock
    """
    pop_neur, tref, pop_virt = (int(states[name]) for name in ("POP_NEUR", "TREF", "POP_VIRT"))
    event = positions(sched_event)

    @kernel
    def access(r: np.record, sched: Any, tref_neur: int) -> NeurMem:
        odd, after_first = r.ctrl_cnt & 1, int(r.ctrl_cnt != 0)
        if r.state == pop_neur:
            return NeurMem(1, odd, r.neur_cnt, 1, 0, 0)
        if r.state == tref:
            return NeurMem(1, odd, tref_neur, 1, 1, 0)
        if r.state == pop_virt:
            return NeurMem(1, after_first, field(sched.data_out, event.addr), 1, 0, field(sched.data_out, event.virts))
        if r.state == W_NEUR:
            return NeurMem(1, after_first, field(r.ctrl_spi_addr, NEURON_ADDR.word), 0, 0, 0)
        if r.state == R_NEUR:
            return NeurMem(1, 0, field(r.ctrl_spi_addr, NEURON_ADDR.word), 0, 0, 0)
        return NO_NEURON

    return access


@kernel
def synapse_access(r: np.record) -> SynMem:
    """Access to the synapse memory in the SPI's states; in others, none."""
    if r.state == W_SYN:
        return SynMem(1, int(r.ctrl_cnt != 0), field(r.ctrl_spi_addr, SYNAPSE_ADDR.word))
    if r.state == R_SYN:
        return SynMem(1, 0, field(r.ctrl_spi_addr, SYNAPSE_ADDR.word))
    return NO_SYNAPSES


@kernel
def row_access(r: np.record, we: int, pre: int) -> SynMem:
    """Access to the synapse memory in a spike event of neuron ``pre``: it reads a word for each 8 neurons."""
    return SynMem(int(r.neur_cnt & IN_GROUP == 0), we, pre << SYN.pre.shift | r.neur_cnt >> GROUP_BITS)


# --- Clock edge -------------------------------------------------------------------------------------------------


@kernel
def clock(r: np.record, state_next: int, neur_cnt_inc: bool, aerin_req: int, busy: int, may_close: bool) -> None:
    """Rising edge: state, counters, synchronisers. busy : as for ``count``; may_close : the gate may close now."""
    calm_clock(r, state_next, neur_cnt_inc, aerin_req, busy)
    r.spi_gate_activity_sync = r.spi_gate_activity_sync_int if may_close else 0
    r.spi_gate_activity_sync_int = r.spi_gate_activity
    synchronise_spi(r)


@kernel
def calm_clock(r: np.record, state_next: int, neur_cnt_inc: bool, aerin_req: int, busy: int) -> None:
    """Rising edge where nothing comes from the SPI: state, counters, the input bus's synchroniser."""
    count(r, neur_cnt_inc, busy)
    r.state = state_next
    synchronise_req(r, aerin_req)


@kernel
def count(r: np.record, neur_cnt_inc: bool, busy: int) -> None:
    """Rising edge of the counters, which WAIT clears; neur_cnt_inc : the neuron counter moves on.

    busy : the output bus is in a transaction (AEROUT_CTRL_BUSY); the counters stand still
    """
    if r.state == WAIT:
        clear_counters(r)
    elif not busy:
        r.ctrl_cnt = wrap(r.ctrl_cnt + 1, CNT_BITS)
        if neur_cnt_inc:
            r.neur_cnt = wrap(r.neur_cnt + 1, M)


@kernel
def count_on(r: np.record, clocks: int) -> None:
    """So many rising edges of the counters in a state that neither clears them nor moves the neuron counter."""
    r.ctrl_cnt = wrap(r.ctrl_cnt + clocks, CNT_BITS)


@kernel
def clear_counters(r: np.record) -> None:
    """Rising edges of the counters in WAIT, at least one."""
    r.ctrl_cnt = 0
    r.neur_cnt = 0


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

SYNC_CLOCKS = 2  # until a change of a pin has passed


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
