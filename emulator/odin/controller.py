"""The controller: event decoding, synchronisers, state machine, and what each state asks of the other blocks.

Nothing here is registered but the state, two counters and the synchronisers: outputs follow the pins AERIN_ADDR and the
SPI slave's CTRL_* at once, so an address that changes under way changes what is done.

Source: ODIN doc v0.1, 2.2.1; controller.v.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import controller as family
from draupnir.emulator.crossbar.controller import ADDR_MAX, NOT_ASKED, SYN, NeurMem, SchedPort, SynMem
from draupnir.emulator.crossbar.layout import IN_GROUP, WAIT
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.layout import CHIP, NEUR_EVENT, SCHED_EVENT, M, State
from draupnir.emulator.resets import resetter

SCHED = positions(SCHED_EVENT)
EVENT_OUT = positions(NEUR_EVENT)
TREF, BIST, SYNAPSE, PUSH, POP_NEUR, POP_VIRT = map(int, list(State)[5:11])
WAIT_REQDN = int(State.WAIT_REQDN)
POP_LAST = (1 << (M + 1)) - 1  # ctrl_cnt, lower 9 bits, as the last neuron of a spike event is written
BIST_LAST = 0x3F  # ctrl_cnt, lower 6 bits, as the last word of a row is written
GROUP_FIRST_WRITE = 1  # ctrl_cnt, lower 4 bits, as the first neuron of a group of 8 is written
PRE_ALL = 0xFF


class Sched(NamedTuple):
    """The scheduler's outputs: its next event and how full it is."""

    empty: int
    full: int
    burst_end: int
    data_out: int


# --- Event decoding ---------------------------------------------------------------------------------------------


@kernel
def is_synapse(aerin_addr: int) -> bool:
    return bit(aerin_addr, 2 * M) == 1


@kernel
def is_tref(aerin_addr: int) -> bool:
    return not is_synapse(aerin_addr) and (aerin_addr & 0x7F) == 0x7F


@kernel
def is_bist(aerin_addr: int) -> bool:
    return not is_synapse(aerin_addr) and (aerin_addr & 0x7F) == 0


@kernel
def is_single(aerin_addr: int) -> bool:
    """A time reference or bistability event for one neuron, not for all."""
    return bit(aerin_addr, M - 1) == 1


@kernel
def neur_of(aerin_addr: int) -> int:
    """Bits 15 to 8: the (pre-synaptic) neuron that the event names."""
    return (aerin_addr >> M) & ADDR_MAX


# --- State machine ----------------------------------------------------------------------------------------------

_successor = family.successor(State)
aerin_ack = family.acknowledger(State)


@kernel
def scheduled_state(sched: Sched) -> int:
    """The state that processes the scheduler's next event."""
    return POP_VIRT if field(sched.data_out, SCHED.virts) != 0 else POP_NEUR


@kernel
def _after_wait(r: np.record, aerin_addr: int, sched: Sched) -> int:
    """The order of precedence: a full scheduler, the input bus, the scheduler, and last a bistability event."""
    if r.aerout_ctrl_busy:
        return WAIT
    if r.spi_gate_activity_sync:
        return family.spi_state(r)
    pop = scheduled_state(sched)
    if sched.full:
        return pop
    if r.aerin_req_sync and not is_bist(aerin_addr):
        if is_tref(aerin_addr):
            return TREF
        return SYNAPSE if is_synapse(aerin_addr) else PUSH
    if not sched.empty:
        return pop
    return BIST if r.aerin_req_sync else WAIT


@kernel
def next_state(r: np.record, aerin_addr: int, sched: Sched) -> int:
    """The state after this clock. Only WAIT heeds the output bus being busy; the counters stand still with it."""
    state = r.state
    cnt = r.ctrl_cnt
    if state == WAIT:
        return _after_wait(r, aerin_addr, sched)
    if state == POP_NEUR:
        return WAIT if (cnt & POP_LAST) == POP_LAST else state
    if state == TREF:
        last = cnt == 1 if is_single(aerin_addr) else r.neur_cnt == ADDR_MAX and bit(cnt, 0) == 1
        return WAIT_REQDN if last else state
    if state == BIST:
        last = cnt == BIST_LAST if is_single(aerin_addr) else r.neur_cnt == ADDR_MAX and cnt & BIST_LAST == BIST_LAST
        return WAIT_REQDN if last else state
    if state == SYNAPSE:
        return WAIT_REQDN if cnt == 1 else state
    return _successor(r)


