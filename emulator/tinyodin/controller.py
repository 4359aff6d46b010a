"""The controller: event decoding, synchronisers, state machine, and what each state asks of the other blocks.

Nothing here is registered but the state, two counters and the synchronisers: outputs follow the pins AERIN_ADDR and the
SPI slave's CTRL_* and SPI_MAX_NEUR at once, so what changes under way changes what is done.

Source: tinyODIN doc v1.0, 2.2.1; controller.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import controller as family
from draupnir.emulator.crossbar.controller import ADDR_MAX, NOT_ASKED, NeurMem, SchedPort, SynMem
from draupnir.emulator.crossbar.layout import WAIT
from draupnir.emulator.crossbar.scheduler import MainFifo
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.resets import resetter
from draupnir.emulator.tinyodin.layout import CHIP, EVENTS, SCHED_EVENT, M, State

SCHED = positions(SCHED_EVENT)
TREF, PUSH, POP_NEUR, POP_VIRT, AER_POP = map(int, list(State)[5:10])
WAIT_SPIDN, WAIT_REQDN = int(State.WAIT_SPIDN), int(State.WAIT_REQDN)
POP_MASK = (1 << (M + 1)) - 1  # the bits of ctrl_cnt that a spike event looks at
_VIRTUAL = {f.name: f for e in EVENTS if e.name == "virtual" for f in e.fields}
VIRT_NEUR_MASK, VIRT_WEIGHT_LSB = _VIRTUAL["neur"].high, _VIRTUAL["weight"].lsb


# --- Event decoding ---------------------------------------------------------------------------------------------


@kernel
def is_tref(aerin_addr: int) -> bool:
    return bit(aerin_addr, M) == 1


@kernel
def is_virtual(aerin_addr: int) -> bool:
    return bit(aerin_addr, M + 1) == 1


@kernel
def names_all(aerin_addr: int) -> bool:
    """A time reference event for all neurons, not for one."""
    return (aerin_addr & ADDR_MAX) == ADDR_MAX


# --- State machine ----------------------------------------------------------------------------------------------

_successor = family.successor(State)
aerin_ack = family.acknowledger(State)


@kernel
def _after_wait(r: np.record, aerin_addr: int, sched: MainFifo) -> int:
    """The order of precedence: a full scheduler, then the input bus, then the scheduler."""
    if r.aerout_ctrl_busy:
        return WAIT
    if r.spi_gate_activity_sync:
        return family.spi_state(r)
    if r.aerin_req_sync and not sched.full:
        return TREF if is_tref(aerin_addr) else PUSH
    if sched.empty and not sched.full:
        return WAIT
    return POP_VIRT if field(sched.data_out, SCHED.virts) != 0 else POP_NEUR


@kernel
def aerout_pop_neur(r: np.record) -> bool:
    """CTRL_AEROUT_POP_NEUR: the last clock in which a spike event visits neurons."""
    return r.state == POP_NEUR and (r.ctrl_cnt & POP_MASK) == (r.spi_max_neur << 1 | 1)


@kernel
def next_state(r: np.record, aerin_addr: int, sched: MainFifo) -> int:
    """The state after this clock. WAIT and AER_POP heed the output bus being busy; with it the counters stand still."""
    state = r.state
    cnt = r.ctrl_cnt
    if state == WAIT:
        return _after_wait(r, aerin_addr, sched)
    if state == POP_NEUR:
        return AER_POP if aerout_pop_neur(r) else state
    if state == AER_POP:
        return state if r.aerout_ctrl_busy else WAIT
    if state == TREF:
        last = r.neur_cnt == r.spi_max_neur and bit(cnt, 0) == 1 if names_all(aerin_addr) else cnt == 1
        return WAIT_REQDN if last else state
    return _successor(r)


# --- What each state asks for -----------------------------------------------------------------------------------


_neuron_access = family.neuron_access(State, SCHED_EVENT)


@kernel
def neur_mem(r: np.record, aerin_addr: int, sched: MainFifo) -> NeurMem:
    """CTRL_NEURMEM_*: neurons are read in one clock and written in the next."""
    return _neuron_access(r, sched, r.neur_cnt if names_all(aerin_addr) else aerin_addr & ADDR_MAX)


@kernel
def syn_mem(r: np.record, aerin_addr: int, sched: MainFifo) -> SynMem:
    """A spike event reads a word for each 8 neurons; only the SPI writes."""
    if r.state == POP_NEUR:
        return family.row_access(r, 0, field(sched.data_out, SCHED.addr))
    return family.synapse_access(r)


@kernel
def sched_port(r: np.record, aerin_addr: int) -> SchedPort:
    """A spike is popped after its last neuron, once the output bus is free; a virtual event as it is processed."""
    if r.state == PUSH:
        if is_virtual(aerin_addr):
            weight = (aerin_addr & ADDR_MAX) >> VIRT_WEIGHT_LSB
            return SchedPort(weight, aerin_addr & VIRT_NEUR_MASK, 1, 0)
        return SchedPort(0, aerin_addr & ADDR_MAX, 1, 0)
    if r.state == AER_POP:
        return SchedPort(0, 0, 0, 1 - r.aerout_ctrl_busy)
    if r.state == POP_VIRT:
        return SchedPort(0, 0, 0, int(r.ctrl_cnt != 0))
    return NOT_ASKED


@kernel
def neur_cnt_inc(r: np.record, aerin_addr: int) -> bool:
    """Tell whether the neuron counter moves on at the end of this clock, unless the output bus is busy."""
    if bit(r.ctrl_cnt, 0) == 0:
        return False
    return r.state == POP_NEUR or (r.state == TREF and names_all(aerin_addr))


@kernel
def is_waiting(state: int) -> bool:
    """Tell whether the state accesses no memory."""
    return state in (WAIT, WAIT_REQDN, PUSH, AER_POP, WAIT_SPIDN)


# --- Clock edge -------------------------------------------------------------------------------------------------


@kernel
def may_close(r: np.record, state_next: int) -> bool:
    """The gate closes at once, also in mid-event."""
    return True


reset = resetter(CHIP.block("controller"))