@kernel
def is_waiting(state: int) -> bool:
    """One of the states between events, which touch no memory; WAIT_SPIDN is another, and rare."""
    return state in (WAIT, WAIT_REQDN, PUSH)


# --- What each state asks for -----------------------------------------------------------------------------------


_neuron_access = family.neuron_access(State, SCHED_EVENT)


@kernel
def neur_mem(r: np.record, aerin_addr: int, sched: Sched) -> NeurMem:
    """CTRL_NEURMEM_*: neurons are read in one clock and written in the next."""
    if r.state == SYNAPSE:
        return NeurMem(1, int(r.ctrl_cnt != 0), aerin_addr & ADDR_MAX, 1, 0, 0)
    return _neuron_access(r, sched, neur_of(aerin_addr) if is_single(aerin_addr) else r.neur_cnt)


@kernel
def burst_end(r: np.record, sched: Sched) -> int:
    """1 in the clocks of a spike event in which the neuron is visited whose own burst ends with it."""
    ends = sched.burst_end == 1 and field(sched.data_out, SCHED.addr) == r.neur_cnt
    return int(r.state == POP_NEUR and ends)


@kernel
def syn_mem(r: np.record, aerin_addr: int, sched: Sched) -> SynMem:
    """Synapses are read in one clock and written in the next; a spike event reads a word for each 8 neurons."""
    state = r.state
    cnt = r.ctrl_cnt
    if state == POP_NEUR:
        return family.row_access(r, int((cnt & 0xF) == GROUP_FIRST_WRITE), field(sched.data_out, SCHED.addr))
    if state == SYNAPSE:
        return SynMem(1, int(cnt != 0), (aerin_addr >> 3) & 0x1FFF)
    if state == BIST:
        row = neur_of(aerin_addr) if is_single(aerin_addr) else r.neur_cnt
        return SynMem(1, bit(cnt, 0), row << SYN.pre.shift | ((cnt >> 1) & SYN.post_group.mask))
    return family.synapse_access(r)


@kernel
def pre_en(r: np.record, aerin_addr: int) -> int:
    """CTRL_PRE_EN: which synapses of the word that is written are updated; 8 bits, bit i for synapse i."""
    if r.state == SYNAPSE:
        return r.spi_sdsp_on_syn_stim << (aerin_addr & IN_GROUP)
    return PRE_ALL if r.state == POP_NEUR or r.state == BIST else 0


@kernel
def bist_ref(r: np.record) -> int:
    """CTRL_BIST_REF: 1 if they are updated by bistability."""
    return int(r.state == BIST)


@kernel
def sched_port(r: np.record, aerin_addr: int) -> SchedPort:
    """PUSH takes any address code as a scheduler event; a pop falls on the last clock of the event popped."""
    if r.state == PUSH:
        return SchedPort((aerin_addr >> 3) & 0x1F, neur_of(aerin_addr), 1 << EVENT_OUT.spike.shift, 0)
    if r.state == POP_NEUR:
        return SchedPort(0, 0, 0, int((r.ctrl_cnt & POP_LAST) == POP_LAST))
    if r.state == POP_VIRT:
        return SchedPort(0, 0, 0, int(r.ctrl_cnt != 0))
    return NOT_ASKED


@kernel
def neur_cnt_inc(r: np.record, aerin_addr: int) -> bool:
    """Tell whether the neuron counter moves on at the end of this clock."""
    cnt = r.ctrl_cnt
    if r.state == POP_NEUR:
        return bit(cnt, 0) == 1
    if r.state == TREF:
        return bit(cnt, 0) == 1 and not is_single(aerin_addr)
    if r.state == BIST:
        return (cnt & BIST_LAST) == BIST_LAST and not is_single(aerin_addr)
    return False


@kernel
def aerout_pop_neur(r: np.record) -> bool:
    """CTRL_AEROUT_POP_NEUR: a spike event writes the neuron that SPI_MONITOR_NEUR_ADDR names."""
    return r.state == POP_NEUR and r.neur_cnt == r.spi_monitor_neur_addr and bit(r.ctrl_cnt, 0) == 1


# --- Clock edge -------------------------------------------------------------------------------------------------


@kernel
def may_close(r: np.record, state_next: int) -> bool:
    """The gate closes only as the controller comes to rest."""
    return state_next == WAIT or r.spi_gate_activity_sync == 1


reset = resetter(CHIP.block("controller"))
